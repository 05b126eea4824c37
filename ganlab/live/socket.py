"""The WebSocket endpoint: authenticated by its token, open to the origins that Streamlit allows."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from ganlab.languages import _, into, nearest
from ganlab.limits import limit
from ganlab.live.conversation import Gone, converse
from ganlab.live.scheduler import SCHEDULER, Scheduler
from ganlab.live.session import Session

log = logging.getLogger(__name__)

GONE, FORBIDDEN, FAILED, BUSY = 4404, 4403, 4500, 4429
_LONGEST_REASON = 120  # bytes of a closing socket's reason


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
    language = nearest(ws.query_params.get("lang"))
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
        await ws.close(refused[0], short(into(language, refused[1])))
        return
    await converse(Socket(ws, language), session, scheduler, language)


class Socket:
    """A WebSocket as a `Connection`."""

    def __init__(self, ws: WebSocket, language: str):
        self._ws, self._language = ws, language

    async def receive(self) -> str | None:
        """See `Connection`. Raises `Gone` once the browser has left."""
        try:
            message = await self._ws.receive()
        except (WebSocketDisconnect, RuntimeError):
            raise Gone from None
        if message["type"] == "websocket.disconnect":
            raise Gone
        text: str | None = message.get("text")
        return text

    async def send(self, message: bytes) -> None:
        """See `Connection`. Raises `Gone` once the browser has left."""
        try:
            await self._ws.send_bytes(message)
        except (WebSocketDisconnect, RuntimeError):
            raise Gone from None

    async def end(self, reason: str) -> None:
        """See `Connection`."""
        await self.close(FAILED if reason else GONE, reason)

    async def close(self, code: int, reason: str = "") -> None:
        """Close it with a code. Raises `Gone` once the browser has left."""
        try:
            await self._ws.close(code, short(into(self._language, reason)))
        except (WebSocketDisconnect, RuntimeError):
            raise Gone from None


def _refusal(session: Session, scheduler: Scheduler) -> tuple[int, str] | None:
    """The code and reason if a browser is not served now, or None."""
    if session.failed:
        return FAILED, session.failed
    own = sum(not one.follows for one in list(session.subscribers))
    if own >= limit("session_sockets"):
        return BUSY, _("this page is open {count} times, which is the limit", count=own)
    return full(scheduler)


def full(scheduler: Scheduler) -> tuple[int, str] | None:
    """The code and reason if the server accepts no more sockets, or None."""
    if sum(len(s.subscribers) for s in list(scheduler.sessions.values())) >= limit("sockets"):
        return BUSY, _("the server has reached its limit of open pages")
    return None


def short(reason: str) -> str:
    """A reason as a closing socket may send it."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
