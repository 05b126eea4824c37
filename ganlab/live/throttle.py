"""The speed of a session: how many updates it makes in one call, and when the next is due."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ganlab.live import cpu_time
from ganlab.live.run_group import RunGroup

_SPARE = 0.75  # of the time of a call: after a shorter one, the next makes more updates
CATCH_UP_SECONDS = 0.1  # of a delay (a frame, other sessions' turns): the rest is not caught up


class Throttle:
    """Makes updates at a given speed (updates/s), or at full speed, in calls of a given length.

    due: the time of the next update at a given speed. `timed` is called with the iterations (a
    fraction, if a call makes less than one) and the seconds of each full-length call, as
    `Backend.timed`.
    """

    def __init__(self, timed: Callable[[RunGroup, float, float], None]) -> None:
        self.due = 0.0
        self._timed = timed
        self.again()

    def again(self) -> None:
        """Start again with one update: for a new run, or another backend."""
        self._at_once, self._per_second = 1, 1.0

    def catch_up(
        self,
        run: RunGroup,
        speed: float,
        seconds: float,
        now: float,
        most: float = math.inf,
        behind: float = CATCH_UP_SECONDS,
    ) -> None:
        """Make the updates that are due at `speed`, within about `seconds`.

        At most `most`; delays longer than `behind` seconds are not caught up.
        """
        self.due = max(self.due, now - behind)
        made, _ = self.advance(run, seconds, min(int((now - self.due) * speed) + 1, most))
        self.due += made / speed

    def advance(self, run: RunGroup, seconds: float, most: float = math.inf) -> tuple[int, float]:
        """Make as many updates as take about `seconds`, at least 1 and at most `most`.

        The number at most doubles from call to call, so that a quick call is not followed by a very
        long one. Returns how many were made, and their seconds.
        """
        # If another process computes, its CPU seconds of updates count: this thread's wall time
        # includes waiting for others, and its CPU time includes what prepares the updates.
        clock = cpu_time.seconds if run.elsewhere else time.perf_counter
        started, before = clock(), cpu_time.updates_elsewhere()
        room = int(self._per_second * seconds)
        if run.compiled and self._at_once < _SPARE * self._per_second * seconds:
            room = max(room, self._at_once + 1)  # allows for the overhead of a call
        count = int(max(1, min(most, 2 * self._at_once, room)))
        made = max(1, run.make(count))
        took = (cpu_time.updates_elsewhere() - before) or max(clock() - started, 1e-9)
        if count < most:  # at a set speed, calls of few updates are mostly overhead
            self._timed(run, made / run.turns.each, took)
        self._at_once, self._per_second = count, made / took
        return made, took
