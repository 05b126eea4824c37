"""Streamlit's page with the address of its server, which it would otherwise search for.

Streamlit's front end knows neither its base path nor the name of the page: it tries the page's own
address first (`/two/_stcore/health`) and then the folder above, so every page but the home page
begins with two answers of 404. The files of the page are relative to the right folder already.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Message, Send

_HEAD = "<head>"
SCRIPT = (
    "<script>"
    '(window.__streamlit ??= {}).BACKEND_BASE_URL ??= new URL(".", location.href).href;'
    "</script>"
)


def addressed(page: str) -> str:
    """The page (its HTML) with the script at the start of its head; unchanged without a head."""
    return page.replace(_HEAD, _HEAD + SCRIPT, 1)


@lru_cache(maxsize=4)
def _answer(body: bytes, coding: bytes) -> bytes:
    """The body of an answer with the script, in the same content coding."""
    if coding == b"gzip":
        return gzip.compress(addressed(gzip.decompress(body).decode()).encode())
    return addressed(body.decode()).encode()


class Addressing:
    """A `send` that passes Streamlit's answers on, its HTML with the script."""

    def __init__(self, send: Send):
        self._send = send
        self._start: Message | None = None  # of a page whose body has not arrived yet
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Pass a message on, once all of a page is there."""
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        start, body = self._start, self._body
        if body:  # without one it is the answer to HEAD
            body = _answer(body, _coding(start))
            length = (b"content-length", str(len(body)).encode())
            others = [pair for pair in start["headers"] if pair[0].lower() != length[0]]
            start = {**start, "headers": [*others, length]}
        self._start = None
        await self._send(start)
        await self._send({**message, "body": body})


def _header(start: Message, wanted: bytes) -> bytes:
    headers: Iterable[tuple[bytes, bytes]] = start.get("headers", ())
    return next((value for name, value in headers if name.lower() == wanted), b"")


def _coding(start: Message) -> bytes:
    return _header(start, b"content-encoding")


def _is_page(start: Message) -> bool:
    html = _header(start, b"content-type").startswith(b"text/html")
    return start["status"] == 200 and html and _coding(start) in (b"", b"gzip")
