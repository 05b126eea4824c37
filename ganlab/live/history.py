"""Curves over time: the measurements so far, thinned so that a long run stays small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypedDict

import numpy as np

from ganlab.engine import Divergence
from ganlab.languages import _
from ganlab.record import found
from ganlab.record.findings import MEASURED
from ganlab.record.run_file import Columns
from ganlab.record.run_header import Mark, Note
from ganlab.record.series import SERIES
from ganlab.registry import SpecError

MOST = 800  # points kept of each curve
_APART = 450  # evenly spaced points over the whole run are enough
_EARLY = 20  # but near iteration i the spacing is at most i / this, so that early points stay dense
_MARKS = 500
_FLAGS = 200
_BOOKMARKS = 50
_BY_HAND = _("out of turn: ")
_MERGE_SECONDS = 1.0


def spacing(iteration: np.ndarray | float, now: float) -> np.ndarray:
    """The largest distance to the next point at `iteration`, in a run at iteration `now`.

    Elementwise, for iterations of any shape.
    """
    return np.maximum(1.0, np.minimum(now / _APART, np.asarray(iteration) / _EARLY))


class Flag(TypedDict):
    """A change, a found moment or a note on the timeline. at: its position there."""

    at: int
    iteration: int
    text: str
    kind: Literal["change", "found", "note"]


class History:
    """Metrics by iteration, and marks of the user's changes.

    rows: (n, 1 + series), with the iteration first, ascending; replaced as a whole, never modified.
    now: arrays of the newest moment alone, sent with the curves. ghost: `arrays()` of an earlier
    run, drawn behind this one's. diverged: of each Run, once it has. flags: those of `find_flags`.
    """

    def __init__(self, series: tuple[str, ...] = SERIES) -> None:
        self.series = series
        self.now: dict[str, np.ndarray] = {}
        self.ghost: dict[str, np.ndarray] = {}
        self.rows = np.empty((0, 1 + len(series)))
        self.marks: list[Mark] = []
        self.diverged: tuple[Divergence | None, ...] = ()
        self.places: Callable[[Sequence[int]], list[int]] | None = None  # see `Rewind.places`
        self.flags: list[Flag] = []
        self.bookmarks: dict[int, Flag] = {}  # by place
        self._merge = ("", 0.0, "")

    @property
    def iterations(self) -> np.ndarray:
        """The measured iterations, ascending, (n,)."""
        return self.rows[:, 0]

    def add(self, iteration: int, metrics: dict[str, np.ndarray]) -> bool:
        """Add one measurement, (1,) each, in any order; returns whether it is the newest.

        A series that is missing has no value: the run has none of what it measures.
        """
        values = (metrics[name][0] if name in metrics else np.nan for name in self.series)
        row = np.array([iteration, *values], dtype=np.float64)
        row[np.isinf(row)] = np.nan  # infinity has no place on an axis
        rows = self.rows
        at, count = int(np.searchsorted(rows[:, 0], iteration)), len(rows)
        old = at < count and rows[at, 0] == iteration
        # The newest point is always shown; it is replaced while it is too close to the previous.
        if at == count > 1 and rows[-1, 0] - rows[-2, 0] < spacing(rows[-1, 0], iteration):
            at, old = at - 1, True
        rows = np.concatenate([rows[:at], row[None], rows[at + old :]])
        self.rows = _thinned(rows) if len(rows) > MOST else rows
        return bool(rows[-1, 0] == iteration)

    def restore(
        self, curves: Columns, ghost: Columns, marks: Iterable[Mark], notes: Iterable[Note]
    ) -> None:
        """Take over what a file holds: columns (n,) of these series, and others, and its marks."""
        iteration = curves.get("iteration", np.empty(0))
        none = np.full(len(iteration), np.nan)
        rows = np.stack([iteration, *(curves.get(name, none) for name in self.series)], axis=1)
        self.rows = _thinned(rows) if len(rows) > MOST else rows
        known = {name: ghost[name] for name in ("iteration", *self.series) if name in ghost}
        if known and len(known["iteration"]) > MOST:
            rows = _thinned(np.stack(list(known.values()), axis=1))
            known = dict(zip(known, rows.T, strict=True))
        self.ghost, self.marks = known, list(marks)
        self.bookmarks = {note["at"]: {**note, "kind": "note"} for note in notes}

    @property
    def notes(self) -> list[Note]:
        """The notes on the timeline, for a file."""
        flags = self.bookmarks.values()
        return [{"at": f["at"], "iteration": f["iteration"], "text": f["text"]} for f in flags]

    def mark(self, iteration: int, title: str, before: str, after: str) -> None:
        """Mark a change at `iteration`; a knob that is still being dragged keeps one mark."""
        name, when, first = self._merge
        now = time.monotonic()
        if name == title and now - when < _MERGE_SECONDS and self.marks:
            self.marks = self.marks[:-1]  # a new list, since other threads may read the old one
            before = first
        self._merge = (title, now, before)
        self.marks = [
            *self.marks[1 - _MARKS :],
            {
                "iteration": iteration,
                "text": _("{title} {before}→{after}", title=title, before=before, after=after),
            },
        ]

    def mark_update(self, iteration: int, player: str, who: str = "") -> None:
        """Mark an update of `player` out of turn; updates of one iteration share a mark."""
        begins = who + _BY_HAND
        text, last = begins + player, self.marks[-1:]
        if last and last[0]["iteration"] == iteration and last[0]["text"].startswith(begins):
            self.marks, text = self.marks[:-1], last[0]["text"] + player
        self._merge = ("", 0.0, "")
        self.marks = [*self.marks[1 - _MARKS :], {"iteration": iteration, "text": text}]

    def until(self, iteration: int) -> History:
        """The measurements and marks up to an iteration, in front of all as a ghost."""
        other = History(self.series)
        other.rows = self.rows[self.rows[:, 0] <= iteration]
        other.marks = [mark for mark in self.marks if mark["iteration"] <= iteration]
        other.ghost, other.places = self.arrays(), self.places
        notes = self.bookmarks.items()
        other.bookmarks = {at: flag for at, flag in notes if flag["iteration"] <= iteration}
        return other

    def bookmark(self, at: int, iteration: int, text: str) -> None:
        """Keep a note at a position of the timeline; an empty text removes it.

        Raises `SpecError` if there are too many.
        """
        kept = {place: flag for place, flag in self.bookmarks.items() if place != at}
        if text:
            if len(kept) >= _BOOKMARKS:
                raise SpecError(
                    "bookmarks", len(kept) + 1, _("at most {bookmarks}", bookmarks=_BOOKMARKS)
                )
            kept[at] = {"at": at, "iteration": iteration, "text": text, "kind": "note"}
        self.bookmarks = kept  # a new one, since other threads may read the old one

    def lost(self, diverged: tuple[Divergence | None, ...]) -> None:
        """Record which Runs have diverged, in addition to those known before."""
        before = self.diverged or (None,) * len(diverged)
        self.diverged = tuple(a or b for a, b in zip(before, diverged, strict=True))

    def find_flags(self) -> list[Flag]:
        """The marks, and the moments that are found in the measurements, on the timeline."""
        if self.places is None:
            return []
        said = [(mark["iteration"], mark["text"], False) for mark in self.marks]
        columns = self.arrays()
        several = "held" not in columns
        for i, letter in enumerate("ABCD" if several else " "):
            end, who = (f".{i}", f"{letter}: ") if several else ("", "")
            if f"held{end}" not in columns:
                break
            rows = {name: columns[name + end] for name in MEASURED}
            lost = self.diverged[i] if i < len(self.diverged) else None
            for iteration, word in found(rows | {"iteration": columns["iteration"]}, lost):
                said.append((iteration, who + word, True))
        said = sorted(said)[-_FLAGS:]
        places = self.places([iteration for iteration, *_ in said])
        self.flags = [
            {
                "at": at,
                "iteration": iteration,
                "text": text,
                "kind": "found" if is_found else "change",
            }
            for at, (iteration, text, is_found) in zip(places, said, strict=True)
        ]
        self.flags = sorted([*self.flags, *self.bookmarks.values()], key=lambda flag: flag["at"])
        return self.flags

    def arrays(self) -> dict[str, np.ndarray]:
        """iteration and each series, (n,) float64."""
        return dict(zip(("iteration", *self.series), self.rows.T, strict=True))


def _thinned(rows: np.ndarray) -> np.ndarray:
    """The rows without points that are closer to the previous than needed; keeps both ends."""
    apart = spacing(rows[:, 0], rows[-1, 0])
    kept = [0]
    for i in range(1, len(rows) - 1):
        if rows[i, 0] - rows[kept[-1], 0] >= apart[i]:
            kept.append(i)
    return rows[[*kept, len(rows) - 1]]
