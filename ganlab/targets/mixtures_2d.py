"""Mixtures of Gaussians in 2-D: a ring, a grid, and two."""

from __future__ import annotations

import math

import numpy as np

from ganlab.languages import _
from ganlab.registry import Param
from ganlab.targets.base import TARGETS, Floats, TargetEntry, square_box
from ganlab.targets.mixtures import GaussianMixture
from ganlab.targets.mode_params import mode_weights, weights_param
from ganlab.targets.one_d import std_param


def _mixture(
    centers: Floats, reach: float, std: float, weights: tuple[float, ...]
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


TARGETS.add(
    TargetEntry(
        name="ring",
        title=_("ring of Gaussians"),
        labelled=True,
        dim=2,
        equation=r"p_{data} = \sum_{i=0}^{n-1} w_i\,\mathcal{N}\!\left("
        r"r\,(\cos\tfrac{2\pi i}{n}, \sin\tfrac{2\pi i}{n}),\, \sigma^2 I\right)",
        doc=_("The standard test of mode collapse: watch the generator hop from mode to mode."),
        cite="Metz et al. 2016",
        params=(
            Param("count", _("modes"), 8, 1, 24, kind="int", doc=_("Number of Gaussians.")),
            Param("radius", _("radius"), 2.0, 0.2, 5.0, doc=_("Radius of the circle of modes.")),
            std_param(0.05),
            weights_param(24),
        ),
        build=ring,
    )
)
TARGETS.add(
    TargetEntry(
        name="grid",
        title=_("grid of Gaussians"),
        labelled=True,
        dim=2,
        equation=r"p_{data} = \sum_{i,j=1}^{n} w_{ij}\,\mathcal{N}\!\left("
        r"s\,(i - \tfrac{n+1}{2}, j - \tfrac{n+1}{2}),\, \sigma^2 I\right)",
        doc=_("Many separate modes: count how many the generator finds and keeps."),
        cite="Lin et al. 2018",
        params=(
            Param(
                "side",
                _("modes per side"),
                5,
                1,
                10,
                kind="int",
                doc=_("Number of Gaussians along each side of the grid."),
            ),
            Param(
                "spacing", _("spacing"), 2.0, 0.2, 4.0, doc=_("Distance from one mode to the next.")
            ),
            std_param(0.05),
            weights_param(100),
        ),
        build=grid,
    )
)
TARGETS.add(
    TargetEntry(
        name="two_gaussians_2d",
        title=_("two Gaussians in the plane"),
        labelled=True,
        dim=2,
        equation=r"p_{data} = w_1\,\mathcal{N}((-\tfrac{s}{2}, 0), \sigma^2 I)"
        r" + w_2\,\mathcal{N}((\tfrac{s}{2}, 0), \sigma^2 I)",
        doc=_("Two modes in the plane: watch the generator choose one, or stretch over both."),
        params=(
            Param(
                "separation",
                _("separation"),
                4.0,
                0.2,
                20.0,
                doc=_("Distance between the two modes, which lie on the x axis about 0."),
            ),
            std_param(0.5),
            weights_param(2),
        ),
        build=two_gaussians_2d,
    )
)
