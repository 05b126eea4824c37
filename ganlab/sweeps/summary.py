"""What a map shows of each cell: verdicts, late medians, and curves with quartiles."""

from __future__ import annotations

from collections import Counter, OrderedDict
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ganlab.languages import _, listed
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.results import Folder
from ganlab.sweeps.verdict import VERDICTS, Verdict

MEASURES = ("jsd", "w1", "modes", "held", "hq", "d_accuracy", "value", "grad_g")
CURVES = ("jsd", "w1")  # of which a map shows small curves
_POINTS = 24  # of a small curve, at most
_MOST = 16  # maps that a process remembers

Floats = NDArray[np.float64]


class Summary:
    """The finished runs of a map by cell; `update` reads the blocks that are new."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._seen: set[int] = set()
        self.verdicts: dict[int, list[tuple[str, int]]] = {}  # of each run: its name and modes
        self._late: dict[int, list[list[float]]] = {}  # of each run: late medians of MEASURES
        count = len(plan.at)
        self._points = np.unique(np.linspace(0, count - 1, min(_POINTS, count)).round().astype(int))
        self._runs: dict[int, list[Floats]] = {}  # small curves of the runs of unfinished cells
        self._small: dict[int, Floats] = {}  # quartiles of those of finished cells
        self._lock = Lock()

    def update(self, folder: Folder) -> Summary:
        """Read the results of blocks that were finished since."""
        with self._lock:
            for block in self.plan.blocks:
                if block.number not in self._seen and folder.has(block.number):
                    self.add(folder.read(block.number))
                    self._seen.add(block.number)
        return self

    def add(self, table: pa.Table) -> None:
        """Add runs that are not in it yet, from rows as `work.train` makes them."""
        for (cell, _unused), rows in table.to_pandas().groupby(["cell", "seed"], sort=False):
            late = rows.iloc[len(rows) // 2 :]
            self.verdicts.setdefault(int(cell), []).append(
                (str(rows.verdict.iloc[0]), int(rows.modes_held.iloc[0]))
            )
            values = [
                float(np.nanmedian(late[m])) if late[m].notna().any() else np.nan for m in MEASURES
            ]
            self._late.setdefault(int(cell), []).append(values)
            self._add_curves(int(cell), rows)

    def _add_curves(self, cell: int, rows: Any) -> None:
        small = np.full((len(CURVES), len(self._points)), np.nan)
        there = self._points[self._points < len(rows)]
        small[:, : len(there)] = rows[list(CURVES)].to_numpy()[there].T
        runs = self._runs.setdefault(cell, [])
        runs.append(small)
        if len(runs) == self.plan.seeds:  # memory for three curves of a cell, not for all runs
            self._small[cell] = _quartiles(np.stack(self._runs.pop(cell)))

    def majority(self) -> NDArray[Any]:
        """The most frequent verdict of each cell, (cells,); "" if there is none yet.

        Of equally frequent ones the first in the order of `VERDICTS`.
        """
        names = np.full(self.plan.size, "", dtype=object)
        order = list(VERDICTS)
        for cell, found in self.verdicts.items():
            counts = Counter(name for name, _ in found)
            names[cell] = max(counts, key=lambda n: (counts[n], -order.index(n)))
        return names

    def counts(self, cell: int) -> str:
        """The verdicts on a cell's runs in words, the most frequent first."""
        found = self.verdicts.get(cell, [])
        words = Counter(Verdict(name, modes) for name, modes in found)
        parts = [
            _("{count} {word}", count=count, word=one.words) for one, count in words.most_common()
        ]
        return listed(parts) if parts else _("not yet")

    def small(self, cell: int, name: str) -> Floats:
        """A coarse curve of one of `CURVES`: its quartiles over a cell's runs so far, (3, points).

        NaN where there is none. The points are at equal distances from the start to the end.
        """
        at = CURVES.index(name)
        if cell in self._small:
            return self._small[cell][:, at]
        if cell in self._runs:
            return _quartiles(np.stack(self._runs[cell]))[:, at]
        return np.full((3, len(self._points)), np.nan)

    def measure(self, name: str, spread: bool = False) -> Floats:
        """The median over each cell's runs of a late median, or its interquartile range: (cells,).

        NaN where there is none yet. Raises ValueError for another name than those of `MEASURES`.
        """
        at, out = MEASURES.index(name), np.full(self.plan.size, np.nan)
        for cell, rows in self._late.items():
            values = np.array([row[at] for row in rows])
            values = values[np.isfinite(values)]
            if len(values):
                low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
                out[cell] = high - low if spread else middle
        return out


def curves(plan: Plan, folder: Folder, cell: int, name: str) -> tuple[Floats, Floats]:
    """Iterations (checks,), and the quartiles (3, checks) of a measure over a cell's runs so far.

    NaN where no run is left.
    """
    at = np.array(plan.at, float)
    rows = np.full((plan.seeds, len(at)), np.nan)
    number = 0
    for block in plan.blocks:
        if not any(c == cell for c, _ in block.runs) or not folder.has(block.number):
            continue
        frame = folder.read(block.number).to_pandas()
        for _unused, own in frame[frame.cell == cell].groupby("seed", sort=False):
            rows[number, np.searchsorted(at, own.iteration)] = own[name]
            number += 1
    return at, _quartiles(rows)


def _quartiles(rows: Floats) -> Floats:
    """The quartiles over the runs (R, ...) that are finite: (3, ...); NaN where none is."""
    finite = np.where(np.isfinite(rows), rows, np.nan)
    out = np.full((3, *rows.shape[1:]), np.nan)
    some = np.isfinite(finite).any(0)
    if some.any():
        out[:, some] = np.nanquantile(finite[:, some], (0.25, 0.5, 0.75), axis=0)
    return out


_KNOWN: OrderedDict[str, Summary] = OrderedDict()
_KNOWN_LOCK = Lock()


def summary_of(folder: Folder) -> Summary:
    """The summary of a folder, remembered by this process, with what is new."""
    key = str(folder.path.resolve())
    with _KNOWN_LOCK:
        known = _KNOWN.pop(key, None)
        if known is None or known.plan != folder.plan:
            known = Summary(folder.plan)
        _KNOWN[key] = known
        while len(_KNOWN) > _MOST:
            _KNOWN.popitem(last=False)
    return known.update(folder)
