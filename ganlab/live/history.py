"""Curves over time: what was measured so far, thinned so that a long run stays small."""

from __future__ import annotations

import time

import numpy as np

MOST = 600  # points kept of each curve
SERIES = (
    "jsd",
    "jsd_smooth",
    "w1",
    "value",
    "c_g",
    "d_loss",
    "g_loss",
    "grad_x",
    "grad_g",
    "d_distance",
    "modes",
    "hq",
    "reverse_kl",
)
_MERGE_SECONDS = 1.0


class History:
    """Metrics by iteration, and marks where the user changed something.

    now: arrays of the newest moment alone, sent with the curves. ghost: `arrays()` of an earlier
    run, to be seen behind this one's.
    """

    def __init__(self, series: tuple[str, ...] = SERIES) -> None:
        self.series = series
        self.now: dict[str, np.ndarray] = {}
        self.ghost: dict[str, np.ndarray] = {}
        self.rows: list[tuple[float, ...]] = []
        self.marks: list[dict] = []
        self._stride = 1.0
        self._merge = ("", 0.0, "")

    def add(self, iteration: int, metrics: dict[str, np.ndarray]) -> None:
        """Append one measurement, (1,) each; every second goes once there are too many."""
        row = (float(iteration), *(float(metrics[name][0]) for name in self.series))
        if self.rows and self.rows[-1][0] >= iteration:
            self.rows[-1] = row
            return
        # The newest point always shows; it is replaced until it is a stride from the one before.
        if len(self.rows) > 1 and self.rows[-1][0] - self.rows[-2][0] < self._stride:
            self.rows[-1] = row
        else:
            self.rows.append(row)
        if len(self.rows) > MOST:
            self.rows = self.rows[::2]
            self._stride = max(2 * self._stride, self.rows[1][0] - self.rows[0][0])

    def mark(self, iteration: int, title: str, before: str, after: str) -> None:
        """Note a change at `iteration`; a knob that is still being dragged keeps one mark."""
        name, when, first = self._merge
        now = time.monotonic()
        if name == title and now - when < _MERGE_SECONDS and self.marks:
            self.marks = self.marks[:-1]  # a new list: others may be reading this one
            before = first
        self._merge = (title, now, before)
        self.marks = [
            *self.marks[-40:],
            {"iteration": iteration, "text": f"{title} {before}→{after}"},
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """iteration and each series, (n,) float64."""
        columns = np.array(list(self.rows), dtype=np.float64).reshape(-1, 1 + len(self.series)).T
        return dict(zip(("iteration", *self.series), columns, strict=True))
