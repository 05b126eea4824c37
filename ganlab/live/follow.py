"""The sockets and requests of those who follow a broadcast: pictures out, answers in, no more."""

from __future__ import annotations

import asyncio
import re
import secrets
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from ganlab import qr, rights
from ganlab.allowance import Admission, Allowance
from ganlab.languages import _, into, nearest
from ganlab.limits import limit
from ganlab.live import commands, opened
from ganlab.live.broadcast import BROADCASTS, Broadcast, Broadcasts, Follower
from ganlab.live.conversation import Connection, Gone, exchange, parsed
from ganlab.live.fork import present_moment
from ganlab.live.opened import Opened
from ganlab.live.scheduler import SCHEDULER, Scheduler
from ganlab.live.session import Session
from ganlab.live.socket import BUSY, FORBIDDEN, GONE, Socket, allowed, full
from ganlab.params import in_words
from ganlab.registry import SpecError

AGAIN = 4410  # the class goes on with other runs: connect again
PAGE = "x-ganlab-page"  # the header with the token of the page that opens a fork
_GUESSES = 100.0, 2.0  # unknown codes from one address: how many at once, and then per second
_LONGEST_WAIT = 10.0  # seconds
_MESSAGES = 60.0, 40.0  # of a follower: how many at once, and then per second
_INVALID = 5.0  # an invalid message counts as this many
_NAME = re.compile(r"[0-9a-f]{16,64}")  # of a browser without a cookie
_FORKS = 3.0, 0.2  # of one page: how many at once, and then per second
_FORK_SECONDS = 10.0
_SAME_MOMENT = 1.0  # seconds in which all who fork get the same moment
_LONGEST_ADDRESS = 300
NOT_ALLOWED = _("this address is not allowed: see server.corsAllowedOrigins")

guesses = Admission(*_GUESSES, _LONGEST_WAIT)
_forks = Admission(*_FORKS, _LONGEST_WAIT)
_moments: dict[str, tuple[float, Opened]] = {}  # the newest fork of each session, by its token


class _FollowersSocket(Socket):
    """A follower's connection, which ends for good only with the broadcast."""

    def __init__(self, ws: WebSocket, language: str, broadcast: Broadcast):
        super().__init__(ws, language)
        self._broadcast = broadcast

    async def end(self, reason: str) -> None:
        """See `Connection`."""
        await self.close(GONE if self._broadcast.over else AGAIN)


async def found(code: str, host: str, broadcasts: Broadcasts = BROADCASTS) -> Broadcast | None:
    """The broadcast with a code; an address that guesses must wait. Raises `Gone` for many."""
    if not await guesses.admit(host):
        raise Gone
    broadcast = broadcasts.get(code)
    if broadcast is not None:
        guesses.give_back(host)
    return broadcast


async def endpoint(
    ws: WebSocket, scheduler: Scheduler = SCHEDULER, broadcasts: Broadcasts = BROADCASTS
) -> None:
    """Serve one follower."""
    await ws.accept()
    host = ws.client.host if ws.client else ""
    language = nearest(ws.query_params.get("lang"))
    connection = Socket(ws, language)
    try:
        broadcast = await found(ws.path_params["code"], host, broadcasts)
    except Gone:
        await _refuse(
            connection, BUSY, _("many codes that do not exist were tried from this address")
        )
        return
    if broadcast is None:
        await _refuse(connection, GONE)
        return
    if not await asyncio.to_thread(allowed, ws.headers.get("origin"), ws.headers.get("host")):
        await _refuse(connection, FORBIDDEN)
        return
    refused = full(scheduler)
    if len(broadcast.followers) >= limit("followers"):
        refused = BUSY, _("this class has reached the server's limit of followers")
    if refused is not None:
        await _refuse(connection, *refused)
        return
    name = ws.query_params.get("me", "")
    voter = rights.known_visitor(ws.cookies.get(rights.COOKIE)) or (
        name if _NAME.fullmatch(name) else secrets.token_hex(16)
    )
    follower = Follower(asyncio.get_running_loop(), voter, language)
    await follow(_FollowersSocket(ws, language, broadcast), broadcast, follower, scheduler)


async def _refuse(connection: Socket, code: int, reason: str = "") -> None:
    try:
        await connection.close(code, reason)
    except Gone:
        pass


async def follow(
    connection: Connection, broadcast: Broadcast, follower: Follower, scheduler: Scheduler
) -> None:
    """Serve one follower until it leaves, or must connect again."""
    broadcast.join(follower)
    attaching = asyncio.create_task(_attach(broadcast, follower, scheduler))
    messages = Allowance(*_MESSAGES)

    async def hear(text: str | None) -> None:
        cost = await _hear(text, broadcast, follower, scheduler)
        await asyncio.sleep(messages.wait(time.monotonic(), cost))

    try:
        await exchange(connection, follower, hear)
    finally:
        attaching.cancel()
        broadcast.leave(follower)
        for session in [s for s in list(scheduler.sessions.values()) if follower in s.subscribers]:
            _detach(session, follower)


async def _attach(broadcast: Broadcast, follower: Follower, scheduler: Scheduler) -> None:
    """Let a follower watch the session of the broadcast, as soon as there is one that works."""
    session = broadcast.session
    while scheduler.get(session.token) is not session or session.failed:
        await asyncio.sleep(0.5)
        if broadcast.session is not session:
            return  # it is told to connect again
    watched = session.watched
    session.subscribers.append(follower)
    session.unwatched_since = None
    if scheduler.get(session.token) is not session:
        follower.close()  # it was dropped at this moment
    session.command("look", follower)
    if not watched:
        session.command("watched")


def _detach(session: Session, follower: Follower) -> None:
    session.subscribers.remove(follower)
    if not session.subscribers:
        session.unwatched_since = time.monotonic()
    if not session.watched:
        session.command("watched")


async def _hear(
    text: str | None, broadcast: Broadcast, follower: Follower, scheduler: Scheduler
) -> float:
    """Heed a follower's message, if it is one of three; returns how many messages it counts as."""
    try:
        message = parsed(text)
        if not isinstance(message, dict):
            return _INVALID
        name = message.get("cmd")
        if name == "answer":
            broadcast.answer(follower, message.get("question"), message.get("value"))
            return 1.0
        if name not in ("ack", "visible"):
            return _INVALID
        value = commands.read(message).value
    except (SpecError, ValueError, RecursionError):
        return _INVALID
    session = broadcast.session
    if name == "ack":
        await asyncio.sleep(follower.wait(time.monotonic()))
        follower.drawn(value)
        session.feed.acknowledged()
    else:
        watched, follower.visible = session.watched, value
        if watched != session.watched:
            session.command("watched")
    scheduler.wake(session)
    return 1.0


# -- "try myself" ----------------------------------------------------------------------------------


async def fork(
    request: Request, scheduler: Scheduler = SCHEDULER, broadcasts: Broadcasts = BROADCASTS
) -> JSONResponse:
    """Keep the shown moment for a page, whose script opens it as if it had come from a file.

    The answer says in `refused` why there is none.
    """
    page = request.headers.get(PAGE, "")
    host = request.client.host if request.client else ""
    many = answer(request, _("too many requests: try again in a while"), 429)
    try:
        broadcast = await found(request.path_params["code"], host, broadcasts)
    except Gone:
        return many
    if not await _forks.admit(page):
        return many
    if broadcast is None or page not in opened.PAGE_TOKENS:
        return answer(request, _("there is no such class, or the page is too old"), 404)
    headers = request.headers.get("origin"), request.headers.get("host")
    if not await asyncio.to_thread(allowed, *headers):
        return answer(request, NOT_ALLOWED, 403)
    try:
        made = await _moment(broadcast.session)
    except TimeoutError:
        return answer(request, _("the server is busy: try again in a while"), 503)
    except SpecError as error:
        return answer(request, in_words(error), 200)
    opened.WAITING.put(page, made)
    return JSONResponse({})


def answer(request: Request, refused: str, status: int) -> JSONResponse:
    """Why a request is refused, in the reader's language."""
    language = nearest(request.headers.get("accept-language"))
    return JSONResponse({"refused": into(language, refused)}, status)


async def _moment(session: Session) -> Opened:
    """The shown moment of a session. Raises `SpecError`, and TimeoutError if it is too busy."""
    now = time.monotonic()
    for token in [t for t, kept in _moments.items() if now - kept[0] > _SAME_MOMENT]:
        del _moments[token]
    if session.token in _moments:
        return _moments[session.token][1]
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Opened] = loop.create_future()

    def give(made: Opened | None, error: SpecError | None) -> None:
        if not future.done():
            if error is None and made is not None:
                future.set_result(made)
            elif error is not None:
                future.set_exception(error)

    def work() -> None:
        made, why = None, None
        try:
            file = present_moment(session)
            made = Opened(opened.experiment_of(file), file)
        except SpecError as error:
            why = error
        loop.call_soon_threadsafe(give, made, why)

    session.command("do", work)
    made = await asyncio.wait_for(future, _FORK_SECONDS)
    _moments[session.token] = now, made
    return made


# -- the QR code -----------------------------------------------------------------------------------


async def code_picture(request: Request) -> Response:
    """The QR code of an address, for the page of a teacher who knows how students reach it."""
    to = request.query_params.get("to", "")
    known = BROADCASTS.get(request.path_params["code"]) is not None
    if not known or not to.startswith(("http://", "https://")) or len(to) > _LONGEST_ADDRESS:
        return Response("unknown", 404)
    made = await asyncio.to_thread(qr.svg, to)
    return Response(made, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})
