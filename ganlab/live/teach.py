"""What a teacher sends: a request to start a broadcast of her session, and what steers it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from ganlab.allowance import Admission, Allowance
from ganlab.languages import _, into, nearest
from ganlab.live.broadcast import AWAY_SECONDS, BROADCASTS, Broadcast, Broadcasts
from ganlab.live.conversation import Gone, parsed
from ganlab.live.follow import NOT_ALLOWED, answer
from ganlab.live.scheduler import SCHEDULER, Scheduler
from ganlab.live.socket import BUSY, FORBIDDEN, GONE, Socket, allowed
from ganlab.params import in_words
from ganlab.registry import SpecError

_ENTER_SECONDS = 10.0  # for a teacher's first message
_ATTEMPTS = 20.0, 1.0  # of one address: how many at once, and then per second
_COMMANDS = 30.0, 10.0  # of a teacher
_TELL_SECONDS = 0.2  # between two messages to her
_LONGEST_WAIT = 10.0

_attempts = Admission(*_ATTEMPTS, _LONGEST_WAIT)


async def start(
    request: Request, scheduler: Scheduler = SCHEDULER, broadcasts: Broadcasts = BROADCASTS
) -> JSONResponse:
    """Start a broadcast of the session whose token the page knows: its code, and its token."""
    session = scheduler.get(request.path_params["token"])
    if session is None:
        words = _("the server does not know this page's run: reload the page")
        return answer(request, words, 404)
    headers = request.headers.get("origin"), request.headers.get("host")
    if not await asyncio.to_thread(allowed, *headers):
        return answer(request, NOT_ALLOWED, 403)
    try:
        made = broadcasts.start(session)
    except SpecError as error:
        return answer(request, in_words(error), 503)
    asyncio.get_running_loop().call_later(AWAY_SECONDS + 1, broadcasts.forget)
    return JSONResponse({"code": made.code, "token": made.token})


async def endpoint(
    ws: WebSocket, scheduler: Scheduler = SCHEDULER, broadcasts: Broadcasts = BROADCASTS
) -> None:
    """Serve a teacher, whose first message has the token."""
    await ws.accept()
    connection = Socket(ws, nearest(ws.query_params.get("lang")))
    code, host = ws.path_params["code"], ws.client.host if ws.client else ""
    try:
        first = await _first(connection)
        if not await _attempts.admit(host):
            await connection.close(BUSY)
            return
        if broadcasts.get(code) is None:
            await connection.close(GONE)
            return
        broadcast = broadcasts.of(code, first.get("token"))
        origin = ws.headers.get("origin"), ws.headers.get("host")
        if broadcast is None or not await asyncio.to_thread(allowed, *origin):
            await connection.close(FORBIDDEN)
            return
        _attempts.give_back(host)
        await _teach(ws, broadcast, first, scheduler, broadcasts)
    except (Gone, TimeoutError, SpecError, ValueError, RecursionError):
        try:
            await connection.close(FORBIDDEN)
        except Gone:
            pass


async def _first(connection: Socket) -> dict[str, Any]:
    message = parsed(await asyncio.wait_for(connection.receive(), _ENTER_SECONDS))
    if not isinstance(message, dict) or message.get("cmd") != "enter":
        raise SpecError("cmd", message, "enter")
    return message


async def _teach(
    ws: WebSocket,
    broadcast: Broadcast,
    first: dict[str, Any],
    scheduler: Scheduler,
    broadcasts: Broadcasts,
) -> None:
    language = nearest(ws.query_params.get("lang"))
    connection = Socket(ws, language)
    event = broadcast.enter()
    sender = asyncio.create_task(_tell(ws, connection, broadcast, event))
    tasks = Allowance(*_COMMANDS)
    message: object = first
    try:
        while not broadcast.over:
            try:
                if isinstance(message, dict):
                    _do(message, broadcast, scheduler, broadcasts)
                message = parsed(await connection.receive())
            except (SpecError, ValueError, RecursionError) as error:
                message = None
                words = in_words(error) if isinstance(error, SpecError) else _("no JSON")
                await ws.send_text(json.dumps({"type": "refused", "why": into(language, words)}))
            await asyncio.sleep(tasks.wait(time.monotonic()))
    except (Gone, RuntimeError):
        pass
    finally:
        broadcast.exit(event)
        asyncio.get_running_loop().call_later(AWAY_SECONDS + 1, broadcasts.forget)
        sender.cancel()
    if broadcast.over:
        await connection.close(GONE)


async def _tell(
    ws: WebSocket, connection: Socket, broadcast: Broadcast, event: asyncio.Event
) -> None:
    try:
        while True:
            await event.wait()
            event.clear()
            if broadcast.over:
                await connection.close(GONE)
                return
            await ws.send_text(json.dumps(broadcast.state()))
            await asyncio.sleep(_TELL_SECONDS)
    except (Gone, RuntimeError):
        pass  # she has left


def _do(
    message: dict[str, Any], broadcast: Broadcast, scheduler: Scheduler, broadcasts: Broadcasts
) -> None:
    """Execute a teacher's command. Raises `SpecError`."""
    name = message.get("cmd")
    if name == "enter":
        session = scheduler.get(str(message.get("session")))
        if session is not None:
            broadcast.bind(session)
    elif name == "ask":
        broadcast.ask(message)
    elif name == "reveal":
        broadcast.reveal(message.get("value") is True)
    elif name == "withdraw":
        broadcast.withdraw()
    elif name == "show":
        broadcast.show(message.get("frozen"), message.get("hidden"))
    elif name == "end":
        broadcasts.end(broadcast)
    else:
        raise SpecError("cmd", name, _("enter, ask, reveal, withdraw, show or end"))
