"""When a session computes the eigenvalues of its game: on demand, and repeatedly while it plays.

Runs on symbols have the estimators of G's gradient in their place.

In the whole server one spectrum is computed at a time, in the processes for slow runs, which have a
low priority. Between two parts of one spectrum, other sessions get a turn, and it is cancelled if
nobody watches. A part, of a few seconds at most, is not interrupted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ganlab.engine import State
from ganlab.languages import _
from ganlab.live import cpu_time, estimators, spectra
from ganlab.live.commands import SpectrumRequest
from ganlab.live.moment import Moment
from ganlab.live.subscriber import SPECTRUM, Subscriber
from ganlab.live.view import ViewedSession
from ganlab.live.wire import encode

log = logging.getLogger(__name__)

_REST = 0.3  # seconds between two spectra while the runs stand still
_GAP = 2.0  # and at least while they play, or
_TIMES = 6.0  # this many times as long as the last one took
_NOTHING = b""


class SpectrumWatch:
    """The spectrum of one run, while a page shows it."""

    def __init__(self, session: ViewedSession):
        self._session = session
        self.request = SpectrumRequest(False)
        self._done: tuple[Any, ...] = ()  # what the last one was about
        # The newest without R1, and the CPU seconds that it took.
        self._base: tuple[Moment, spectra.Message, float] | None = None
        self._asked = False  # whether the request has changed since the last one began
        self._next = 0.0  # when another one may begin
        self._sent: tuple[int, bytes] | None = None  # the newest message, and of which runs

    def switch(self, request: SpectrumRequest) -> None:
        """Compute it from now on, or no longer."""
        if request != self.request:
            self.request, self._next, self._asked = request, 0.0, True
        if not request.on:
            self._done, self._base, self._sent = (), None, None

    def again(self, subscriber: Subscriber) -> None:
        """Send the newest one to a browser that has just come."""
        if self._sent is not None and self._sent[0] == self._session.run_number:
            subscriber.put(SPECTRUM, self._sent[1])

    def wait(self, now: float) -> float | None:
        """Seconds until one is due; None if none is."""
        session = self._session
        if not self.request.on or not session.watched:
            return None
        if session.group is None or not session.running:
            return None
        return None if self._is_done() else max(0.0, self._next - now)

    def _is_done(self) -> bool:
        return _same(self._done, (*self._about(), self.request.r1))

    def _about(self) -> tuple[Any, ...]:
        run = self._session.shown[0]
        return self._session.run_number, run.state, run.specs

    def job(self, now: float) -> Callable[[], Iterator[bytes | None]] | None:
        """A job that computes it, if it is due."""
        if self.wait(now) != 0:
            return None
        (moment,) = self._session.moments()
        base = None if self._base is None else self._base[0]
        if self._asked and self._session.playing and base and base.number == moment.number:
            moment = base  # the rows about another R1 refer to the eigenvalues that are shown
        self._asked, self._done = False, (*self._about(), self.request.r1)
        return lambda: self._make(moment)

    def _make(self, moment: Moment) -> Iterator[bytes | None]:
        of = estimators if moment.spec.domain.enumerated else spectra
        head = of.header(moment.number, moment.iteration, moment.spec)
        head["asked"] = self.request.r1
        arrays: spectra.Arrays = {}
        started = cpu_time.seconds()
        try:
            for _unused in self._parts(moment, head, arrays):
                if not self.request.on or not self._session.watched:
                    self._done, self._base = (), None
                    yield _NOTHING
                    return
                yield None
        except Exception as error:
            head["refused"] = _("They could not be computed: see the server's log.")
            if isinstance(error, MemoryError) or "memory" in str(error).lower():
                head["refused"] = _("There is not enough memory for them.")
            else:
                log.exception("a spectrum could not be computed")
            head |= {"now": None, "other": None, "game": None, "exact": None, "rows": []}
            arrays = {}
        seconds = cpu_time.seconds() - started
        # What is shown may have been computed for an earlier message.
        head["seconds"] = round(max(seconds, head["seconds"]), 3)
        gap = max(_GAP, _TIMES * seconds) if self._session.playing else _REST
        self._next = time.perf_counter() + gap
        if self._asked:
            self._next = 0.0  # something else was asked for meanwhile
        message = encode(head, arrays)
        if self.request.on:
            self._sent = moment.number, message
        yield message

    def _parts(
        self, moment: Moment, head: dict[str, Any], arrays: spectra.Arrays
    ) -> Iterator[None]:
        """Compute it into `head` and `arrays`; yields where other sessions may take a turn."""
        yield None
        if moment.diverged[0] is not None and not self._session.rewound:
            head["refused"] = _("The run has diverged: there is no game left to linearise.")
            return
        if moment.spec.domain.enumerated:
            yield from self._estimates(moment, head)
            return
        paid = spectra.price(moment.spec)
        head["refused"] = spectra.refused(moment.spec, paid)
        if head["refused"]:
            return
        slow = replace(moment, places=self._session.slow_places)
        base = self._base  # another thread may forget it
        same = base is not None and base[0].state is moment.state
        if base is None or not same or base[0].specs != moment.specs:
            started = cpu_time.seconds()
            base = moment, slow.spectrum(paid), cpu_time.seconds() - started
            self._base = base
        _unused, (told, own), head["seconds"] = base
        if "refused" in told:
            head["refused"] = told["refused"]
            return
        head["game"] = spectra.game(moment.spec)
        head["now"], head["notes"] = told, spectra.notes(moment.spec, told)
        arrays |= {f"now{name}": array for name, array in own.items()}
        yield None
        r1 = head["asked"] = self.request.r1
        if r1 is None:
            return
        other, own = slow.spectrum(paid, r1)
        if "refused" in other:
            head["notes"].append(other["refused"])
            return
        head["other"] = other
        arrays |= {f"other{name}": array for name, array in own.items()}

    def _estimates(self, moment: Moment, head: dict[str, Any]) -> Iterator[None]:
        """What a run on symbols has instead: the estimators of G's gradient."""
        head["refused"] = estimators.refused(moment.spec)
        if not head["refused"]:
            yield None
            head |= replace(moment, places=self._session.slow_places).estimates()[0]


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether both are about the same State, by identity, and the rest of them is equal."""
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(a is b or (not isinstance(a, State) and a == b) for a, b in pairs)
