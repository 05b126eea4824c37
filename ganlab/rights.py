"""Permissions on a server that others can reach: the operator's, and those of visitors.

The operator has the token that the server prints when it starts, or a page opened on the server's
own machine. A visitor is identified by a random cookie, of which only a hash is stored beside their
runs.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import sys
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

TOKEN = "GANLAB_OPERATOR_TOKEN"  # an environment variable
COOKIE = "ganlab_visitor"
_VISITOR = re.compile(r"[0-9a-f]{32}")
# Headers which show that a proxy forwards another client's request.
_FORWARDED = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
)


@cache
def _made() -> str:
    return secrets.token_urlsafe(18)


def operator_token() -> str:
    """The operator's token: $GANLAB_OPERATOR_TOKEN, or one made for this process."""
    return os.environ.get(TOKEN, "").strip() or _made()


def is_operator_token(text: str) -> bool:
    """Whether a text is the operator's token."""
    return hmac.compare_digest(text.strip().encode(), operator_token().encode())


def announce() -> None:
    """Print the operator's token, unless the operator has chosen it."""
    if not os.environ.get(TOKEN, "").strip():
        words = f"  Operator (may stop and delete all runs and maps): /mnist?operator={_made()}"
        print(words, file=sys.stderr, flush=True)


def new_visitor() -> str:
    """An unguessable name for a new visitor."""
    return secrets.token_hex(16)


def known_visitor(name: object) -> str:
    """The name if it has the form of a visitor's name, else ""."""
    return name if isinstance(name, str) and _VISITOR.fullmatch(name) else ""


def owner_of(visitor: str) -> str:
    """The hash of a visitor's name, which is stored beside their runs."""
    return hashlib.sha256(f"ganlab {visitor}".encode()).hexdigest()[:32]


def is_local(remote: str | None, headers: Mapping[str, str], public: str = "localhost") -> bool:
    """Whether a page is open on the server's own machine.

    remote: the address at the other end of the connection. headers: of its request, names in any
    case. public: the server's configured name (`browser.serverAddress`). A proxy on this machine
    connects from here too: it is recognised by the headers that it adds, or by the name under which
    the browser knows the server.
    """
    items = {name.lower(): value for name, value in headers.items()}
    if any(name in items for name in _FORWARDED):
        return False
    host = items.get("host", "")
    origin = urlsplit(items.get("origin", f"//{host}")).netloc
    if not (remote and host and origin):
        return False
    return all(map(_loopback, (remote, _name(host), _name(origin), public)))


def _name(host: str) -> str:
    """A host without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
