"""The security headers of every answer: what a browser may load, and who may embed the lab."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable

from ganlab.registry import SpecError

EMBED = "GANLAB_EMBED"  # an environment variable
POLICY = "GANLAB_CSP"
_ORIGIN = re.compile(
    r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:]+\](:\d{1,5})?"
)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def embedders() -> tuple[str, ...]:
    """The origins in $GANLAB_EMBED that may embed the lab. Raises `SpecError` for a bad value.

    They look like https://moodle.example.org, separated by spaces or commas; "*" allows all.
    """
    origins = tuple(re.split(r"[\s,]+", os.environ.get(EMBED, "").strip()))
    for origin in origins:
        if origin not in ("", "*") and not _ORIGIN.fullmatch(origin):
            raise SpecError(EMBED, origin, "origins such as https://example.org, or *")
    return tuple(origin for origin in origins if origin)


def chosen_policy() -> str:
    """The policy in $GANLAB_CSP; "" for our own. Raises `SpecError` if no header can hold it."""
    chosen = os.environ.get(POLICY, "").strip()
    if not (chosen.isascii() and chosen.isprintable()):
        raise SpecError(POLICY, chosen, "one line of ASCII characters, or off")
    return chosen


def policy(page: str, origins: Iterable[str]) -> str:
    """A Content-Security-Policy for Streamlit's `page` (its HTML) and everything that it loads.

    Nothing is loaded from other hosts. The only scripts are the server's files, components (which
    Streamlit passes to the browser as blobs) and the page's own inline scripts, by their hashes.
    """
    hashes = [hashlib.sha256(text.encode()).digest() for text in _INLINE.findall(page)]
    inline = " ".join(f"'sha256-{base64.b64encode(h).decode()}'" for h in hashes)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {inline}".strip(),
            "style-src 'self' 'unsafe-inline'",  # Streamlit and Plotly insert styles
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            " ".join(("frame-ancestors 'self'", *origins)),
        )
    )


def security_headers(page: str) -> list[tuple[bytes, bytes]]:
    """Names and values in ASGI's format. Raises `SpecError` for a bad $GANLAB_EMBED or $GANLAB_CSP.

    $GANLAB_CSP holds another policy, or "off" for none.
    """
    origins = embedders()
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # the address holds a configuration
    }
    chosen = chosen_policy()
    if chosen != "off":
        headers["content-security-policy"] = chosen or policy(page, origins)
    if not origins:
        headers["x-frame-options"] = "SAMEORIGIN"  # for older browsers; it cannot hold a list
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
