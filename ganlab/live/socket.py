"""The WebSocket endpoint: authenticated by its token, open to this server's own pages only."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from ganlab.live.hub import HUB, Hub
from ganlab.live.session import Session
from ganlab.live.subscriber import Subscriber
from ganlab.registry import SpecError

log = logging.getLogger(__name__)

GONE, FORBIDDEN = 4404, 4403
_MOST_TEXT = 4096
_PLAIN = {"play", "pause", "d", "g", "step", "restart"}


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether a browser's Origin is the host it asked; a client without Origin is no browser."""
    return origin is None or (host is not None and urlsplit(origin).netloc == host)


async def endpoint(ws: WebSocket, hub: Hub = HUB) -> None:
    """Serve one browser: its session's messages out, its commands in."""
    await ws.accept()
    if not same_origin(ws.headers.get("origin"), ws.headers.get("host")):
        await ws.close(FORBIDDEN)
        return
    session = hub.get(ws.path_params["token"])
    if session is None:
        await ws.close(GONE)
        return
    subscriber = Subscriber(asyncio.get_running_loop())
    session.subscribers.append(subscriber)
    session.unwatched_since = None
    session.command("hello", subscriber)
    sender = asyncio.create_task(_send(ws, subscriber))
    try:
        while not subscriber.closed:
            text = await ws.receive_text()
            await _receive(text, session, subscriber, hub)
    except (WebSocketDisconnect, RuntimeError, KeyError):
        pass  # the browser left, or sent bytes where text belongs
    finally:
        subscriber.close()
        session.subscribers.remove(subscriber)
        if not session.subscribers:
            session.unwatched_since = time.monotonic()
        session.command("look")
        await sender


async def _send(ws: WebSocket, subscriber: Subscriber) -> None:
    try:
        while (message := await subscriber.next()) is not None:
            await ws.send_bytes(message)
        await ws.close(GONE)
    except (WebSocketDisconnect, RuntimeError):
        subscriber.closed = True  # the browser left between two messages


async def _receive(text: str, session: Session, subscriber: Subscriber, hub: Hub) -> None:
    """Do what a browser asks; what is not understood is answered, never raised."""
    try:
        if len(text) > _MOST_TEXT:
            raise SpecError("message", text, f"at most {_MOST_TEXT} characters")
        message = json.loads(text)
        if not isinstance(message, dict):
            raise SpecError("message", message, "an object with a cmd")
        await _do(message, session, subscriber, hub)
    except (SpecError, ValueError, RecursionError) as error:
        session.command("note", str(error))


async def _do(message: dict[str, Any], session: Session, subscriber: Subscriber, hub: Hub) -> None:
    name, value = message.get("cmd"), message.get("value")
    if name == "ack":
        count = message.get("got")
        if type(count) is not int or not 0 < count < 1000:
            raise SpecError("got", count, "how many frames this answers, from 1")
        subscriber.drawn(count)
        hub.wake(session)
    elif name in _PLAIN:
        session.command(name)
    elif name == "speed":
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or not 0 <= value <= 1e6:
            raise SpecError("speed", value, "updates per second from 0 (full speed) to 1e6")
        session.command("speed", float(value))
    elif name == "seed":
        session.new_seed()
    elif name == "set":
        session.set(str(message.get("field")), value)
    elif name == "visible":
        subscriber.visible = bool(value)
        session.command("look")
    elif name == "figure":
        # Plotly takes tenths of a second: neither the event loop nor a worker may wait for it.
        subscriber.put("figure", await asyncio.to_thread(session.figure, message))
    else:
        raise SpecError("cmd", name, "a command of the live view")
