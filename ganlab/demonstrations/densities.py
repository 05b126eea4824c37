"""Densities on a line that demonstrations share: Gaussians that are dragged, and drawn curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganlab.demonstrations.picture import Draw, Handle
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec
from ganlab.targets.drawn import HIGHEST

Array = NDArray[np.float64]
LOW, HIGH = -5.0, 5.0  # of the axis
X = np.linspace(LOW, HIGH, 401)
POINTS = 41  # of a drawn curve
SPREAD = (0.3, 3.0)  # of a dragged Gaussian
WIDTH = 0.005
CELLS = np.arange(-30.0, 30.0, WIDTH) + WIDTH / 2  # centres of cells that hold all of the mass
_EDGES = np.arange(-30.0, 30.1, 0.25)  # of the pieces of a quadrature
_ORDER = 12  # its points in each piece


class Density(Protocol):
    """A probability density on the line."""

    def pdf(self, x: ArrayLike) -> Array:
        """The density at x (n,) -> (n,)."""
        ...


@dataclass(frozen=True)
class Normal:
    """A Gaussian."""

    mean: float
    std: float

    def pdf(self, x: ArrayLike) -> Array:
        """The density at x (n,) -> (n,)."""
        z = (np.asarray(x, np.float64) - self.mean) / self.std
        return np.exp(-0.5 * z * z) / (self.std * math.sqrt(2 * math.pi))

    def log(self, x: ArrayLike) -> Array:
        """The logarithm of the density at x (n,) -> (n,), also where the density underflows."""
        z = (np.asarray(x, np.float64) - self.mean) / self.std
        return -0.5 * z * z - math.log(self.std * math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class Drawn:
    """A density that is linear between `heights` at equally spaced points, scaled to area 1."""

    heights: tuple[float, ...]

    @property
    def places(self) -> Array:
        """The points (n,) of the heights (n,)."""
        return np.linspace(LOW, HIGH, len(self.heights))

    def pdf(self, x: ArrayLike) -> Array:
        """The density at x (n,) -> (n,), 0 outside of the axis."""
        area = np.trapezoid(self.heights, self.places)
        heights = np.asarray(self.heights) / area
        at = np.asarray(x, np.float64)
        return np.asarray(np.interp(at, self.places, heights, left=0.0, right=0.0))


@dataclass(frozen=True)
class Movable:
    """The parameters of a density that can be dragged and drawn, and its handles.

    name: the prefix of the parameters; title: what the density is called.
    """

    name: str
    title: str
    role: str
    mean: float
    std: float
    drawable: bool = True

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters: mean and standard deviation, and the heights of a drawn curve."""
        of = _("of {title}", title=self.title)

        def needs(values: Mapping[str, Any]) -> bool:
            return not values.get(self._drawn)

        mean, std = f"{self.name}_mean", f"{self.name}_std"
        out = (
            Param(
                mean,
                _("mean {of}", of=of),
                self.mean,
                -4.5,
                4.5,
                doc=_("Drag its peak."),
                needs=needs,
            ),
            Param(
                std, _("width {of}", of=of), self.std, *SPREAD, doc=_("Drag its side."), needs=needs
            ),
        )
        if not self.drawable:
            return out
        doc = _(
            "Heights {of} from x = {low:g} to {high:g}, drawn by hand; scaled to area 1.",
            of=of,
            low=LOW,
            high=HIGH,
        )
        return (
            *out,
            Param(
                self._drawn, _("curve {of}", of=of), (), 0, 10, "floats", longest=POINTS, doc=doc
            ),
        )

    @property
    def _drawn(self) -> str:
        return f"{self.name}_drawn"

    def of(self, values: Mapping[str, Any]) -> Density:
        """The density for these values."""
        heights = values[self._drawn] if self.drawable else ()
        if heights:
            return Drawn(heights)
        return Normal(values[f"{self.name}_mean"], values[f"{self.name}_std"])

    def refuse(self, values: Mapping[str, Any]) -> tuple[str, Any, str] | None:
        """Why a drawn curve is no density, or None."""
        heights = values[self._drawn] if self.drawable else ()
        if heights and (len(heights) < 3 or not any(heights[1:-1])):
            return (
                self._drawn,
                heights,
                _("3 to {points} heights, not all 0 between the ends", points=POINTS),
            )
        return None

    def handles(self, values: Mapping[str, Any]) -> tuple[Handle, ...]:
        """Handles at the peak and one standard deviation beside it; none for a drawn curve."""
        density = self.of(values)
        if not isinstance(density, Normal):
            return ()
        mean = density.mean
        # On the outer side, away from other curves, if the axis has room for every width there.
        outer = -1.0 if mean <= 0 else 1.0
        sign = outer if abs(mean) + SPREAD[1] <= HIGH else -outer
        side = mean + sign * density.std
        peak, at_side = (float(density.pdf(x)) for x in (mean, side))
        of = self.title
        return (
            Handle(_("mean of {of}", of=of), (mean, peak), f"{self.name}_mean", role=self.role),
            Handle(
                _("width of {of}", of=of),
                (side, at_side),
                f"{self.name}_std",
                role=self.role,
                origin=(mean, 0.0),
                signs=(sign, 1.0),
            ),
        )

    def draws(self, values: Mapping[str, Any]) -> tuple[Draw, ...]:
        """The curve that can be drawn, from its present heights."""
        if not self.drawable:
            return ()
        now = self.of(values).pdf(np.linspace(LOW, HIGH, POINTS))
        return (Draw(self._drawn, self.title, now, self.role),)


def masses(density: Density) -> Array:
    """The masses (n,) of `CELLS`, by the midpoint rule."""
    return density.pdf(CELLS) * WIDTH


def nodes(*densities: Density) -> tuple[Array, Array]:
    """Points (n,) and weights (n,) of a Gauss-Legendre quadrature over the line.

    The bends of drawn densities lie between its pieces, so that it is as exact for them.
    """
    bends = [density.places for density in densities if isinstance(density, Drawn)]
    edges = np.unique(np.concatenate([_EDGES, *bends]))
    points, weights = np.polynomial.legendre.leggauss(_ORDER)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * points).ravel(), (half * weights).ravel()


def as_spec(data: Density, fake: Density, **settings: Any) -> Spec | None:
    """A lab with this p_data, and the p_g of a linear G at its start; None if that was drawn."""
    if not isinstance(fake, Normal):
        return None
    start = (fake.std, fake.mean)  # G(z) = std z + mean
    if isinstance(data, Normal):
        params: dict[str, Any] = {"mean": data.mean, "std": data.std}
        return Spec(target="gaussian", target_params=params, g_hidden=(), g_start=start, **settings)
    assert isinstance(data, Drawn)
    heights = np.rint(HIGHEST * np.asarray(data.heights) / max(data.heights)).astype(int)
    params = {"heights": heights.tolist(), "center": (LOW + HIGH) / 2, "width": HIGH - LOW}
    return Spec(target="drawn", target_params=params, g_hidden=(), g_start=start, **settings)


def top(*curves: Array) -> float:
    """The end of an axis of densities that contains all curves, in steps of 0.2."""
    highest = max(float(curve.max()) for curve in curves)
    return max(0.6, math.ceil(1.12 * highest * 5) / 5)
