"""A uniform distribution on every other square of a board."""

from __future__ import annotations

import math

import numpy as np
import torch

from ganlab.languages import _
from ganlab.registry import Param
from ganlab.targets.base import TARGETS, Floats, Target, TargetEntry, frozen, square_box
from ganlab.targets.one_d import float32_inside


class Checkerboard(Target):
    """Uniform on the squares (i, j) with even i + j of a board of squares x squares centred on 0.

    p_data(x) = 1/(number of such squares * side^2) on them, side = width/squares. The square
    (0, 0) is at the lower left; each includes its lower and left edges.
    """

    dim = 2

    def __init__(self, squares: int, width: float):
        self.box = square_box(width / 2, 0.0)
        self._edges = frozen(np.linspace(-width / 2, width / 2, squares + 1))
        i, j = np.indices((squares, squares))
        self._on = frozen((i + j) % 2 == 0)
        self._area = self._on.sum() * (width / squares) ** 2
        square = np.stack([i, j], axis=-1)[self._on > 0]
        low32, high32 = float32_inside(self._edges[square], self._edges[square + 1])
        self._low, self._high = torch.from_numpy(low32), torch.from_numpy(high32)
        self._side = width / squares

    @property
    def sides(self) -> tuple[list[float], list[float]]:
        """For each column, the smallest and the largest coordinate of its samples, in float32."""
        low, high = float32_inside(self._edges[:-1], self._edges[1:])
        return low.tolist(), high.tolist()

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a square, then a point in it."""
        square = torch.randint(len(self._low), (n,), generator=generator)
        x = torch.rand(n, 2, generator=generator).mul_(self._side)
        x.add_(self._low.index_select(0, square))
        return torch.minimum(x, self._high.index_select(0, square), out=x)

    def _log_density(self, x: Floats) -> Floats:
        squares = len(self._on)
        at = np.searchsorted(self._edges, x, side="right") - 1
        inside = np.all((at >= 0) & (at < squares), axis=-1)
        at = np.clip(at, 0, squares - 1)
        on = inside & (self._on[at[..., 0], at[..., 1]] > 0)
        return np.where(on, -math.log(self._area), -np.inf)

    def _cell_masses(self, *edges: Floats) -> Floats:
        overlaps = []
        for e in edges:
            low = np.maximum(e[:-1, None], self._edges[:-1])
            high = np.minimum(e[1:, None], self._edges[1:])
            overlaps.append(np.maximum(high - low, 0))
        return overlaps[0] @ self._on @ overlaps[1].T / self._area


TARGETS.add(
    TargetEntry(
        name="checkerboard",
        title=_("checkerboard"),
        dim=2,
        equation=r"p_{data}(x) = \frac{1}{\#\{i + j\ \mathrm{even}\}\,(w/n)^2}"
        r"\ \text{on square } (i, j),\ i + j\ \text{even}",
        doc=_("Sharp edges and corners that touch: watch how much the generator spills over."),
        params=(
            Param(
                "squares",
                _("squares per side"),
                4,
                2,
                10,
                kind="int",
                doc=_("Number of squares along each side; every other square is filled."),
            ),
            Param("width", _("width"), 4.0, 0.5, 10.0, doc=_("Side length of the board.")),
        ),
        build=Checkerboard,
    )
)
