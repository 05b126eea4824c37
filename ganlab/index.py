"""Streamlit's page with the address of its server, and with the files of a lab loaded ahead.

Streamlit's front end knows neither its base path nor the name of the page: it tries the page's own
address first (`/two/_stcore/health`) and then the folder above, so every page but the home page
begins with two answers of 404. The files of the page are relative to the right folder already.

A lab's widgets are many small files, each requested when another one has needed it. They and the
view's are loaded while a visitor reads the home page: the first lab then opens in two thirds of the
time. The view's modules are not executed yet, since their texts are in no language before.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from starlette.types import Message, Send
from streamlit import file_util

from ganlab import bundle, paths

_HEAD = "<head>"
SCRIPT = (
    "<script>"
    '(window.__streamlit ??= {}).BACKEND_BASE_URL ??= new URL(".", location.href).href;'
    "</script>"
)
# Streamlit's files of these elements, which it loads when a page first has one.
_ELEMENTS = ("BidiComponent", "Html", "NumberInput", "Selectbox", "Slider", "TextInput")
_CALM_MS = 300  # a page whose server is ready has its elements sooner
_VIEW = [f"{paths.ASSETS_URL}/live/{name}" for name in (bundle.WORDS, bundle.COMMON)]


def elements() -> list[str]:
    """Addresses of Streamlit's files of `_ELEMENTS`, relative to the app's; their names vary."""
    files = Path(file_util.get_static_dir()) / "static" / "js"
    found = [file for name in _ELEMENTS for file in sorted(files.glob(f"{name}.*.js"))]
    return [f"static/js/{file.name}" for file in found]


@lru_cache(maxsize=1)
def ahead() -> str:
    """The script that loads the files of a lab."""
    return (
        "<script>"
        'addEventListener("load", () => setTimeout(() => {'
        f"for (const path of {json.dumps([*elements(), *_VIEW])})"
        ' import(new URL(path, new URL(".", location.href)).href).catch(() => {});'
        f"}}, {_CALM_MS}));"
        "</script>"
    )


def addressed(page: str) -> str:
    """The page (its HTML) with both scripts at the start of its head; unchanged without a head."""
    return page.replace(_HEAD, _HEAD + SCRIPT + ahead(), 1)


@lru_cache(maxsize=4)
def _answer(body: bytes, coding: bytes) -> bytes:
    """The body of an answer with the scripts, in the same content coding."""
    if coding == b"gzip":
        return gzip.compress(addressed(gzip.decompress(body).decode()).encode())
    return addressed(body.decode()).encode()


class Addressing:
    """A `send` that passes Streamlit's answers on, its HTML with the scripts."""

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
