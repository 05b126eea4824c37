"""Keyframes: the States of a run at some moments, so few that they fit a number of bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

import numpy as np

from ganlab.engine import Keyframe

MOST = 400  # keyframes
_LEAST_GAP = 8  # updates between two of them, which are replayed at once
_DENSER = 4.0  # times, near flags
_NEAR = 1 / 60  # of the run's length, the distance from a flag that counts as near
_APART = 1.3  # the ratio of the distances to a moment of two neighbouring keyframes


class Kept(Protocol):
    """A moment of one run, or of several. updates: its position in the run."""

    @property
    def updates(self) -> int: ...

    @property
    def nbytes(self) -> int: ...


K = TypeVar("K", bound=Kept)


class Keyframes(Generic[K]):
    """Keyframes in the order of a run, at most `most_bytes` of them.

    They thin out evenly as the run grows, but less near `flags`, which are numbers of updates.
    """

    def __init__(self, most_bytes: float):
        self.most_bytes = most_bytes
        self.flags: tuple[int, ...] = ()
        self._kept: list[K] = []
        self._at: list[int] = []  # their updates
        self._sizes: list[int] = []  # in bytes
        self._due = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[K]:
        return iter(self._kept)

    def copied(self) -> Keyframes[K]:
        """A copy, to which others may be added."""
        other = Keyframes[K](self.most_bytes)
        other.flags, other._kept = self.flags, list(self)
        # From the copy, since a worker may add one meanwhile.
        other._at = [one.updates for one in other._kept]
        other._sizes = [one.nbytes for one in other._kept]
        other._due = other._at[-1] + _LEAST_GAP if other._at else 0
        return other

    @property
    def nbytes(self) -> int:
        """Their size in bytes."""
        return sum(self._sizes)

    @property
    def updates(self) -> list[int]:
        """The updates of each, ascending."""
        return list(self._at)

    def due(self, updates: int) -> bool:
        """Whether a run that has made `updates` should add one."""
        return updates >= self._due

    def add(self, one: K) -> None:
        """Add a later one than the others, and leave out others for it if there are too many."""
        if self._at and self._at[-1] == one.updates:
            del self._kept[-1], self._at[-1], self._sizes[-1]
        self.extend([one])

    def extend(self, later: Iterable[K]) -> None:
        """Add later ones than the others, in order, and leave out some if there are too many."""
        later = list(later)
        if not later:
            return
        room = int(min(MOST, self.most_bytes // max(1, later[-1].nbytes)))
        if room < 1:
            self._due = 2**62  # such a run is replayed from its start
            return
        self._kept += later
        self._at += [one.updates for one in later]
        self._sizes += [one.nbytes for one in later]
        size = self.nbytes
        while len(self._kept) > 1 and (len(self._kept) > MOST or size > self.most_bytes):
            size -= self._drop_one()
        # Twice as dense as they will be when they are thinned: recent moments are shown most often.
        last = self._at[-1]
        self._due = last + max(_LEAST_GAP, (last - self._at[0]) // (2 * room))

    def _drop_one(self) -> int:
        """Drop the one whose neighbours are closest; never the first or, if possible, the last.

        Returns its size in bytes.
        """
        at = np.array(self._at, np.float64)
        worst = len(at) - 1
        if len(at) > 2:
            gaps = at[2:] - at[:-2]
            if self.flags:
                reach = max(_LEAST_GAP, (at[-1] - at[0]) * _NEAR)
                away = np.abs(at[1:-1, None] - np.array(self.flags)).min(1)
                gaps = gaps * np.where(away <= reach, _DENSER, 1.0)
            worst = 1 + int(gaps.argmin())
        del self._at[worst], self._kept[worst]
        return self._sizes.pop(worst)

    def cut(self, updates: int) -> None:
        """Drop those after `updates`."""
        count = bisect_right(self._at, updates)
        del self._kept[count:], self._at[count:], self._sizes[count:]
        self.flags = tuple(flag for flag in self.flags if flag <= updates)
        self._due = min(self._due, updates + _LEAST_GAP)


def apart(found: Iterable[Keyframe], target: int, most_bytes: float) -> list[Keyframe]:
    """Those of `found` by which `target` and the moments before it are reached soonest.

    They lie the farther apart the farther they are from it; at most `most_bytes` of them.
    """
    kept: dict[int, Keyframe] = {}
    left, last = most_bytes, 0.0
    for one in sorted(found, key=lambda one: abs(target - one.updates)):
        away = abs(target - one.updates)
        if one.updates in kept or (kept and away < last * _APART):
            continue
        if one.nbytes > left:
            break
        kept[one.updates] = one
        left, last = left - one.nbytes, away
    return [kept[at] for at in sorted(kept)]
