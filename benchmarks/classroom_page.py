"""A page of the app without a browser: its files, and Streamlit's own WebSocket with its messages.

Like a browser it loads the page and the files named there, has the page's script executed, and
loads the files of the live view, whose socket is in the data that the script gives to its
component.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

ASSETS = Path(__file__).resolve().parents[1] / "assets"
PATIENCE = 30.0  # seconds after which a missing answer counts as lost


async def fetch(base: str, path: str) -> bytes:
    """The body of a GET request; raises OSError unless the answer is 200.

    base: where the app is, with a base path if it has one.
    """
    url = urlsplit(f"{base}/{path}")
    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(url.hostname, port, ssl=secure or None)
    try:
        asked = f"{url.path}?{url.query}" if url.query else url.path
        lines = [f"GET {asked} HTTP/1.1", f"Host: {url.netloc}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise OSError(f"/{path}: {head[:60]!r}")
    return body


async def load(base: str, name: str, fresh: bool) -> None:
    """Fetch the page `name`; `fresh`: also the files that a returning browser has cached."""
    page = await fetch(base, "" if name == "one" else name)
    await fetch(base, "_stcore/health")
    await fetch(base, "_stcore/host-config")
    if fresh:
        for file in re.findall(rb'(?:src|href)="\./(static/[^"]+)"', page):
            await fetch(base, file.decode())


async def load_view(base: str, assets: str) -> None:
    """Fetch the files of the live view."""
    for file in sorted((ASSETS / "live").iterdir()):
        await fetch(base, f"{assets}/live/{file.name}")


async def dial(base: str, path: str, **options: list[str]) -> ClientConnection:
    """A WebSocket to a path of the app, with the Origin of its pages."""
    url = urlsplit(base)
    return await connect(
        f"{base.replace('http', 'ws', 1)}/{path}",
        origin=f"{url.scheme}://{url.netloc}",
        max_size=None,
        open_timeout=PATIENCE,
        ping_interval=None,  # browsers send no pings
        **options,
    )


class Page:
    """One session of Streamlit; `ready` holds the live component's data once the script sent it."""

    def __init__(self, stream: ClientConnection, name: str, query: str):
        self.stream, self.name, self.query = stream, name, query
        self.ready: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._script = self._batch_id = ""

    @classmethod
    async def open(cls, base: str, name: str, query: str) -> Page:
        """Connect, and let the server execute the page's script."""
        stream = await dial(base, "_stcore/stream", subprotocols=["streamlit"])
        page = cls(stream, name, query)
        await page.run()
        return page

    async def run(self, batch: int | None = None) -> None:
        """Let the script be executed, with another batch in the sidebar if one is given."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.name
        message.rerun_script.page_script_hash = self._script
        if batch is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.double_value = self._batch_id, batch
        await self.stream.send(message.SerializeToString())

    async def follow(self, trouble: Callable[[str], None]) -> None:
        """Read messages until the connection ends; exceptions on the page are reported."""
        message = ForwardMsg()
        try:
            async for raw in self.stream:
                message.ParseFromString(raw)
                kind = message.WhichOneof("type")
                if kind == "navigation":
                    self._script = message.navigation.page_script_hash
                elif kind == "page_info_changed":
                    self.query = message.page_info_changed.query_string
                elif kind == "delta":
                    element = message.delta.new_element
                    if element.WhichOneof("type") == "exception":
                        trouble(f"page: {element.exception.message}")
                    elif element.number_input.id.endswith("_batch"):
                        self._batch_id = element.number_input.id
                    elif element.bidi_component.id and not self.ready.done():
                        data = json.loads(element.bidi_component.json)
                        if isinstance(data, list) and "socket" in data[0]:  # the live view's
                            self.ready.set_result(data[0])
        except ConnectionClosed:
            pass
