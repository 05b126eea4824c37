"""Answers to pages whose whole state is their address: computed one at a time, and cached.

A page asks for its data with the query string of its address, at each change. The same query gets
the same answer, so that an answer is kept for all visitors.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from starlette.requests import Request
from starlette.responses import Response

from ganlab import rights
from ganlab.languages import nearest
from ganlab.live.wire import MOST_TEXT, Packed

DATA = "data"  # the kind of request that a page makes at each change; the others are files
TYPES = {DATA: "application/octet-stream", "csv": "text/csv"}
_KEPT = 16_000_000  # bytes of cached answers
_WAITING, _OWN = 60, 3  # requests that may wait for the one that is computed: all, and a visitor's
# Modules by page; each has one `Answered` under this name. They are imported by the first request.
_MODULES = {name: f"ganlab.live.{name}" for name in ("games", "matrix", "theory")}
_NAME = "ANSWERED"


@dataclass(frozen=True)
class Answered:
    """What a page can ask for; each function gets the page's query string.

    data: a message of `ganlab.live.wire.encode`. csv: a table as text. Neither raises for a bad
    query: the answer says what is wrong.
    """

    data: Callable[[str], bytes]
    csv: Callable[[str], str]


class Answers:
    """Answers by page and query, and a lock to compute one at a time.

    most: the bytes that are kept, those used last.
    """

    def __init__(self, most: int = _KEPT) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def get(self, page: str, kind: str, query: str) -> bytes:
        """The answer to a page; waits for its turn if it must be computed. Files are not kept.

        Raises KeyError for an unknown page or kind.
        """
        if kind not in TYPES:
            raise KeyError(kind)
        key = page, query
        with self._lock:
            if kind == DATA and key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        answered: Answered = getattr(import_module(_MODULES[page]), _NAME)
        with self._turn:
            if kind != DATA:
                return answered.csv(query).encode()
            made = answered.data(query)
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


ANSWERS = Answers()
_waiting: Counter[str] = Counter()  # requests, by visitor


async def endpoint(request: Request) -> Response:
    """Answer a request of a "page" for a "kind" of answer, with the page's query string.

    A visitor with too many requests at once is told to wait; so is everybody if there are too many
    in all.
    """
    page, kind = request.path_params["page"], request.path_params["kind"]
    query = request.url.query
    headers = {"Cache-Control": "no-store"}
    if page not in _MODULES or kind not in TYPES or len(query) > MOST_TEXT:
        return Response("unknown", 404, headers)
    host = request.client.host if request.client else ""
    visitor = rights.known_visitor(request.cookies.get(rights.COOKIE)) or host
    if _waiting.total() >= _WAITING or _waiting[visitor] >= _OWN:
        return Response("busy", 503, headers | {"Retry-After": "1"})
    _waiting[visitor] += 1
    try:
        made = await asyncio.to_thread(ANSWERS.get, page, kind, query)
    finally:
        _waiting[visitor] -= 1
        if not _waiting[visitor]:
            del _waiting[visitor]
    if isinstance(made, Packed):
        made = made.into(nearest(request.headers.get("accept-language")))
    return Response(made, 200, headers, TYPES[kind])
