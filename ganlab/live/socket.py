"""The WebSocket endpoint: authenticated by its token, open to the origins that Streamlit allows."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from ganlab.allowance import Allowance
from ganlab.limits import limit
from ganlab.live import commands
from ganlab.live.commands import Command
from ganlab.live.scheduler import SCHEDULER, Scheduler
from ganlab.live.session import Session
from ganlab.live.subscriber import Subscriber
from ganlab.live.wire import MOST_TEXT
from ganlab.registry import SpecError
from ganlab.spec import KNOBS

log = logging.getLogger(__name__)

GONE, FORBIDDEN, FAILED, BUSY = 4404, 4403, 4500, 4429
_SEND_SECONDS = 30.0  # a browser that reads nothing for this long is disconnected
_LONGEST_REASON = 120  # bytes of a closing socket's reason
_MOST_BACKLOG = 100  # commands in a session's queue
# Limits of messages per browser: how many at once, and then per second. Frames are acknowledged up
# to 60 times per second, and a dragged slider sends 20 commands. Each message takes a tenth of a
# millisecond of the event loop, which all browsers share.
_MESSAGES = 100.0, 80.0
_COMMANDS = 40.0, 20.0
_ERROR = 4.0  # an invalid command counts as this many: it is answered in words
_MOST_NESTED = 20  # objects and lists in a message


def allowed(origin: str | None, host: str | None) -> bool:
    """Whether Streamlit's settings would allow a socket with these headers.

    Allowed are the host's own pages, and what `server.enableCORS`, `server.corsAllowedOrigins`,
    `server.allowedHosts` and `browser.serverAddress` allow. May block: for a foreign origin
    Streamlit looks up this machine's addresses.
    """
    try:
        # The function that Streamlit's own socket uses, so that both always agree.
        from streamlit.web.server.starlette.starlette_websocket import _is_origin_allowed
    except ImportError:  # another version of Streamlit

        def _is_origin_allowed(origin: str | None, host: str | None) -> bool:
            return origin is None or urlsplit(origin).netloc == host

    try:
        return _is_origin_allowed(origin, host)
    except ValueError:
        return False  # not a valid address


async def endpoint(ws: WebSocket, scheduler: Scheduler = SCHEDULER) -> None:
    """Serve one browser: send its session's messages, and receive its commands."""
    await ws.accept()
    session = scheduler.get(ws.path_params["token"])
    if session is None:
        await ws.close(GONE)
        return
    refused = _refusal(session, scheduler)
    headers = ws.headers.get("origin"), ws.headers.get("host")
    if refused is None and not await asyncio.to_thread(allowed, *headers):
        log.warning(
            "The live view of Origin %r was refused: see server.corsAllowedOrigins", headers[0]
        )
        await ws.close(FORBIDDEN)
        return
    refused = refused or _refusal(session, scheduler)  # others may have connected meanwhile
    if refused is not None:
        await ws.close(*refused)
        return
    subscriber = Subscriber(asyncio.get_running_loop())
    session.subscribers.append(subscriber)
    session.unwatched_since = None
    if scheduler.get(session.token) is not session:
        subscriber.close()  # the session was dropped at this moment, perhaps without closing us
    session.command("hello", subscriber)
    sender = asyncio.create_task(_send(ws, subscriber))
    messages, tasks = Allowance(*_MESSAGES), Allowance(*_COMMANDS)
    try:
        while not subscriber.closed:
            message = await ws.receive()
            if message["type"] == "websocket.disconnect":
                break
            await asyncio.sleep(messages.wait(time.monotonic()))
            cost = await _receive(message.get("text"), session, subscriber, scheduler)
            if cost:
                await asyncio.sleep(tasks.wait(time.monotonic(), cost))
            while session.backlog > _MOST_BACKLOG and not subscriber.closed:
                await asyncio.sleep(0.02)  # a flood stays in the sender's buffers
    except (WebSocketDisconnect, RuntimeError):
        pass  # the browser left
    finally:
        subscriber.close()
        session.subscribers.remove(subscriber)
        if not session.subscribers:
            session.unwatched_since = time.monotonic()
        session.command("watched")
        await sender


def _refusal(session: Session, scheduler: Scheduler) -> tuple[int, str] | None:
    """The code and reason if a browser is not served now, or None."""
    if session.failed:
        return FAILED, _short(session.failed)
    if len(session.subscribers) >= limit("session_sockets"):
        return BUSY, f"this page is open {len(session.subscribers)} times, which is the limit"
    if sum(len(s.subscribers) for s in list(scheduler.sessions.values())) >= limit("sockets"):
        return BUSY, "the server has reached its limit of open pages"
    return None


def _short(reason: str) -> str:
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


async def _send(ws: WebSocket, subscriber: Subscriber) -> None:
    try:
        while (message := await subscriber.next()) is not None:
            await asyncio.wait_for(ws.send_bytes(message), _SEND_SECONDS)
        code = FAILED if subscriber.reason else GONE
        await ws.close(code, _short(subscriber.reason))
    except (WebSocketDisconnect, RuntimeError, TimeoutError):
        pass  # the browser left between two messages, or no longer reads them
    finally:
        subscriber.closed = True


async def _receive(
    text: str | None,
    session: Session,
    subscriber: Subscriber,
    scheduler: Scheduler,
) -> float:
    """Execute a browser's command; invalid ones are answered, and raise nothing.

    Returns the number of commands that it counts as: 0 for an acknowledgement.
    """
    try:
        if text is None:
            raise SpecError("message", "(binary)", "text")
        if len(text) > MOST_TEXT:
            raise SpecError("message", text, f"at most {MOST_TEXT} characters")
        # Detecting nesting that is too deep takes a millisecond.
        flat = text.count("[") + text.count("{") <= _MOST_NESTED
        message = json.loads(text) if flat else None
        command = commands.read(message)
        await _do(command, session, subscriber, scheduler)
    except (SpecError, ValueError, RecursionError) as error:
        session.command("note", str(error))
        return _ERROR
    return 0.0 if command.name == "ack" else 1.0


async def _do(
    command: Command,
    session: Session,
    subscriber: Subscriber,
    scheduler: Scheduler,
) -> None:
    name, value = command
    if name == "ack":
        subscriber.drawn(value)
        session.feed.acknowledged()
        scheduler.wake(session)
    elif name == "visible":
        subscriber.visible = value
        session.command("watched")
    elif name == "seed":
        session.new_seed()
    elif name == "set":
        try:
            # Counting the cost of the new Spec may take tenths of a second.
            await asyncio.to_thread(session.set, value.field, value.value)
        except SpecError as error:
            if value.field not in KNOBS:
                raise
            session.refuse(value.field, error)
    elif name in ("figure", "export"):
        session.command(name, (subscriber, value))
    else:
        session.command(name, value)
