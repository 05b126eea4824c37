"""The targets in 1-D."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.registry import Param
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Floats,
    Target1D,
    TargetEntry,
    check_resolved,
    line_box,
)
from ganlab.targets.mixtures import GaussianMixture1D
from ganlab.targets.mode_params import mode_weights, weights_param


def float32_inside(low: Floats, high: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The smallest float32 >= low and the largest float32 < high, elementwise.

    Rounding a draw to float32 could move it over the edge of the support; these bounds prevent it.
    """
    low32, high32 = (np.asarray(edge, np.float32) for edge in (low, high))
    up, down = np.float32(np.inf), np.float32(-np.inf)
    low32 = np.where(low32.astype(np.float64) < low, np.nextafter(low32, up), low32)
    high32 = np.where(high32.astype(np.float64) >= high, np.nextafter(high32, down), high32)
    return low32, high32


class Uniform(Target1D):
    """p_data(x) = 1/width for |x - center| <= width/2."""

    def __init__(self, center: float, width: float):
        check_resolved(center, "width", width)
        self._low, self._high = center - width / 2, center + width / 2
        self._width = self._high - self._low
        self.box = line_box(self._low, self._high, 0.0)
        low32, high32 = float32_inside(np.array(self._low), np.array(self._high))
        self._clamp = float(low32), float(high32)

    @property
    def ends(self) -> tuple[float, float, tuple[float, float]]:
        """The lower and the upper end, and the smallest and the largest sample, in float32."""
        return self._low, self._high, self._clamp

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`."""
        u = torch.rand(n, 1, generator=generator)
        return u.mul_(self._width).add_(self._low).clamp_(*self._clamp)

    def _log_density(self, x: Floats) -> Floats:
        inside = (x[..., 0] >= self._low) & (x[..., 0] <= self._high)
        return np.where(inside, -math.log(self._width), -np.inf)

    def cdf(self, x: Floats) -> Floats:
        """F(x) = (x - low)/width, held to [0, 1]; any shape."""
        return (np.clip(x, self._low, self._high) - self._low) / self._width

    def sf(self, x: Floats) -> Floats:
        """1 - F(x) = (high - x)/width, held to [0, 1]; any shape."""
        return (self._high - np.clip(x, self._low, self._high)) / self._width

    def _ppf(self, u: Floats) -> Floats:
        return self._low + u * self._width


class Laplace(Target1D):
    """p_data(x) = exp(-|x - mean|/scale) / (2 scale)."""

    def __init__(self, mean: float, scale: float):
        check_resolved(mean, "scale", scale)
        self._mean, self._scale = mean, scale
        self.box = line_box(mean, mean, 8 * scale)  # all but exp(-8) = .03 % of the mass

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a uniform number's quantile; no draw is beyond 16.7 scales."""
        # Odd multiples of 2^-24 in (-1, 1), exact in float32: the logarithm's argument is never 0.
        v = torch.rand(n, 1, generator=generator).mul_(2).sub_(1 - 2**-24)
        tail = v.abs().neg_().log1p_().mul_(-self._scale)
        return torch.copysign(tail, v, out=tail).add_(self._mean)

    def _log_density(self, x: Floats) -> Floats:
        return -np.abs(self._standard(x[..., 0])) - math.log(2 * self._scale)

    def _standard(self, x: Floats) -> Floats:
        return (np.asarray(x, dtype=np.float64) - self._mean) / self._scale

    def cdf(self, x: Floats) -> Floats:
        """F = exp(z)/2 below the mean and 1 - exp(-z)/2 above, z = (x - mean)/scale."""
        z = self._standard(x)
        tail = 0.5 * np.exp(-np.abs(z))
        return np.where(z < 0, tail, 1 - tail)

    def sf(self, x: Floats) -> Floats:
        """1 - F(x) = F(2 mean - x), by symmetry."""
        return self.cdf(2 * self._mean - np.asarray(x, dtype=np.float64))

    def _ppf(self, u: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            tail = np.log(2 * np.minimum(u, 1 - u))
        return self._mean + self._scale * np.where(u < 0.5, tail, -tail)


class Cauchy(Target1D):
    """p_data(x) = 1 / (pi scale (1 + z^2)), z = (x - location)/scale: it has no mean."""

    has_mean = False

    def __init__(self, location: float, scale: float):
        check_resolved(location, "scale", scale)
        self._location, self._scale = location, scale
        # Tails this heavy fit no picture: ten scales each way leave out 6.3 % of the mass.
        self.box = line_box(location, location, 10 * scale)

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a uniform angle's tangent; no draw is beyond 2.3e7 scales."""
        angle = torch.rand(n, 1, generator=generator).sub_(0.5).mul_(math.pi)
        return angle.tan_().mul_(self._scale).add_(self._location)

    def _log_density(self, x: Floats) -> Floats:
        z = self._standard(x[..., 0])
        return -math.log(math.pi * self._scale) - 2 * np.log(np.hypot(1, z))

    def _standard(self, x: Floats) -> Floats:
        return (np.asarray(x, dtype=np.float64) - self._location) / self._scale

    def cdf(self, x: Floats) -> Floats:
        """F(x) = 1/2 + arctan(z)/pi, in a form that is accurate in the lower tail."""
        return np.arctan2(1, -self._standard(x)) / math.pi

    def sf(self, x: Floats) -> Floats:
        """1 - F(x) = 1/2 - arctan(z)/pi, in a form that is accurate in the upper tail."""
        return np.arctan2(1, self._standard(x)) / math.pi

    def _ppf(self, u: Floats) -> Floats:
        tail = np.minimum(u, 1 - u)
        with np.errstate(divide="ignore"):
            far = np.where(u < 0.5, -1.0, 1.0) / np.tan(math.pi * tail)
        z = np.where(tail < 0.25, far, np.tan(math.pi * (u - 0.5)))
        return self._location + self._scale * z


def _mixture(centers: Floats, std: float, weights: tuple[float, ...]) -> GaussianMixture1D:
    box = line_box(float(centers.min()), float(centers.max()), 4 * std)
    return GaussianMixture1D(centers[:, None], std, mode_weights(weights, len(centers)), box)


def gaussian(mean: float, std: float) -> GaussianMixture1D:
    """N(mean, std^2)."""
    check_resolved(mean, "std", std)
    return _mixture(np.array([mean]), std, ())


def gaussians(
    count: int, spacing: float, std: float, weights: tuple[float, ...]
) -> GaussianMixture1D:
    """`count` Gaussians, equally spaced, centred on 0, from left to right."""
    check_resolved((count - 1) / 2 * spacing, "std", std)
    return _mixture((np.arange(count, dtype=np.float64) - (count - 1) / 2) * spacing, std, weights)


def two_gaussians(separation: float, std: float, weights: tuple[float, ...]) -> GaussianMixture1D:
    """Two Gaussians, at -separation/2 and separation/2."""
    return gaussians(2, separation, std, weights)


def std_param(default: float, low: float = 0.01, high: float = 2.0) -> Param:
    """The param `std` of a Gaussian, or of the noise around a curve."""
    doc = _("Standard deviation of each Gaussian, the same for all and in every direction.")
    return Param("std", _("standard deviation"), default, low, high, doc=doc, log=True)


def place_param(name: str, title: str, default: float, doc: str) -> Param:
    """A param for the location of the distribution."""
    return Param(name, title, default, -FARTHEST, FARTHEST, doc=doc)


TARGETS.add(
    TargetEntry(
        name="gaussian",
        title=_("Gaussian"),
        equation=r"p_{data} = \mathcal{N}(\mu, \sigma^2)",
        doc=_("The setting of Figure 1 of the paper: watch one bump move onto the other."),
        cite="Goodfellow et al. 2014",
        params=(
            place_param("mean", _("mean"), 1.0, _("Centre of the bump.")),
            std_param(0.7, low=1e-6, high=FARTHEST),
        ),
        build=gaussian,
    )
)
TARGETS.add(
    TargetEntry(
        name="two_gaussians",
        title=_("two Gaussians"),
        labelled=True,
        equation=r"p_{data} = w_1\,\mathcal{N}(-\tfrac{s}{2}, \sigma^2)"
        r" + w_2\,\mathcal{N}(\tfrac{s}{2}, \sigma^2)",
        doc=_("The smallest target of which a generator can miss half: does it find both modes?"),
        params=(
            Param(
                "separation",
                _("separation"),
                4.0,
                0.2,
                2 * FARTHEST,
                doc=_("Distance between the two modes, which lie symmetrically about 0."),
            ),
            std_param(0.5, high=FARTHEST),
            weights_param(2),
        ),
        build=two_gaussians,
    )
)
TARGETS.add(
    TargetEntry(
        name="gaussians",
        title=_("row of Gaussians"),
        labelled=True,
        equation=r"p_{data} = \sum_{i=1}^{n} w_i\,\mathcal{N}(\mu_i, \sigma^2),"
        r"\quad \mu_i = \left(i - \tfrac{n+1}{2}\right) s",
        doc=_("Several modes in a row: watch which ones the generator covers, skips or loses."),
        params=(
            Param("count", _("modes"), 4, 1, 16, kind="int", doc=_("Number of Gaussians.")),
            Param(
                "spacing", _("spacing"), 2.0, 0.2, 1e5, doc=_("Distance from one mode to the next.")
            ),
            std_param(0.3, high=FARTHEST),
            weights_param(16),
        ),
        build=gaussians,
    )
)
TARGETS.add(
    TargetEntry(
        name="uniform",
        title=_("uniform"),
        equation=r"p_{data}(x) = \tfrac{1}{w},\quad |x - c| \le \tfrac{w}{2}",
        doc=_("Flat with sharp edges: with uniform latents a linear generator can match it."),
        params=(
            place_param("center", _("center"), 0.0, _("Middle of the interval.")),
            Param(
                "width",
                _("width"),
                4.0,
                0.1,
                2 * FARTHEST,
                doc=_("Length of the interval."),
                log=True,
            ),
        ),
        build=Uniform,
    )
)
TARGETS.add(
    TargetEntry(
        name="laplace",
        title=_("Laplace"),
        equation=r"p_{data}(x) = \tfrac{1}{2b}\,e^{-|x - \mu| / b}",
        doc=_("A pointed peak and longer tails than a Gaussian's: does the generator match both?"),
        params=(
            place_param("mean", _("mean"), 0.0, _("Position of the peak.")),
            Param(
                "scale",
                _("scale"),
                1.0,
                0.05,
                FARTHEST,
                doc=_("Mean distance of a point from the peak."),
                log=True,
            ),
        ),
        build=Laplace,
    )
)
TARGETS.add(
    TargetEntry(
        name="cauchy",
        title=_("Cauchy"),
        equation=r"p_{data}(x) = \frac{1}{\pi\gamma\,(1 + ((x - x_0)/\gamma)^2)}",
        doc=_("Tails so heavy that no mean exists: watch rare, distant points disturb training."),
        params=(
            place_param("location", _("location"), 0.0, _("Position of the peak, the median.")),
            Param(
                "scale",
                _("scale"),
                0.5,
                0.05,
                FARTHEST,
                doc=_("Half of all points lie within one scale of the peak."),
                log=True,
            ),
        ),
        build=Cauchy,
    )
)
