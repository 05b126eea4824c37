"""How many updates a session makes in one call, and when its next one is due."""

from __future__ import annotations

import math
import time

from ganlab.live.run_group import RunGroup

_SPARE = 0.75  # of the time that a call may take: after a shorter one the next makes more
CATCH_UP_SECONDS = 0.1  # of a hiccup (a frame, other sessions' turns) only this much is caught up


class Throttle:
    """Makes updates at a given speed (updates/s), or as fast as can be, in calls of given length.

    due: when the next update is, at a given speed. `timed` is told the iterations (a part of one,
    where a call makes less) and the seconds of each call that is as long as it may be, as
    `Backend.timed`.
    """

    def __init__(self, timed) -> None:
        self.due = 0.0
        self._timed = timed
        self.again()

    def again(self) -> None:
        """Begin with one update: a new run, or one computed in another way."""
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
        """The updates that are due at `speed`, as far as they take about `seconds`.

        At the most `most`; more than `behind` seconds are not caught up.
        """
        self.due = max(self.due, now - behind)
        made, _ = self.advance(run, seconds, min(int((now - self.due) * speed) + 1, most))
        self.due += made / speed

    def advance(self, run: RunGroup, seconds: float, most: float = math.inf) -> tuple[int, float]:
        """As many updates as take about `seconds`, at least 1 and at the most `most`.

        At most twice as many as before: one quick call must not be followed by an endless one.
        Returns how many were made, and their time.
        """
        started = time.perf_counter()
        room = int(self._per_second * seconds)
        if run.program is not None and self._at_once < _SPARE * self._per_second * seconds:
            room = max(room, self._at_once + 1)  # a call costs something by itself
        count = int(max(1, min(most, 2 * self._at_once, room)))
        made = max(1, run.make(count))
        took = max(time.perf_counter() - started, 1e-9)
        if count < most:  # few updates at a set speed take what a call costs by itself
            self._timed(run, made / run.turns.each, took)
        self._at_once, self._per_second = count, made / took
        return made, took
