"""How many updates a session makes in one call, and when its next one is due."""

from __future__ import annotations

import math
import time

from ganlab.engine import Run

_RETRY = 32  # single updates of a program after which a whole iteration is timed once more
_SPARE = 0.75  # of the time that a call may take: after a shorter one the next makes more
CATCH_UP_SECONDS = 0.1  # of a hiccup (a frame, other sessions' turns) only this much is caught up


class Pace:
    """Makes updates at a given speed (updates/s), or as fast as can be, in calls of given length.

    due: when the next update is, at a given speed. `timed` is told the iterations and the seconds
    of each call, as `Tier.timed`.
    """

    def __init__(self, timed) -> None:
        self.due = 0.0
        self._timed = timed
        self.again()

    def again(self) -> None:
        """Begin with one iteration: a new run, or one computed in another way."""
        self._at_once, self._per_second = 1, 1.0
        self._timed_for = 0  # so many single updates more, a program's iteration counts as timed

    def catch_up(self, run: Run, speed: float, seconds: float, now: float) -> None:
        """The update that is due at `speed`, or iterations if they are due as a whole."""
        self.due = max(self.due, now - CATCH_UP_SECONDS)
        before, k = run.state, run.spec.k
        # Whole iterations in one call: a call costs more than an update of a compiled program.
        whole = (int((now - self.due) * speed) + 1) // (k + 1) if before.phase == 0 else 0
        if self.slow(run, seconds):
            self.update(run)  # an iteration takes longer than it may
        elif whole:
            self.advance(run, seconds, whole)
        else:
            run.update()
        made = run.state.d_updates - before.d_updates + run.state.g_updates - before.g_updates
        self.due += made / speed

    def advance(self, run: Run, seconds: float, most: float = math.inf) -> float:
        """As many iterations as take about `seconds`, at least 1 and at the most `most`; its time.

        At most twice as many as before: one quick call must not be followed by an endless one.
        """
        started = time.perf_counter()
        room = int(self._per_second * seconds)
        if run.program is not None and self._at_once < _SPARE * self._per_second * seconds:
            room = max(room, self._at_once + 1)  # a call costs something by itself
        count = max(1, min(most, 2 * self._at_once, room))
        made = max(1, run.advance(count))
        took = max(time.perf_counter() - started, 1e-9)
        self._timed(run, made, took)
        self._at_once, self._per_second = count, made / took
        self._timed_for = _RETRY
        return took

    def slow(self, run: Run, seconds: float) -> bool:
        """Whether an iteration takes longer than `seconds`, as far as is known."""
        if run.program is not None and self._timed_for <= 0:
            return False  # found out by one: a single update, a whole call, takes hardly less
        return self._per_second * seconds < 1

    def update(self, run: Run) -> float:
        """A single update, where an iteration would take too long; its time."""
        started = time.perf_counter()
        run.update()
        took = max(time.perf_counter() - started, 1e-9)
        if run.program is None:
            self._per_second = 1 / (took * (run.spec.k + 1))
        self._timed_for -= 1
        return took
