"""Makes pages and films of a session's recording, while its runs continue.

They take long: the whole server makes one at a time, in a process of low priority, and each gets
less time if more are waiting.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from ganlab import export
from ganlab.languages import _, speaking
from ganlab.live.pools import NOWHERE, Pools
from ganlab.live.rewind import Rewind
from ganlab.live.subscriber import Subscriber
from ganlab.live.take_away import PAGE
from ganlab.live.view import ViewedSession
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.standalone import MINUTE, Page, Source

log = logging.getLogger(__name__)

TAPE = "tape"  # for a film
_SECONDS = {PAGE: 40.0, TAPE: 12.0}  # about the longest that one may take if nobody else waits
_LEAST_SECONDS = 5.0
_FILM_FRAMES = 24  # per second
_NEVER = -1.0  # in place of the share that is done: it could not be made
_TELL_SECONDS = 0.3  # between two messages about the progress


class Wanted(NamedTuple):
    """A page, or the tape of a film: of the iterations from `first` to `last`, in `seconds`."""

    kind: str
    first: int | None = None
    last: int | None = None
    seconds: float = MINUTE


class RecordedSession(ViewedSession, Protocol):
    """The interface of a session for its TapeMaker."""

    rewind: Rewind
    pools: Pools | None


class TapeMaker:
    """Makes one page or tape of a session at a time; see `Feed.hand_over` for `paint`."""

    _active = 0  # those in the whole server that are made or wait
    _counting = threading.Lock()

    def __init__(
        self, session: RecordedSession, paint: Callable[[Any, str, Callable[[], None]], None]
    ):
        self._session, self._paint = session, paint
        self._now: Wanted | None = None  # what is made or waits

    def stop(self) -> None:
        """Make it no longer."""
        self._now = None

    def begin(self, subscriber: Subscriber, wanted: Wanted) -> None:
        """Make one for a browser, instead of one that is being made; called on the worker.

        Raises `SpecError` for a view without a recording.
        """
        source = self._source()
        self._now = wanted
        with self._counting:
            TapeMaker._active += 1
            waiting = TapeMaker._active - 1
        subscriber.put(PAGE, _progress(wanted.kind, 0.0, waiting))
        self._paint(self._session, PAGE, lambda: self._work(subscriber, wanted, source))

    def _source(self) -> Source:
        session = self._session
        group, scene, recordings = session.group, session.scene, session.rewind.recordings
        if group is None or scene is None or not recordings:
            raise SpecError("export", PAGE, _("a view with a timeline, whose runs have begun"))
        history = session.history.until(group.iteration)
        history.diverged = session.history.diverged
        labels = getattr(session.view, "labels", session.experiment.labels)
        return Source(
            tuple(run.still() for run in group.runs),
            tuple(recording.still() for recording in recordings),
            session.experiment,
            labels,
            scene,
            history,
            NOWHERE if session.pools is None else session.pools.pages,
        )

    def _work(self, subscriber: Subscriber, wanted: Wanted, source: Source) -> None:
        """On a render thread."""
        session = self._session
        try:
            budget = max(_LEAST_SECONDS, _SECONDS[wanted.kind] / max(1, TapeMaker._active))
            with speaking(subscriber.language):
                self._send(subscriber, wanted, source, budget)
        except Exception as error:
            if isinstance(error, SpecError):
                said = error.words
            else:
                log.exception("a recording could not be exported")
                said = _("The file could not be made: see the server's log.")
            session.command("note", said)
            subscriber.put(PAGE, _progress(wanted.kind, _NEVER))
        finally:
            with self._counting:
                TapeMaker._active -= 1
            if self._now is wanted:
                self._now = None

    def _send(self, subscriber: Subscriber, wanted: Wanted, source: Source, budget: float) -> None:
        made: list[bytes] = []
        told = 0.0
        for done in _steps(made, wanted, source, budget):
            if subscriber.closed or self._now is not wanted:
                return
            now = time.monotonic()
            if now - told > _TELL_SECONDS:
                told = now
                subscriber.put(PAGE, _progress(wanted.kind, done))
        name = export.name(source.experiment.specs, PAGE)
        header = {"type": "export", "what": wanted.kind, "name": name, "text": ""}
        subscriber.put(PAGE, encode(header, {"file": np.frombuffer(made[0], np.uint8)}))


def _steps(made: list[bytes], wanted: Wanted, source: Source, budget: float) -> Iterator[float]:
    """Yields the share of the work that is done; the file is in `made` at the end."""
    work: Generator[float, None, Any]
    if wanted.kind == PAGE:
        work = Page(source, wanted.seconds, budget=budget).make()
        made.append((yield from work).encode())
    else:
        work = Page(source, wanted.seconds, budget=budget, rate=_FILM_FRAMES).tape(
            wanted.first, wanted.last
        )
        made.append((yield from work))


def _progress(kind: str, done: float, waiting: int = 0) -> bytes:
    text = json.dumps({"kind": kind, "done": round(done, 3), "waiting": waiting})
    return encode({"type": "export", "what": "progress", "name": "", "text": text})
