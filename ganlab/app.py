"""The app: `streamlit run ganlab/app.py`. One process and one port for pages and live views."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import threading
from functools import lru_cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

from ganlab import paths

# The folder of Plotly's address names its version: nothing there ever changes.
FOREVER = "public, max-age=31536000, immutable"
# A file may change under an open server while one works on it: the browser asks, by its ETag.
ASK = "no-cache"

_LARGE = 100_000  # bytes from which a file is worth keeping compressed
_squeezing = threading.Lock()


@lru_cache(maxsize=8)
def _squeezed(path: str, modified: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 6)


def _squeeze(path: str, modified: int) -> bytes:
    """The file, gzipped the first time it is asked for; a class that asks at once waits for it."""
    with _squeezing:
        return _squeezed(path, modified)


class Files(StaticFiles):
    """Static files with `cache` as their Cache-Control; a large one is compressed only once."""

    def __init__(self, directory: Path, cache: str):
        super().__init__(directory=directory)
        self._cache = cache

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As Starlette does, with our headers; raises HTTPException where there is no such file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self._cache
        response.headers.add_vary_header("Accept-Encoding")
        asked = Headers(scope=scope)
        if (
            not isinstance(response, FileResponse)
            or response.stat_result.st_size < _LARGE
            or "gzip" not in asked.get("accept-encoding", "")
            or "range" in asked
        ):
            return response
        # Compressed here, once: Streamlit's middleware would do it anew for every browser.
        file = os.fspath(response.path), response.stat_result.st_mtime_ns
        body = await asyncio.to_thread(_squeeze, *file)
        kept = {k: v for k, v in response.headers.items() if k != "content-length"}
        return Response(body, headers=kept | {"content-encoding": "gzip"})


def _get_ready() -> None:
    """Import what the first page needs, while the browser loads Streamlit's own files."""
    from ganlab.live import socket  # noqa: F401  torch, and all that trains and draws
    from ganlab.ui import compare, lab, many  # noqa: F401

    # A full collection over all of it takes 0.16 s and would stall the picture.
    gc.collect()
    gc.freeze()


async def endpoint(ws: WebSocket) -> None:
    """The live view's socket; whoever has its address has been given it by a page that is ready."""
    from ganlab.live import socket

    await socket.endpoint(ws)


app = st.App(
    Path(__file__).parent / "ui" / "main.py",
    routes=[
        WebSocketRoute("/live/{token}", endpoint),
        Mount(f"/{paths.ASSETS_URL}", Files(paths.ASSETS, ASK)),
        Mount(
            f"/{paths.PLOTLY_URL}", Files(Path(plotly.__file__).parent / "package_data", FOREVER)
        ),
    ],
)

threading.Thread(target=_get_ready, name="ganlab-ready", daemon=True).start()
