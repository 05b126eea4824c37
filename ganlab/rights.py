"""Who may do what on a server that others reach: its operator, and visitors with runs of their own.

The operator has the token that the server prints at its start, or a page opened on the server's own
machine. A visitor is known by a random cookie; only its hash is kept beside what is theirs.
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

TOKEN = "GANLAB_OPERATOR_TOKEN"  # environment variable
COOKIE = "ganlab_visitor"
_VISITOR = re.compile(r"[0-9a-f]{32}")
# Any of them says that somebody in between passes on another's request.
_FORWARDED = (
    *("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
    *("x-forwarded-server", "x-real-ip", "cf-connecting-ip", "true-client-ip"),
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
        words = f"  Operator (stops and deletes anybody's MNIST runs): /mnist?operator={_made()}"
        print(words, file=sys.stderr, flush=True)


def new_visitor() -> str:
    """A name for somebody who has none yet: nobody can guess it."""
    return secrets.token_hex(16)


def known_visitor(name: object) -> str:
    """The name if it can be one of ours, else ""."""
    return name if isinstance(name, str) and _VISITOR.fullmatch(name) else ""


def owner_of(visitor: str) -> str:
    """What is kept of a visitor's name beside their runs."""
    return hashlib.sha256(f"ganlab {visitor}".encode()).hexdigest()[:32]


def is_local(remote: str | None, headers: Mapping[str, str], public: str = "localhost") -> bool:
    """Whether a page is open on the server's own machine.

    remote: the address at the other end of the connection; headers: of its request, names in any
    case; public: what the server is told to be called (`browser.serverAddress`). A proxy on this
    machine connects from here, too: what it adds, or the name by which the browser knows the
    server, gives it away.
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
