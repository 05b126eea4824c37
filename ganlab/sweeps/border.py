"""Where the closed form of a game says that a map's runs stop converging."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganlab.games.lab import radius
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.sweeps.axis import Axis
from ganlab.sweeps.plan import Plan

_MOST = 2500  # points between the cells, of a whole map: a radius takes about 0.2 ms
_EDGE = 1e-9  # a radius nearer to 1 than this is 1
_FINEST = 6  # of them from one cell to the next

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Border:
    """The spectral radius of one iteration over a map, minus 1: runs converge where it is negative.

    cells: of each cell, (cells,). x (nx,), y (ny,): positions between cells, counted in cells from
    0 to the last one along the first and the second axis. between: there, for each value of the
    third axis, (nz, ny, nx). NaN where a combination is not allowed.
    """

    cells: Floats
    x: Floats
    y: Floats
    between: Floats


@lru_cache(maxsize=16)
def border_of(plan: Plan) -> Border | None:
    """The border of a plan whose runs all play a game with a known radius; else None.

    Its first two axes must be numbers, so that there is something between their values.
    """
    if len(plan.axes) < 2 or radius(plan.cells[plan.allowed[0]].spec or plan.base) is None:
        return None
    if not all(isinstance(v, (int, float)) for axis in plan.axes[:2] for v in axis.values):
        return None
    cells = np.array([np.nan if c.spec is None else _level(c.spec) for c in plan.cells])
    if np.isnan(cells).all():
        return None
    share = _MOST / plan.size
    fine = int(np.clip(np.sqrt(max(1.0, share)), 1, _FINEST))
    (x, at_x), (y, at_y) = (_between(axis, fine) for axis in plan.axes[:2])
    third = [{}] if len(plan.axes) < 3 else [_values(plan.axes[2], v) for v in plan.axes[2].values]
    between = np.full((len(third), len(y), len(x)), np.nan)
    for (i, j, k), _ in np.ndenumerate(between):
        values = _values(plan.axes[0], at_x[k]) | _values(plan.axes[1], at_y[j]) | third[i]
        try:
            between[i, j, k] = _level(plan.base.changed(values))
        except SpecError:
            continue
    return Border(cells, x, y, between)


def _level(spec: Spec) -> float:
    found = radius(spec)
    return np.nan if found is None else found - 1


def _values(axis: Axis, value: object) -> dict[str, object]:
    return dict.fromkeys(axis.fields, value)


def _between(axis: Axis, fine: int) -> tuple[Floats, list[float]]:
    """Positions along an axis in cells, and the values there."""
    values = np.array(axis.values, float)
    whole = all(isinstance(v, int) for v in axis.values)
    at = np.linspace(0, len(values) - 1, 1 + (len(values) - 1) * (1 if whole else fine))
    known = np.arange(len(values))
    if whole:
        return at, [int(v) for v in values]
    if (values > 0).all() and _uneven(np.log(values)) < _uneven(values):
        return at, np.exp(np.interp(at, known, np.log(values))).tolist()
    return at, np.interp(at, known, values).tolist()


def _uneven(values: Floats) -> float:
    """How much the steps between values differ, relative to their mean size."""
    steps = np.diff(values)
    return float(np.ptp(steps) / np.abs(steps).mean()) if len(steps) else 0.0


class Agreement(NamedTuple):
    """In how many cells the verdict is as computed; is not, beside the border; and elsewhere.

    A cell is beside the border if one of the cells around it, also diagonally, is computed to end
    as this one did.
    """

    agree: int
    beside: int
    elsewhere: int

    @property
    def cells(self) -> int:
        """The number of cells that have a verdict."""
        return self.agree + self.beside + self.elsewhere


def agreement(plan: Plan, names: NDArray[Any]) -> Agreement | None:
    """How the verdicts of the cells, (cells,), agree with the closed form; None if there is none.

    Cells without a verdict ("") are not counted.
    """
    border = border_of(plan)
    if border is None:
        return None
    inside = (border.cells < -_EDGE).reshape(plan.shape)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(inside, 1, mode="edge"), (3,) * inside.ndim
    )
    last = tuple(range(inside.ndim, 2 * inside.ndim))
    some, every = (f(axis=last).reshape(-1) for f in (around.any, around.all))
    known, converged = names != "", names == "converged"
    same = converged == inside.reshape(-1)
    near = np.where(converged, some, ~every)
    counts = (known & same, known & ~same & near, known & ~same & ~near)
    return Agreement(*(int(np.count_nonzero(c)) for c in counts))
