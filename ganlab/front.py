"""Answers of the server besides Streamlit's pages: the live views' socket and the front end.

This is a middleware around Streamlit's app because only there Streamlit's settings are known:
routes given to `st.App` stay at the root of the host whatever `server.baseUrlPath` is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit import config, file_util
from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes

from ganlab import paths, rights
from ganlab.allowance import Admission
from ganlab.files import ASK, FOREVER, Files, Modules
from ganlab.headers import security_headers
from ganlab.index import Addressing, addressed
from ganlab.languages import nearest, of_front_end
from ganlab.limits import limit
from ganlab.live import answers
from ganlab.live.wire import MOST_TEXT
from ganlab.shape import FIELDS as SHAPE
from ganlab.ui.navigation import HOME, LABS

LIVE_URL = "live"
CLASS_URL = "class"
_HOMES = HOME, f"{HOME}/"  # paths that lead to the app's own address
# Fields of an address that are no run's: Streamlit's own, the operator's token, the presenter mode,
# the language, a page's shape.
_NO_RUN = {"embed", "embed_options", "operator", "present", "panel", "lang", *SHAPE}
_YEAR = 365 * 24 * 3600

_READ_AT_ONCE = 8192  # bytes read from a WebSocket at once: in a flood, over a thousand messages
_PAGES_A_SECOND = 2.0  # that one address may open, after a burst
_LONGEST_WAIT = 15.0  # seconds to wait for a page or a socket before it is refused
_SOCKETS = 8.0, 2.0  # of one run: how many at once, and then per second
_FOLLOWERS_A_SECOND = 10.0  # of one class, after as many as may follow it
_REFUSED = 1013  # the WebSocket code "try again later"


async def _endpoint(ws: WebSocket) -> None:
    """The live view's socket. Clients know its address from a page, so the server is ready."""
    from ganlab.live import socket  # imports torch: not at the start

    await socket.endpoint(ws)


async def _upload(request: Request) -> Response:
    """A file of a run that a page opens."""
    from ganlab.live import upload  # imports torch, as above

    return await upload.endpoint(request)


async def _follow(ws: WebSocket) -> None:
    """The socket of one who follows a class."""
    from ganlab.live import follow  # imports torch, as above

    await follow.endpoint(ws)


async def _teach(ws: WebSocket) -> None:
    """The socket of a teacher whose session a class follows."""
    from ganlab.live import teach  # imports torch, as above

    await teach.endpoint(ws)


async def _start_class(request: Request) -> Response:
    """A teacher starts a class."""
    from ganlab.live import teach  # imports torch, as above

    return await teach.start(request)


async def _fork(request: Request) -> Response:
    """One who follows a class opens its present moment."""
    from ganlab.live import follow  # imports torch, as above

    return await follow.fork(request)


async def _qr(request: Request) -> Response:
    """The QR code of a class."""
    from ganlab.live import follow  # imports torch, as above

    return await follow.code_picture(request)


def _probe(request: Request) -> Response:
    """Tell a browser whose socket was refused whether the server is there and knows its session."""
    from ganlab.live.scheduler import (
        SCHEDULER,  # this function is called in a thread: importing takes seconds
    )

    known = SCHEDULER.get(request.path_params["token"]) is not None
    return JSONResponse({"ganlab": "live", "known": known}, headers={"Cache-Control": "no-store"})


def _probe_class(_: Request) -> Response:
    """Tell a browser whose socket was refused that the server is there; not which codes exist."""
    return JSONResponse({"ganlab": "live", "known": True}, headers={"Cache-Control": "no-store"})


def _to_lab(request: Request) -> Response:
    """From the app's own address with the fields of a run to the 1-D lab, as links once had it.

    Relative, because a proxy may know the app by another path.
    """
    up = "./" if request.url.path.endswith("/") else f"./{request.url.path.rpartition('/')[2]}/"
    return RedirectResponse(f"{up}{LABS[1]}?{request.url.query}")


def _home(request: Request) -> Response:
    """From the home page's name to its address, the app's own; both are below any base path.

    Relative, because a proxy may know the app by another path.
    """
    up = "../" if request.url.path.endswith("/") else "./"
    return RedirectResponse(f"{up}?{request.url.query}" if request.url.query else up)


def _words(request: Request) -> Response:
    """The front end's texts in another language."""
    texts = of_front_end(nearest(request.path_params["language"]))  # in a thread: it reads a file
    return JSONResponse(texts, headers={"Cache-Control": ASK})


def bound_messages(receive: Receive, most: int) -> None:
    """Make the server close a WebSocket (1009) whose messages exceed `most` bytes.

    Streamlit lets uvicorn assemble up to `server.maxMessageSize` (200 MB), on any address, before
    any code sees the message, and has no option for messages from browsers. The connection's own
    limit can be lowered until it is accepted, and `receive` is a method of it.
    """
    protocol: Any = getattr(receive, "__self__", None)
    # Messages read at once are parsed at once, while no other client is served.
    transport: Any = getattr(protocol, "transport", None)
    if hasattr(transport, "max_size"):
        transport.max_size = min(transport.max_size, _READ_AT_ONCE)
    connection: Any = getattr(protocol, "conn", None)
    if hasattr(connection, "max_message_size"):  # uvicorn's "websockets-sansio"
        connection.max_message_size = min(most, connection.max_message_size or most)
    elif hasattr(protocol, "max_size"):  # its older "websockets"
        protocol.max_size = min(most, protocol.max_size or most)


class Front:
    """ASGI middleware: answers ganlab's own requests, under Streamlit's base path.

    All answers, Streamlit's too, get the headers of `ganlab.headers`.
    """

    def __init__(self, app: ASGIApp):
        base = config.get_option("server.baseUrlPath").strip("/")
        self._base = f"/{base}" if base else ""
        self._streamlit = app
        routes = [
            WebSocketRoute(f"/{LIVE_URL}/{{token}}", _endpoint),
            Route(f"/{LIVE_URL}/{{token}}", _probe),
            Route(f"/{LIVE_URL}/{{token}}/open", _upload, methods=["POST"]),
            Route(f"/{LIVE_URL}/{{token}}/class", _start_class, methods=["POST"]),
            WebSocketRoute(f"/{CLASS_URL}/{{code}}", _follow),
            WebSocketRoute(f"/{CLASS_URL}/{{code}}/teach", _teach),
            Route(f"/{CLASS_URL}/{{code}}", _probe_class),
            Route(f"/{CLASS_URL}/{{code}}/fork", _fork, methods=["POST"]),
            Route(f"/{CLASS_URL}/{{code}}/qr.svg", _qr),
            Route(f"/{paths.ANSWERS_URL}/{{page}}/{{kind}}", answers.endpoint),
            *(Route(f"/{path}", _home) for path in _HOMES),
            Route(f"/{paths.ASSETS_URL}/live/words-{{language}}.json", _words),
            Mount(f"/{paths.ASSETS_URL}", Modules(paths.ASSETS, ASK)),
            Mount(
                f"/{paths.PLOTLY_URL}",
                Files(Path(plotly.__file__).parent / "package_data", FOREVER),
            ),
        ]
        page = Path(file_util.get_static_dir()) / "index.html"
        self._headers = security_headers(addressed(page.read_text()) if page.is_file() else "")
        self._own = Starlette(routes=[Mount(self._base, routes=routes)])
        # Whole folders: an address of another version is a 404, not Streamlit's page.
        names = (
            LIVE_URL,
            CLASS_URL,
            paths.ANSWERS_URL,
            *(url.split("/")[0] for url in (paths.ASSETS_URL, paths.PLOTLY_URL)),
        )
        self._prefixes = tuple(f"{self._base}/{name}/" for name in names)
        self._homes = {f"{self._base}/{path}" for path in _HOMES}
        self._class = f"{self._base}/{CLASS_URL}/"
        # All who follow connect again at once when their teacher opens another page.
        self._class_sockets = Admission(limit("followers"), _FOLLOWERS_A_SECOND, _LONGEST_WAIT)
        self._sockets = Admission(*_SOCKETS, _LONGEST_WAIT)
        self._pages = Admission(limit("page_burst"), _PAGES_A_SECOND, _LONGEST_WAIT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the part of the app that answers it."""
        path = scope.get("path", "")  # none of the app's start and end
        own = path.startswith(self._prefixes) or path in self._homes
        if scope["type"] == "websocket":
            page = min(int(1e6 * limit("message_mb")), get_max_widget_state_size_bytes())
            bound_messages(receive, 4 * MOST_TEXT if own else page)  # up to 4 bytes per character
            if not await self._admitted(scope, own):
                await send({"type": "websocket.close", "code": _REFUSED})
                return
        if self._is_a_run(scope):
            await _to_lab(Request(scope))(scope, receive, send)
            return
        if scope["type"] == "http":
            send = self._with_headers(send, self._greeting(scope))
            send = send if own else Addressing(send)
        await (self._own if own else self._streamlit)(scope, receive, send)

    def _is_a_run(self, scope: Scope) -> bool:
        """Whether the app's own address is asked for with the fields of a run."""
        if scope["type"] != "http" or scope["path"] not in (self._base, f"{self._base}/"):
            return False
        return bool({name for name in Request(scope).query_params} - _NO_RUN)

    async def _admitted(self, scope: Scope, own: bool) -> bool:
        """Wait until a WebSocket may be opened; False if it may not.

        Opening one takes milliseconds of the event loop, and a page's socket also executes a
        script.
        """
        if scope["path"].startswith(self._class):
            return await self._class_sockets.admit(scope["path"])
        if own:
            return await self._sockets.admit(scope["path"])
        host, _ = scope.get("client") or ("", 0)
        return await self._pages.admit(host)

    def _greeting(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """A visitor's cookie, for a browser that opens a page and has none."""
        request = Request(scope)
        if rights.known_visitor(request.cookies.get(rights.COOKIE)) or "text/html" not in (
            request.headers.get("accept", "")
        ):
            return []
        forwarded = request.headers.get("x-forwarded-proto", "")
        secure = "; Secure" if "https" in (scope.get("scheme"), forwarded) else ""
        words = f"{rights.COOKIE}={rights.new_visitor()}; Path={self._base or '/'}; Max-Age={_YEAR}"
        return [(b"set-cookie", f"{words}; HttpOnly; SameSite=Lax{secure}".encode())]

    def _with_headers(self, send: Send, greeting: list[tuple[bytes, bytes]]) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                more = [pair for pair in self._headers if pair[0] not in there]
                headers = [*message.get("headers", ()), *more, *greeting]
                message = {**message, "headers": headers}
            await send(message)

        return sending
