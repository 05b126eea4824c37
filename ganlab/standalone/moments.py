"""Which moments of a run a page shows, and how each of them is reached."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ganlab.engine import Run
from ganlab.engine.executor import Elsewhere
from ganlab.record import Recording

_PIECE_SECONDS = 0.1  # of updates, between two checks whether the page is still wanted
_FIRST_PIECE = 16  # iterations, before it is known how long they take
_FEWER = 0.85


class Plan(NamedTuple):
    """The iterations to show, ascending, and how many of them must be computed again."""

    iterations: list[int]
    replayed: int


def plan(first: int, last: int, most: int, keys: Sequence[int], afford: float) -> Plan:
    """At most `most` iterations from `first` to `last`, evenly spaced, that cost little.

    keys: iterations that need no replay, ascending. An iteration is moved to the nearest of them if
    that is closer than half of the spacing. There are fewer iterations if more than `afford` would
    have to be replayed.
    """
    count = min(most, last - first + 1)
    while True:
        found = _near(np.unique(np.linspace(first, last, count).round().astype(int)), keys)
        if found.replayed <= afford or count <= 2:
            return found
        count = max(2, int(count * _FEWER))


def _near(wanted: np.ndarray, keys: Sequence[int]) -> Plan:
    reach = (wanted[-1] - wanted[0]) / max(1, len(wanted) - 1) / 2
    have = np.array(keys or [wanted[0] - 10**15])
    nearest = have[np.abs(wanted[:, None] - have).argmin(1)]
    chosen = np.unique(np.where(np.abs(nearest - wanted) <= reach, nearest, wanted)).tolist()
    at_hand, cost, before = set(keys), 0, 0
    for one in chosen:
        if one not in at_hand:
            base = bisect_right(keys, one) - 1
            cost += one - max(before, keys[base] if base >= 0 else 0)
        before = one
    return Plan(chosen, cost)


class Journey:
    """A pass through one run: its earlier moments in ascending order, then the present.

    recording: a copy of the run's own (see `Recording.still`). Without one the run is replayed from
    its start, with its current program. elsewhere: computes the updates.
    """

    def __init__(self, run: Run, recording: Recording | None, elsewhere: Elsewhere | None = None):
        self._present, self._recording, self._elsewhere = run, recording, elsewhere
        self._run: Run | None = None
        self.rate = 0.0  # iterations per second of the last replay; 0 before one

    @property
    def first(self) -> int:
        """The first iteration that can be shown."""
        keys = self.keys
        return keys[0] if self._recording is not None else 0

    @property
    def last(self) -> int:
        """The present iteration."""
        return self._present.iteration

    @property
    def keys(self) -> list[int]:
        """The iterations that need no replay, ascending."""
        recorded = () if self._recording is None else self._recording.frames
        frames = [int(one.iterations) for one in recorded]
        return sorted({*frames, self.last})

    @property
    def run(self) -> Run:
        """The moment that was reached last."""
        return self._present if self._run is None else self._run

    def to(self, iteration: int) -> Iterator[None]:
        """Go to an iteration, in pieces, or as far as the run went before it diverged."""
        if iteration >= self.last:
            self._run = None
        elif self._recording is None:
            yield from self._from_the_start(iteration)
        else:
            replay = self._recording.replay(iteration, "iterations", onward=self._run)
            replay.run.elsewhere = self._elsewhere
            self._run, done = replay.run, replay.done
            while not done:
                begun, before = time.perf_counter(), replay.run.iteration
                done = replay.go(_PIECE_SECONDS)
                self._timed(replay.run.iteration - before, begun)
                yield

    def _from_the_start(self, iteration: int) -> Iterator[None]:
        if self._run is None:
            self._run = self._present.at(0)
            self._run.elsewhere = self._elsewhere
        run = self._run
        while run.iteration < iteration and not run.stopped:
            begun, before = time.perf_counter(), run.iteration
            most = max(_FIRST_PIECE, int(self.rate * _PIECE_SECONDS))
            run.advance(min(most, iteration - run.iteration))
            self._timed(run.iteration - before, begun)
            yield

    def _timed(self, iterations: int, begun: float) -> None:
        if iterations > 0:
            self.rate = iterations / max(1e-6, time.perf_counter() - begun)
