"""Curves over time: what was measured so far, thinned so that a long run stays small."""

from __future__ import annotations

import time

import numpy as np

MOST = 800  # points kept of each curve
_APART = 450  # points over the whole run, evenly, that are enough
_EARLY = 20  # and iteration i is as much as i / this from the next: early ones stay dense
_MARKS = 500
_BY_HAND = "out of turn: "
SERIES = (
    "jsd",
    "jsd_smooth",
    "w1",
    "tail",
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


def spacing(iteration: np.ndarray | float, now: float) -> np.ndarray:
    """How far from the next a point at `iteration` may be in a run that has come to `now`."""
    return np.maximum(1.0, np.minimum(now / _APART, np.asarray(iteration) / _EARLY))


class History:
    """Metrics by iteration, and marks where the user changed something.

    rows: (n, 1 + series), the iteration first, in its order; replaced as a whole, never changed.
    now: arrays of the newest moment alone, sent with the curves. ghost: `arrays()` of an earlier
    run, to be seen behind this one's.
    """

    def __init__(self, series: tuple[str, ...] = SERIES) -> None:
        self.series = series
        self.now: dict[str, np.ndarray] = {}
        self.ghost: dict[str, np.ndarray] = {}
        self.rows = np.empty((0, 1 + len(series)))
        self.marks: list[dict] = []
        self._merge = ("", 0.0, "")

    @property
    def iterations(self) -> np.ndarray:
        """Where it was measured, ascending, (n,)."""
        return self.rows[:, 0]

    def add(self, iteration: int, metrics: dict[str, np.ndarray]) -> bool:
        """Take one measurement, (1,) each, in any order; whether it is the newest."""
        row = np.array([iteration, *(metrics[name][0] for name in self.series)], dtype=np.float64)
        row[np.isinf(row)] = np.nan  # has no place on an axis: it is no curve
        rows = self.rows
        at, count = int(np.searchsorted(rows[:, 0], iteration)), len(rows)
        old = at < count and rows[at, 0] == iteration
        # The newest point always shows; it is replaced while it is too near to the one before.
        if at == count > 1 and rows[-1, 0] - rows[-2, 0] < spacing(rows[-1, 0], iteration):
            at, old = at - 1, True
        rows = np.concatenate([rows[:at], row[None], rows[at + old :]])
        self.rows = _thinned(rows) if len(rows) > MOST else rows
        return rows[-1, 0] == iteration

    def mark(self, iteration: int, title: str, before: str, after: str) -> None:
        """Note a change at `iteration`; a knob that is still being dragged keeps one mark."""
        name, when, first = self._merge
        now = time.monotonic()
        if name == title and now - when < _MERGE_SECONDS and self.marks:
            self.marks = self.marks[:-1]  # a new list: others may be reading this one
            before = first
        self._merge = (title, now, before)
        self.marks = [
            *self.marks[1 - _MARKS :],
            {"iteration": iteration, "text": f"{title} {before}→{after}"},
        ]

    def mark_update(self, iteration: int, player: str, who: str = "") -> None:
        """Note an update of `player` out of turn; those of one iteration share a mark."""
        begins = who + _BY_HAND
        text, last = begins + player, self.marks[-1:]
        if last and last[0]["iteration"] == iteration and last[0]["text"].startswith(begins):
            self.marks, text = self.marks[:-1], last[0]["text"] + player
        self._merge = ("", 0.0, "")
        self.marks = [*self.marks[1 - _MARKS :], {"iteration": iteration, "text": text}]

    def arrays(self) -> dict[str, np.ndarray]:
        """iteration and each series, (n,) float64."""
        return dict(zip(("iteration", *self.series), self.rows.T, strict=True))


def _thinned(rows: np.ndarray) -> np.ndarray:
    """Without points that are nearer to the one before than need be; both ends stay."""
    apart = spacing(rows[:, 0], rows[-1, 0])
    kept = [0]
    for i in range(1, len(rows) - 1):
        if rows[i, 0] - rows[kept[-1], 0] >= apart[i]:
            kept.append(i)
    return rows[[*kept, len(rows) - 1]]
