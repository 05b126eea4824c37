"""The user's own points as p_data: a Gaussian kernel around each of them."""

from __future__ import annotations

import functools
import math

import numpy as np

from ganlab.languages import _
from ganlab.own_data import toy_sets
from ganlab.own_data.examples import Examples
from ganlab.own_data.points import Points, points_of
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Floats,
    Target,
    TargetEntry,
    Units,
    check_resolved,
    line_box,
    square_box_about,
)
from ganlab.targets.kernels import LINE_NODES, PLANE_NODES, Kernels1D, Kernels2D

STANDARD, AS_THEY_ARE = "standardised", _("as they are")
_NODES = {1: LINE_NODES, 2: PLANE_NODES}
_PER_KERNEL = {1: 8, 2: 4}  # nodes per standard deviation; points move to the nearest one
_JUDGED = 600  # points by which the kernel's width is chosen
_TRIED = 0.02 * 1.15 ** np.arange(33)  # widths, in standard deviations of the points
_ROUNDED = 0.7  # a smaller share of different points means that they were rounded
_BACKGROUND = 0.05  # the share of points that the kernels need not explain
_LEAST_WIDTH = 1e-6
_MANY = 2000  # points, from which on the outermost thousandth is not in the picture


def kernel_width(x: Floats) -> float:
    """The standard deviation of the kernels around points x (n, dim), which have unit variance.

    It maximises the likelihood of each of (up to 600) points under the kernels of the others, with
    a twentieth of a Cauchy density, which explains points far from all others: they would widen all
    kernels. For more points it shrinks as
    n^(-1/(4 + dim)) (Duin 1976; Silverman 1986). Points on a grid, as rounded numbers are, are
    first spread over its steps.
    """
    n, dim = x.shape
    random = np.random.default_rng(0)
    some = x[random.permutation(n)[:_JUDGED]].astype(np.float64)
    m = len(some)
    for axis in range(dim):
        places = np.unique(some[:, axis])
        if 1 < len(places) < _ROUNDED * m:  # they were rounded: spread them over their steps
            some[:, axis] += np.median(np.diff(places)) * (random.random(m) - 0.5)
    square = ((some[:, None] - some) ** 2).sum(-1)
    square[square < 1e-12] = np.inf
    background = _BACKGROUND / (1 - _BACKGROUND) * (1 / (math.pi * (1 + some**2))).prod(1)

    def likelihood(width: float) -> float:
        kernels = np.exp(-0.5 * square / width**2).sum(1) / (m - 1)
        return float(np.log(kernels / (2 * math.pi * width**2) ** (dim / 2) + background).sum())

    return float(max(_TRIED, key=likelihood) * (m / n) ** (1 / (4 + dim)))


@functools.lru_cache(maxsize=64)
def _width(examples: Examples, data: str, dim: int) -> float:
    return kernel_width(points_of(examples.find(data), dim).x)


def _build(examples: Examples, dim: int, data: str, scale: str, smoothing: float) -> Target:
    points = points_of(examples.find(data), dim)
    low, high = points.x.min(0).astype(np.float64), points.x.max(0).astype(np.float64)
    most = _NODES[dim]
    width = _width(examples, data, dim) * smoothing
    width = max(width, _PER_KERNEL[dim] * float((high - low).max()) / (most - 1))
    pitch = width / _PER_KERNEL[dim]
    index = np.rint((points.x - low) / pitch).astype(np.int64)
    shape = tuple(index.max(0) + 1)
    counts = np.bincount(np.ravel_multi_index(tuple(index.T), shape), minlength=math.prod(shape))
    centre, spread = np.zeros(dim), np.ones(dim)
    units: Units | None = Units(points.centre, points.spread, points.axes)
    if scale == AS_THEY_ARE:
        centre, spread, units = points.centre, points.spread, Units(centre, spread, points.axes)
        _check(points, low, high, width)
    if len(points.x) >= _MANY:
        low, high = np.quantile(points.x, [0.0005, 0.9995], axis=0).astype(np.float64)
    low, high = low * spread + centre, high * spread + centre
    origin, std = points.x.min(0) * spread + centre, np.full(dim, width) * spread
    tail = 4 * float(std.max())
    box = (
        line_box(low[0], high[0], tail)
        if dim == 1
        else square_box_about((low + high) / 2, float((high - low).max()) / 2 + tail)
    )
    made = Kernels1D if dim == 1 else Kernels2D
    target = made(counts.reshape(shape), origin, pitch * spread, std, box)
    target.units = units
    target.note = _(
        "{count:,} points. The Gaussian around each has {width:.2g} times their "
        "standard deviation, so p_data's is {hypot:.3g} times theirs.",
        count=len(points.x),
        width=width,
        hypot=math.hypot(1, width),
    )
    return target


def _check(points: Points, low: Floats, high: Floats, width: float) -> None:
    """Raise `SpecError` for points whose own numbers no net could learn."""
    ends = np.abs(np.stack([low, high]) * points.spread + points.centre).max(0)
    for far, spread, axis in zip(ends, points.spread, points.axes, strict=True):
        if far > FARTHEST or spread * width < _LEAST_WIDTH:
            allowed = _(
                "{standard}: {axis} reaches {far:.3g} and spreads by {spread:.3g}",
                standard=STANDARD,
                axis=axis,
                far=far,
                spread=spread,
            )
            raise SpecError("scale", AS_THEY_ARE, allowed)
        check_resolved(far, "scale", spread * width)


def _params(examples: Examples, default: str) -> tuple[Param, ...]:
    return (
        Param(
            "data",
            _("points"),
            default,
            kind="data",
            choices=examples,
            doc=_("The points: an example, or your own, from a file or pasted."),
        ),
        Param(
            "scale",
            _("scale"),
            STANDARD,
            kind="choice",
            choices=(STANDARD, AS_THEY_ARE),
            doc=_(
                "Whether G and D see each column with mean 0 and standard deviation 1, or as "
                "it is. Nets learn numbers of size 1 best; the axes show your own units in "
                "any case."
            ),
        ),
        Param(
            "smoothing",
            _("smoothing"),
            1.0,
            0.2,
            5.0,
            log=True,
            doc=_(
                "Factor of the kernel's width, which is chosen so that the points make each "
                "other likely (cross-validation)."
            ),
        ),
    )


_EQUATION = r"p_{data}(x) = \tfrac1n \sum_{i=1}^n \mathcal{N}(x; x_i, h^2)"
_DOC = _("Points from your file: upload or paste a table. p_data is a Gaussian kernel around each.")
TARGETS.add(
    TargetEntry(
        name="own_points",
        title=_("your own points…"),
        equation=_EQUATION,
        doc=_DOC,
        cite="Parzen 1962",
        params=_params(toy_sets.LINE, "waiting"),
        build=functools.partial(_build, toy_sets.LINE, 1),
    )
)
TARGETS.add(
    TargetEntry(
        name="own_points_2d",
        title=_("your own points in the plane…"),
        equation=_EQUATION,
        doc=_DOC,
        cite="Parzen 1962",
        dim=2,
        params=_params(toy_sets.PLANE, "moons"),
        build=functools.partial(_build, toy_sets.PLANE, 2),
    )
)
