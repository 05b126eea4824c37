"""The targets in 2-D."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from scipy.special import ndtr

from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    TARGETS,
    Target,
    TargetEntry,
    check_resolved,
    frozen,
    mode_weights,
    square_box,
    square_box_about,
    tail_differences,
    weights_param,
)
from ganlab.targets.mixtures import BlurredCurve, GaussianMixture
from ganlab.targets.one_d import float32_inside, place_param, std_param

_MOST_CORRELATED = 0.9999


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

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a square, then a point in it."""
        square = torch.randint(len(self._low), (n,), generator=generator)
        x = torch.rand(n, 2, generator=generator).mul_(self._side)
        x.add_(self._low.index_select(0, square))
        return torch.minimum(x, self._high.index_select(0, square), out=x)

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        squares = len(self._on)
        at = np.searchsorted(self._edges, x, side="right") - 1
        inside = np.all((at >= 0) & (at < squares), axis=-1)
        at = np.clip(at, 0, squares - 1)
        on = inside & (self._on[at[..., 0], at[..., 1]] > 0)
        return np.where(on, -math.log(self._area), -np.inf)

    def _cell_masses(self, *edges: np.ndarray) -> np.ndarray:
        overlaps = []
        for e in edges:
            low = np.maximum(e[:-1, None], self._edges[:-1])
            high = np.minimum(e[1:, None], self._edges[1:])
            overlaps.append(np.maximum(high - low, 0))
        return overlaps[0] @ self._on @ overlaps[1].T / self._area


class Gaussian2D(Target):
    """N((mean_x, mean_y), [[var_x, cov], [cov, var_y]]).

    Cell masses are the integral over x of N(x) P(y in the cell | x), by Gauss-Legendre quadrature
    with 10 nodes to each panel of at most two conditional standard deviations.
    """

    dim = 2

    def __init__(self, mean_x: float, mean_y: float, var_x: float, var_y: float, cov: float):
        most = _MOST_CORRELATED * math.sqrt(var_x * var_y)
        if abs(cov) > most:
            raise SpecError("cov", cov, f"from {-most:.6g} to {most:.6g} with these variances")
        check_resolved(mean_x, "root of var_x", math.sqrt(var_x))
        check_resolved(mean_y, "root of var_y", math.sqrt(var_y))
        self._mean, self._std = frozen([mean_x, mean_y]), frozen(np.sqrt([var_x, var_y]))
        self._slope = cov / var_x
        self._rest = math.sqrt(var_y - cov * self._slope)  # std of y, given x
        self.box = square_box_about(self._mean, 4 * self._std.max())
        factor = [[self._std[0], 0.0], [self._slope * self._std[0], self._rest]]
        self._factor = torch.tensor(factor, dtype=torch.float32).T.contiguous()
        self._center = torch.tensor(self._mean[None], dtype=torch.float32)

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a normal pair, made correlated, shifted."""
        return torch.randn(n, 2, generator=generator).matmul(self._factor).add_(self._center)

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        x, y = np.moveaxis(x - self._mean, -1, 0)
        u, v = x / self._std[0], (y - self._slope * x) / self._rest
        return -0.5 * (u * u + v * v) - math.log(2 * math.pi * self._std[0] * self._rest)

    def _cell_masses(self, *edges: np.ndarray) -> np.ndarray:
        # The mass beyond 12 standard deviations is negligible.
        xe, ye = (
            np.clip(e - m, -12 * s, 12 * s)
            for e, m, s in zip(edges, self._mean, self._std, strict=True)
        )
        widest = 2 * min(self._std[0], self._rest / max(abs(self._slope), 1e-300))
        nodes, weights = np.polynomial.legendre.leggauss(10)
        out = np.zeros((len(xe) - 1, len(ye) - 1))
        for i, (low, high) in enumerate(itertools.pairwise(xe)):
            panels = max(1, math.ceil((high - low) / widest))
            half = (high - low) / panels / 2
            x = (low + half * (1 + 2 * np.arange(panels)[:, None] + nodes)).ravel()
            density = np.exp(-0.5 * (x / self._std[0]) ** 2)
            density *= np.tile(weights, panels) * half / (math.sqrt(2 * math.pi) * self._std[0])
            z = (ye - self._slope * x[:, None]) / self._rest
            out[i] = density @ tail_differences(ndtr(z), ndtr(-z))
        return out


def _mixture(
    centers: np.ndarray, reach: float, std: float, weights: tuple[float, ...]
) -> GaussianMixture:
    box = square_box(reach, 4 * std)
    return GaussianMixture(centers, std, mode_weights(weights, len(centers)), box)


def ring(count: int, radius: float, std: float, weights: tuple[float, ...]) -> GaussianMixture:
    """Gaussians on a circle about 0; mode i is at the angle 2 pi i/count."""
    angle = 2 * math.pi * np.arange(count) / count
    centers = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _mixture(centers, radius, std, weights)


def grid(side: int, spacing: float, std: float, weights: tuple[float, ...]) -> GaussianMixture:
    """side x side Gaussians centred on 0; mode side*i + j is in column i (x) and row j (y)."""
    axis = (np.arange(side) - (side - 1) / 2) * spacing
    x, y = np.meshgrid(axis, axis, indexing="ij")
    return _mixture(np.stack([x.ravel(), y.ravel()], axis=1), axis[-1], std, weights)


def two_gaussians_2d(separation: float, std: float, weights: tuple[float, ...]) -> GaussianMixture:
    """Two Gaussians, at (-separation/2, 0) and (separation/2, 0)."""
    half = separation / 2
    return _mixture(np.array([[-half, 0.0], [half, 0.0]]), half, std, weights)


def spiral(turns: float, radius: float, std: float) -> BlurredCurve:
    """A blurred Archimedean spiral from 0 out to `radius`, uniform in arc length.

    r = a theta, 0 <= theta <= 2 pi turns, a = radius/(2 pi turns); the arc length up to theta is
    a/2 (theta sqrt(1 + theta^2) + asinh theta).
    """
    last = 2 * math.pi * turns
    a = radius / last

    def arc(theta: np.ndarray) -> np.ndarray:
        return 0.5 * (theta * np.sqrt(1 + theta**2) + np.arcsinh(theta))

    total = float(arc(np.array(last)))

    def curve(fraction: np.ndarray) -> np.ndarray:
        # The arc length is convex in theta and at least theta^2/2: Newton descends to the root.
        theta = np.sqrt(2 * total * fraction)
        for _ in range(12):
            theta = theta - (arc(theta) - total * fraction) / np.sqrt(1 + theta**2)
        return a * np.stack([theta * np.cos(theta), theta * np.sin(theta)], axis=1)

    return BlurredCurve([curve], a * total, a / 2, std, square_box(radius, 4 * std))


def moons(radius: float, std: float) -> BlurredCurve:
    """Two interleaving half circles about 0, blurred; each has half of the mass."""

    def upper(fraction: np.ndarray) -> np.ndarray:
        angle = math.pi * fraction
        return radius * np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)

    def lower(fraction: np.ndarray) -> np.ndarray:
        return -upper(fraction)

    box = square_box(1.5 * radius, 4 * std)
    return BlurredCurve([upper, lower], math.pi * radius, radius, std, box)


def line(length: float, angle: float, std: float) -> BlurredCurve:
    """A blurred line segment, centred on 0; `angle` in degrees from the x axis."""
    direction = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])

    def segment(fraction: np.ndarray) -> np.ndarray:
        return length * (fraction[:, None] - 0.5) * direction

    return BlurredCurve([segment], length, math.inf, std, square_box(length / 2, 4 * std))


def _noise_param(default: float) -> Param:
    doc = "Standard deviation of the Gaussian noise around the curve."
    return Param("std", "noise std", default, 0.02, 0.5, doc=doc, log=True)


TARGETS.add(
    TargetEntry(
        name="ring",
        title="ring of Gaussians",
        dim=2,
        equation=r"p_{data} = \sum_{i=0}^{n-1} w_i\,\mathcal{N}\!\left("
        r"r\,(\cos\tfrac{2\pi i}{n}, \sin\tfrac{2\pi i}{n}),\, \sigma^2 I\right)",
        doc="The standard test of mode collapse: watch the generator hop from mode to mode.",
        cite="Metz et al. 2016",
        params=(
            Param("count", "modes", 8, 1, 24, kind="int", doc="Number of Gaussians."),
            Param("radius", "radius", 2.0, 0.2, 5.0, doc="Radius of the circle of modes."),
            std_param(0.05),
            weights_param(24),
        ),
        build=ring,
    )
)
TARGETS.add(
    TargetEntry(
        name="grid",
        title="grid of Gaussians",
        dim=2,
        equation=r"p_{data} = \sum_{i,j=1}^{n} w_{ij}\,\mathcal{N}\!\left("
        r"s\,(i - \tfrac{n+1}{2}, j - \tfrac{n+1}{2}),\, \sigma^2 I\right)",
        doc="Many separate modes: count how many the generator finds and keeps.",
        cite="Lin et al. 2018",
        params=(
            Param(
                "side",
                "modes per side",
                5,
                1,
                10,
                kind="int",
                doc="Number of Gaussians along each side of the grid.",
            ),
            Param("spacing", "spacing", 2.0, 0.2, 4.0, doc="Distance from one mode to the next."),
            std_param(0.05),
            weights_param(100),
        ),
        build=grid,
    )
)
TARGETS.add(
    TargetEntry(
        name="two_gaussians_2d",
        title="two Gaussians in the plane",
        dim=2,
        equation=r"p_{data} = w_1\,\mathcal{N}((-\tfrac{s}{2}, 0), \sigma^2 I)"
        r" + w_2\,\mathcal{N}((\tfrac{s}{2}, 0), \sigma^2 I)",
        doc="Two modes in the plane: watch the generator choose one, or stretch over both.",
        params=(
            Param(
                "separation",
                "separation",
                4.0,
                0.2,
                20.0,
                doc="Distance between the two modes, which lie on the x axis about 0.",
            ),
            std_param(0.5),
            weights_param(2),
        ),
        build=two_gaussians_2d,
    )
)
TARGETS.add(
    TargetEntry(
        name="gaussian_2d",
        title="Gaussian in the plane",
        dim=2,
        equation=r"p_{data} = \mathcal{N}\!\left((\mu_x, \mu_y),\, \begin{pmatrix}"
        r" \sigma_x^2 & c \\ c & \sigma_y^2 \end{pmatrix}\right)",
        doc="An affine image of normal latents, which a linear generator can match.",
        cite="Zhang et al., Dive into Deep Learning, chapter 20.1",
        params=(
            place_param("mean_x", "mean of x", 1.0, "Centre along x."),
            place_param("mean_y", "mean of y", 2.0, "Centre along y."),
            Param("var_x", "variance of x", 1.01, 1e-8, 1e12, doc="Variance of x.", log=True),
            Param("var_y", "variance of y", 4.25, 1e-8, 1e12, doc="Variance of y.", log=True),
            Param(
                "cov",
                "covariance",
                1.95,
                -0.9999e12,
                0.9999e12,
                doc="Covariance of x and y; |cov| is at most 0.9999 √(var x · var y).",
            ),
        ),
        build=Gaussian2D,
    )
)
TARGETS.add(
    TargetEntry(
        name="spiral",
        title="spiral",
        dim=2,
        equation=r"x = a\theta\,(\cos\theta, \sin\theta) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad a = \tfrac{r}{2\pi n}",
        doc="One long thin curve: watch the generator stretch its latents along it.",
        params=(
            Param("turns", "turns", 2.0, 0.5, 4.0, doc="Number of turns around the centre."),
            Param("radius", "radius", 2.0, 0.5, 5.0, doc="Distance of the outer end from 0."),
            _noise_param(0.05),
        ),
        build=spiral,
    )
)
TARGETS.add(
    TargetEntry(
        name="moons",
        title="two moons",
        dim=2,
        equation=r"x = \pm r\,(\cos\theta - \tfrac12, \sin\theta - \tfrac14)"
        r" + \mathcal{N}(0, \sigma^2 I),\quad 0 \le \theta \le \pi",
        doc="Two interleaving half circles: a continuous generator leaves a bridge between them.",
        cite="scikit-learn make_moons",
        params=(
            Param("radius", "radius", 1.0, 0.5, 4.0, doc="Radius of each half circle."),
            _noise_param(0.1),
        ),
        build=moons,
    )
)
TARGETS.add(
    TargetEntry(
        name="checkerboard",
        title="checkerboard",
        dim=2,
        equation=r"p_{data}(x) = \frac{1}{\#\{i + j\ \mathrm{even}\}\,(w/n)^2}"
        r"\ \text{on square } (i, j),\ i + j\ \text{even}",
        doc="Sharp edges and corners that touch: watch how much the generator spills over.",
        params=(
            Param(
                "squares",
                "squares per side",
                4,
                2,
                10,
                kind="int",
                doc="Number of squares along each side; every other square is filled.",
            ),
            Param("width", "width", 4.0, 0.5, 10.0, doc="Side length of the board."),
        ),
        build=Checkerboard,
    )
)
TARGETS.add(
    TargetEntry(
        name="line",
        title="line",
        dim=2,
        equation=r"x = t\,(\cos\alpha, \sin\alpha) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad t \sim U(-\tfrac{l}{2}, \tfrac{l}{2})",
        doc="Nearly one-dimensional data in the plane: D easily tells its thin support from p_g.",
        params=(
            Param("length", "length", 4.0, 0.5, 10.0, doc="Length of the segment."),
            Param(
                "angle",
                "angle",
                45.0,
                0.0,
                180.0,
                unit="°",
                doc="Angle of the segment from the x axis.",
            ),
            _noise_param(0.05),
        ),
        build=line,
    )
)
