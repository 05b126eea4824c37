"""The order of a sweep's blocks: cells spread over the whole map first, then where verdicts differ.

The package `adaptive` chooses points of a continuous domain one by one. Here a block of runs is
chosen whole, and which runs share a block must not depend on results: the last bits of a run can
depend on those beside it, and the table must be the same in whatever order blocks are trained.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ganlab.registry import SpecError
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.results import Folder
from ganlab.sweeps.spread import COARSE, levels
from ganlab.sweeps.verdict import VERDICTS

_GROWTH = 1.02  # of the number of known cells, before waiting blocks are ranked again


class Order:
    """Iterates over the unfinished blocks of a plan; `add` gives it the results of a block.

    First come blocks with cells of the coarse grid. Of the others that one is next with the largest
    share of cells whose nearest finished cells have different verdicts; then the one that is
    farthest from any finished cell.
    """

    def __init__(self, plan: Plan, folder: Folder | None = None):
        """Raises `SpecError` if a block in the folder has other runs than the plan's."""
        runs = [(block.number, cell) for block in plan.blocks for cell, _ in block.runs]
        self._pairs = np.array(runs).T  # of each run: its block and its cell
        self._at = np.array([cell.at for cell in plan.cells], float)
        self._counts = np.zeros((plan.size, len(VERDICTS)), int)
        own = [levels(n) for n in plan.shape]
        coarse = []
        for block in plan.blocks:
            at = plan.cells[block.runs[0][0]].at
            level = max(of_axis[i] for of_axis, i in zip(own, at, strict=True))
            if level <= COARSE:
                coarse.append((level, block.number))
        self._coarse = [number for _, number in sorted(coarse, reverse=True)]
        self._fine = {block.number for block in plan.blocks} - set(self._coarse)
        self._ranked: list[int] = []
        self._judged_at = -1
        if folder is not None:
            for block in plan.blocks:
                if folder.has(block.number):
                    table = folder.read(block.number, ["cell", "seed", "verdict"])
                    runs = table.select(["cell", "seed"]).to_pandas().itertuples(index=False)
                    if set(runs) != {(cell, plan.seed(n)) for cell, n in block.runs}:
                        other = "a new folder: this one has other blocks, of another version"
                        raise SpecError("folder", str(folder.path), other)
                    self.add(table)
                    self._fine.discard(block.number)
            self._coarse = [number for number in self._coarse if not folder.has(number)]

    def __len__(self) -> int:
        """How many blocks are still to come."""
        return len(self._coarse) + len(self._fine)

    @property
    def missing(self) -> set[int]:
        """The numbers of those blocks."""
        return {*self._coarse, *self._fine}

    def __iter__(self) -> Iterator[int]:
        while self._coarse or self._fine:
            if self._coarse:
                yield self._coarse.pop()
                continue
            known = int((self._counts.sum(1) > 0).sum())
            if not self._ranked or known > _GROWTH * self._judged_at:
                self._ranked = self._rank()
                self._judged_at = known
            number = self._ranked.pop()
            self._fine.discard(number)
            yield number

    def add(self, table: pa.Table) -> None:
        """Note the verdicts of a finished block, from the rows that `work.train` makes."""
        order = list(VERDICTS)
        runs = table.select(["cell", "seed", "verdict"]).to_pandas()
        for cell, verdict in runs.drop_duplicates(["cell", "seed"])[["cell", "verdict"]].to_numpy():
            self._counts[int(cell), order.index(verdict)] += 1

    def _rank(self) -> list[int]:
        """The waiting blocks, the next one last."""
        numbers = np.array(sorted(self._fine))
        known = np.flatnonzero(self._counts.sum(1))
        if not len(known):
            return [int(n) for n in numbers[::-1]]
        block, cell = self._pairs
        size = np.bincount(block)
        disputed, far = (np.bincount(block, of[cell]) / size for of in self._judge(known))
        keys = (-numbers, far[numbers], disputed[numbers])
        return [int(n) for n in numbers[np.lexsort(keys)]]

    def _judge(self, known: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Whether verdicts differ around each cell, and how far the nearest finished one is."""
        majority = self._counts[known].argmax(1)
        near = min(2 ** self._at.shape[1], len(known))  # as many as a box has corners
        distance, which = cKDTree(self._at[known]).query(self._at, near)
        around = majority[which.reshape(len(self._at), near)]
        return np.ptp(around, axis=1) > 0, distance.reshape(len(self._at), near)[:, 0]
