"""The files that the server sends: compressed once, and the front end's modules in one file."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import threading
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from ganlab import bundle, paths

# The folder in Plotly's address contains its version, so its files never change.
FOREVER = "public, max-age=31536000, immutable"
# Files may change under a server during development: the browser revalidates by ETag.
ASK = "no-cache"
# The modules that pages load, relative to the folder of the live view's.
ENTRIES = (
    "live.js",
    "symbols.js",
    "compare.js",
    "many.js",
    "open.js",
    "follow.js",
    "gallery.js",
    "games.js",
    "matrix.js",
    "theory.js",
    "mnist.js",
)
_LARGE = 1000  # bytes above which a file is compressed
_LIVE = "live"
_squeezing = threading.Lock()


@lru_cache(maxsize=128)
def _squeezed(path: str, modified: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 6)


def _squeeze(path: str, modified: int) -> bytes:
    """The gzipped file, compressed on the first request; concurrent requests wait for it."""
    with _squeezing:
        return _squeezed(path, modified)


class Files(StaticFiles):
    """Static files with `cache` as their Cache-Control; each is compressed only once."""

    def __init__(self, directory: Path, cache: str):
        super().__init__(directory=directory)
        self._cache = cache

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Starlette's response with our headers. Raises HTTPException if there is no such file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self._cache
        response.headers.add_vary_header("Accept-Encoding")
        asked = Headers(scope=scope)
        if (
            not isinstance(response, FileResponse)
            or response.stat_result is None
            or response.stat_result.st_size < _LARGE
            or not _may_squeeze(asked)
            or "range" in asked
        ):
            return response
        file = os.fspath(response.path), response.stat_result.st_mtime_ns
        body = await asyncio.to_thread(_squeeze, *file)
        kept = {k: v for k, v in response.headers.items() if k != "content-length"}
        return Response(body, headers=kept | {"content-encoding": "gzip"})


class Modules(Files):
    """The front end's files, its modules as those of `bundle.together`."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The response. Raises HTTPException if there is no such file."""
        folder, name = os.path.split(path)
        there = await asyncio.to_thread(_together) if folder == _LIVE else {}
        if name not in there or scope["method"] not in ("GET", "HEAD"):
            return await super().get_response(path, scope)
        text, small, tag = there[name]
        asked = Headers(scope=scope)
        headers = {"Cache-Control": self._cache, "ETag": tag, "Vary": "Accept-Encoding"}
        if self.is_not_modified(Headers(headers), asked):
            return NotModifiedResponse(Headers(headers))
        if small and _may_squeeze(asked):
            headers["Content-Encoding"] = "gzip"
        body = small if "Content-Encoding" in headers else text
        return Response(body, headers=headers, media_type="text/javascript")


def _may_squeeze(asked: Headers) -> bool:
    return "gzip" in asked.get("accept-encoding", "")


def _together() -> dict[str, tuple[bytes, bytes, str]]:
    """Modules by name: the text, the same gzipped or nothing for a short one, and the ETag."""
    here = os.scandir(paths.ASSETS / _LIVE)
    with _squeezing:
        return _of_files(tuple(sorted((file.name, file.stat().st_mtime_ns) for file in here)))


@lru_cache(maxsize=1)
def _of_files(_: tuple[tuple[str, int], ...]) -> dict[str, tuple[bytes, bytes, str]]:
    """As `_together`, of the files with these names and times of change."""
    made = {}
    for name, text in bundle.together(ENTRIES).items():
        raw = text.encode()
        small = gzip.compress(raw, 6) if len(raw) >= _LARGE else b""
        made[name] = raw, small, f'"{hashlib.sha256(raw).hexdigest()[:32]}"'
    return made
