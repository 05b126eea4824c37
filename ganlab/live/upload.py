"""The endpoint to which a page sends a run's file or a table: bounded, read one at a time."""

from __future__ import annotations

import asyncio
import io
from typing import NamedTuple
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from ganlab.allowance import Admission
from ganlab.engine.storage import BadFile
from ganlab.languages import _
from ganlab.live import opened
from ganlab.live.scheduler import SCHEDULER, Scheduler
from ganlab.live.socket import allowed
from ganlab.params import in_words
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.tables import BadTable

NAME = "x-ganlab-name"  # the header with the name of the file, as encodeURIComponent writes it
_OPENS = 3.0, 0.2  # of one page: how many at once, and then per second
_LONGEST_WAIT = 15.0  # seconds
_SECONDS = 60.0  # for a file to arrive
_ARRIVING = 8  # files that may arrive at once: they are held in memory
_LONGEST_NAME = 80
_LONGEST_WORDS = 400
_BUSY = _("the server is busy with the files of others: try again in a while")

_admission = Admission(*_OPENS, _LONGEST_WAIT)
_arriving = asyncio.Semaphore(_ARRIVING)
_reading = asyncio.Semaphore(1)
_tables = asyncio.Semaphore(2)  # which are read in processes of their own


class _Refused(NamedTuple):
    status: int
    words: str


async def endpoint(request: Request, scheduler: Scheduler = SCHEDULER) -> JSONResponse:
    """Read the file that a page sends, and keep it until the page's script takes it.

    The answer says in `refused` why it cannot be opened. Its status is 200 if the file was read.
    """
    answer = await _answer(request, scheduler)
    content = {} if answer is None else {"refused": answer.words}
    return JSONResponse(content, 200 if answer is None else answer.status)


async def _answer(request: Request, scheduler: Scheduler) -> _Refused | None:
    token = request.path_params["token"]
    if scheduler.get(token) is None and token not in opened.PAGE_TOKENS:
        return _Refused(404, _("the server does not know this page's run: reload the page"))
    headers = request.headers.get("origin"), request.headers.get("host")
    if not await asyncio.to_thread(allowed, *headers):
        return _Refused(403, _("this address is not allowed: see server.corsAllowedOrigins"))
    if not await _admission.admit(token):
        return _Refused(429, _("this page opens too many files: try again in a while"))
    name = unquote(request.headers.get(NAME, ""), errors="replace")[-_LONGEST_NAME:] or _(
        "the file"
    )
    most = opened.largest(name)
    try:
        async with asyncio.timeout(_SECONDS), _arriving:
            content = await _body(request, most)
    except TimeoutError:
        return _Refused(503, _BUSY)
    except ClientDisconnect:
        return _Refused(400, _("it did not arrive completely"))
    if content is None:
        return _Refused(413, _("it has more than {most:g} MB", most=most / 1e6))
    session = scheduler.get(token)
    now = None if session is None else session.spec
    try:
        async with _tables if opened.is_table(name) else _reading:
            found = await asyncio.to_thread(_read, content, name, now)
    except BadTable as error:
        return _Refused(200, _("it must be {why}", why=error.why))
    except SpecError as error:
        words = error.why if isinstance(error, BadFile) else in_words(error)
        short = words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}…"
        return _Refused(200, short)
    except MemoryError:
        return _Refused(200, _("there is not enough memory for its runs"))
    opened.WAITING.put(token, found)
    return None


def _read(content: bytes, name: str, now: Spec | None) -> opened.Opened:
    """A run, a lesson, or the points of a table. Raises `SpecError`."""
    if opened.is_lesson(name):
        return opened.read_lesson(content, name)
    if opened.is_table(name):
        return opened.read_points(content, name, now)
    try:
        return opened.read(io.BytesIO(content), name)
    except SpecError:
        if not name.lower().endswith(".npz"):
            raise
        try:  # arrays that are no run
            return opened.read_points(content, name, now)
        except BadTable:
            pass
        raise


async def _body(request: Request, most: int) -> bytes | None:
    """The file; None, before all of it is read, if it is too large."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        return None
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            return None
    return bytes(content)
