"""Makes a page: chooses moments, replays each of them, and stores its picture and numbers."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Generator
from itertools import islice
from typing import Any

from ganlab import export
from ganlab.languages import into, language
from ganlab.live.computing import to_end
from ganlab.standalone import document
from ganlab.standalone.moments import Journey, plan
from ganlab.standalone.source import Seen, Source, measured
from ganlab.standalone.tape import Tape

MOST_BYTES = 5_000_000  # of a page of a minute
MINUTE = 60.0
# Frames per second while a page plays, and about the bytes of one, by whether x is on a line.
_FRAMES = {True: 20, False: 15}
_BYTES = {True: 300, False: 2100}
_FOR_PICTURES = 0.6  # of the time for a page; the rest is for replays
_TRIES = 3  # pieces of a replay that measure its speed
_PACKING = 0.06  # of the progress
_SIDE_FIELDS = ("side", "text", "brief")


class Page:
    """A page that is being made, in as many pieces as its caller likes.

    seconds: how long it plays at most. most_bytes: of the file. budget: about how many seconds may
    be spent on it; there are fewer frames if that is too short for as many as the page could show.
    rate: frames per second, at most; then it plays exactly `seconds`. By default, what fits.
    """

    def __init__(
        self,
        source: Source,
        seconds: float = MINUTE,
        most_bytes: float = MOST_BYTES,
        budget: float = math.inf,
        rate: float = 0.0,
    ):
        self._source, self._seconds, self._budget = source, seconds, budget
        self._whole = rate > 0
        self._ends = math.inf  # when the time for it is over
        self._frames = rate or _FRAMES[source.runs[0].spec.domain.quick]
        self._room = (most_bytes - document.SHELL_BYTES) * 0.74  # base64 takes a third more

    def make(self) -> Generator[float, None, str]:
        """The page's HTML; yields the share of the work that is done."""
        packed = yield from self.tape()
        yield 1 - _PACKING / 4
        text = base64.b64encode(packed).decode()
        return document.html(self._source, text)

    def tape(
        self, first: int | None = None, last: int | None = None
    ) -> Generator[float, None, bytes]:
        """The frames as assets/live/tape.js reads them: from iteration `first` to `last`."""
        source, journeys = self._source, self._source.journeys()
        self._ends = time.perf_counter() + self._budget
        begin = max(one.first for one in journeys)
        end = max(one.last for one in journeys)
        begin = max(begin, begin if first is None else first)
        end = max(begin, end if last is None else min(last, end))
        wanted = yield from self._choose(journeys, begin, end)
        tape, seen = Tape(source.scene), list[Seen]()
        at_hand = _at_hand(journeys)
        for i, iteration in enumerate(wanted):
            part = (1 - _PACKING) * i / len(wanted)
            spare = iteration != wanted[-1] and (i % 2 > 0 or iteration not in at_hand)
            there = yield from self._go(journeys, iteration, spare, part)
            if not there:
                continue
            one = to_end(source.see([journey.run for journey in journeys]))
            if not seen or one.header["iteration"] > seen[-1].header["iteration"]:
                seen.append(one)
                tape.add(into(language(), _brief(one.header)), one.arrays, one.at)
        tape.close(self._room)
        yield 1 - _PACKING / 2
        return self._pack(tape, seen)

    def _go(
        self, journeys: list[Journey], iteration: int, spare: bool, part: float
    ) -> Generator[float, None, bool]:
        """Go to a moment; returns whether it was reached. spare: it is left out if time is over."""
        for journey in journeys:
            for _ in journey.to(iteration):
                yield part
                if spare and time.perf_counter() > self._ends:
                    return False
        yield part
        return not (spare and time.perf_counter() > self._ends)

    def _choose(
        self, journeys: list[Journey], begin: int, end: int
    ) -> Generator[float, None, list[int]]:
        """The iterations to show."""
        source = self._source
        each = _BYTES[source.runs[0].spec.domain.quick] * len(journeys)
        most = max(2, min(int(self._seconds * self._frames), int(self._room / each)))
        afford = math.inf
        keys = sorted(key for key in _at_hand(journeys) if begin <= key <= end)
        if math.isfinite(self._budget) and keys:
            to_end(source.see(source.runs))  # which also prepares constants
            begun = time.perf_counter()
            to_end(source.see(source.runs))
            took = time.perf_counter() - begun
            left = max(0.0, self._ends - time.perf_counter())
            most = max(2, min(most, int(_FOR_PICTURES * left / took)))
            rate = yield from self._rate(keys)
            afford = (1 - _FOR_PICTURES) * left * rate
        return plan(begin, end, most, keys, afford).iterations

    def _rate(self, keys: list[int]) -> Generator[float, None, float]:
        """How many iterations of all runs are replayed in a second, up to the next of `keys`."""
        rates = []
        for journey in self._source.journeys():
            for _ in islice(journey.to(keys[len(keys) // 2] - 1), _TRIES):
                yield 0.0
            rates.append(journey.rate or math.inf)
        return 1 / max(1e-9, sum(1 / rate for rate in rates))

    def _pack(self, tape: Tape, seen: list[Seen]) -> bytes:
        source = self._source
        header, arrays = source.scene
        history = measured(source.history, seen)
        rows = history.arrays()
        made = {f"scene.{n}": a for n, a in arrays.items() if not n.startswith("ghost.")}
        made |= {f"row.{name}": values for name, values in rows.items()}
        seconds = self._seconds
        if not self._whole:
            seconds = min(seconds, max(1.0, len(tape) / self._frames))
        about = {
            "scene": header | {"run": 1, "knobs": [], "offers": [], "story": {}, "query": ""},
            "marks": history.marks,
            "flags": history.find_flags(),
            "unit": "updates" if source.alone else "iterations",
            "seconds": seconds,
            "labels": list(source.labels),
            "lost": [_lost(run) for run in source.runs],
            "seed": source.experiment.base.seed,
            "name": export.name(source.experiment.specs, "page").removesuffix(".html"),
        }
        return tape.pack(into(language(), about), made)


def _at_hand(journeys: list[Journey]) -> set[int]:
    """The iterations at which no run must be replayed."""
    return set.intersection(*(set(one.keys) for one in journeys))


def _lost(run: Any) -> list[Any]:
    """The iteration in which a run has diverged, and how; 0 and "" if it has not."""
    return [run.iteration, str(run.diverged[0])] if run.diverged[0] else [0, ""]


def _brief(header: dict[str, Any]) -> dict[str, Any]:
    """What a page needs of a frame's header."""
    left = {name: value for name, value in header.items() if name not in ("type", "run", "phase")}
    for one in left.get("runs", [left]):
        one["beyond"] = [{name: side[name] for name in _SIDE_FIELDS} for side in one["beyond"]]
    return left
