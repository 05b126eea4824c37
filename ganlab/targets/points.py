"""A few given points as p_data: a training set, without a density behind it."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Examples,
    Floats,
    Target,
    Target1D,
    TargetEntry,
    frozen,
    line_box,
    square_box_about,
)

_MOST = 32


class _Points(Target):
    """p_data = 1/n sum_i delta(x - x_i), of points x_i rounded to float32: (n, dim).

    There is no density: `log_density` is inf at the points and -inf elsewhere. Minibatches are
    those of `examples`; if a batch is n, each is the whole set.
    """

    has_density = False

    def __init__(self, points: Floats):
        self._stored = torch.tensor(points, dtype=torch.float32)
        self.points = frozen(self._stored.double().numpy())
        self.dim = self.points.shape[1]

    @property
    def examples(self) -> Examples:
        """The points."""
        return Examples(self._stored, _same, torch.zeros(len(self._stored), dtype=torch.int64))

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: drawn with replacement."""
        return self._stored[torch.randint(len(self._stored), (n,), generator=generator)]

    def _log_density(self, x: Floats) -> Floats:
        there = (x[..., None, :] == self.points).all(-1).any(-1)
        return np.where(there, np.inf, -np.inf)

    def _cell_masses(self, *edges: Floats) -> Floats:
        # np.histogram counts a point on the last edge, which belongs to the next cell.
        cells = tuple(len(e) - 1 for e in edges)
        at = [np.searchsorted(e, self.points[:, i], "right") - 1 for i, e in enumerate(edges)]
        inside = np.all([(a >= 0) & (a < c) for a, c in zip(at, cells, strict=True)], axis=0)
        flat = np.ravel_multi_index([a[inside] for a in at], cells)
        counts = np.bincount(flat, minlength=int(np.prod(cells)))
        return counts.reshape(cells) / len(self.points)


def _same(x: torch.Tensor) -> torch.Tensor:
    return x


class Points1D(_Points, Target1D):
    """Points on the line, (n, 1)."""

    def __init__(self, points: Floats):
        super().__init__(points)
        self._sorted = np.sort(self.points[:, 0])
        low, high = self._sorted[0], self._sorted[-1]
        self.box = line_box(low, high, _margin(high - low, max(-low, high)))

    def cdf(self, x: Floats) -> Floats:
        """The share of the points that are <= x; any shape."""
        return np.searchsorted(self._sorted, x, "right") / len(self._sorted)

    def sf(self, x: Floats) -> Floats:
        """The share of the points that are > x; any shape."""
        n = len(self._sorted)
        return (n - np.searchsorted(self._sorted, x, "right")) / n

    def quantile_means(self, levels: Floats) -> Floats:
        """See `Target1D.quantile_means`: from the integral of F^-1, which is piecewise linear."""
        n = len(self._sorted)
        sums = np.append(0.0, np.cumsum(self._sorted)) / n
        whole = np.interp(levels, np.arange(n + 1) / n, sums)
        width = np.diff(levels)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(width > 0, np.diff(whole) / width, self.ppf(levels[1:]))

    def _ppf(self, u: Floats) -> Floats:
        n = len(self._sorted)
        return self._sorted[np.clip(np.ceil(u * n - 1e-9).astype(int) - 1, 0, n - 1)]


class Points2D(_Points):
    """Points in the plane, (n, 2)."""

    def __init__(self, points: Floats):
        super().__init__(points)
        low, high = self.points.min(0), self.points.max(0)
        half = float((high - low).max()) / 2
        margin = _margin(2 * half, float(np.abs(self.points).max()))
        self.box = square_box_about((low + high) / 2, half + margin)


def _margin(spread: float, far: float) -> float:
    """The free space around points with this spread and this largest coordinate."""
    return spread / 8 or max(1.0, far * 1e-3)


def points_1d(points: tuple[float, ...]) -> Points1D:
    """The points, at least one. Raises `SpecError` for none."""
    if not points:
        raise SpecError("points", points, _("at least one number"))
    return Points1D(np.array(points)[:, None])


def points_2d(points: tuple[float, ...]) -> Points2D:
    """The points x1, y1, x2, y2, ... Raises `SpecError` unless there are pairs."""
    if not points or len(points) % 2:
        raise SpecError("points", points, _("pairs of numbers x, y, at least one pair"))
    return Points2D(np.array(points).reshape(-1, 2))


_EQUATION = r"p_{data} = \tfrac1n \sum_{i=1}^n \delta_{x_i}"
_SQUARE = tuple(float(v) for pair in itertools.product((-1, 1), repeat=2) for v in pair)


def _param(doc: str, default: tuple[float, ...], longest: int) -> Param:
    return Param(
        "points",
        _("points"),
        default,
        -FARTHEST,
        FARTHEST,
        kind="floats",
        longest=longest,
        doc=_(
            "{doc}, separated by commas. Minibatches go through them in turn, shuffled.", doc=doc
        ),
    )


TARGETS.add(
    TargetEntry(
        name="points",
        title=_("given points"),
        equation=_EQUATION,
        doc=_(
            "A training set of a few points, and nothing between them: D can learn each by heart."
        ),
        params=(_param(_("The points"), (-2.0, -0.5, 0.0, 0.5, 2.0), _MOST),),
        finite=True,
        build=points_1d,
    )
)
TARGETS.add(
    TargetEntry(
        name="points_2d",
        title=_("given points in the plane"),
        equation=_EQUATION,
        doc=_("A training set of a few points in the plane: D can learn each of them by heart."),
        dim=2,
        params=(_param(_("x and y of each point in turn"), (*_SQUARE, 0.0, 0.0), 2 * _MOST),),
        finite=True,
        build=points_2d,
    )
)
