"""Moments of a run that wait to be measured, so that its curves are dense however fast it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganlab.live.history import spacing

_MOST = 300  # moments
_BYTES = 24e6  # of their parameters
_DENSE = 160  # after iteration i the next moment is kept at most i / this later
_CLOSE = 0.75  # of the spacing of points; moments closer to a measured one are dropped


class Backlog:
    """The backlog of one run, filled and emptied by the worker that trains it."""

    def __init__(self) -> None:
        self._waiting: dict[int, Any] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def until(self, iteration: int) -> int:
        """Iterations from `iteration` to the next wanted moment; 0 for now."""
        return max(0, self._next - iteration)

    def keep(self, iteration: int, moment: Any, size: float) -> None:
        """Add a moment of `size` bytes."""
        self._next = iteration + max(1, iteration // _DENSE)
        self._waiting[iteration] = moment
        most = min(_MOST, _BYTES / max(size, 1))
        if len(self._waiting) > most:
            self._thin(iteration)
        if len(self._waiting) > most:
            self._waiting = dict(list(self._waiting.items())[::2])

    def _thin(self, now: int) -> None:
        kept, last = {}, -np.inf
        for iteration, moment in self._waiting.items():
            if iteration - last >= spacing(iteration, now):
                kept[iteration], last = moment, iteration
        self._waiting = kept

    def take(self, measured: np.ndarray, now: int, count: int) -> list[Any]:
        """Remove and return at most `count` moments, those farthest from the `measured` iterations.

        measured (n,): ascending. Moments that are close enough to measured ones, in a run at
        iteration `now`, are dropped.
        """
        out: list[Any] = []
        while self._waiting and len(out) < count:
            have = np.concatenate([[-np.inf], measured, [np.inf]])
            at = np.fromiter(self._waiting, float, len(self._waiting))
            right = np.searchsorted(have, at)
            need = np.minimum(at - have[right - 1], have[right] - at) / spacing(at, now)
            for iteration in at[need < _CLOSE]:
                del self._waiting[int(iteration)]
            if not self._waiting:
                break
            best = at[need.argmax()]
            out.append(self._waiting.pop(int(best)))
            measured = np.insert(measured, np.searchsorted(measured, best), best)
        return out
