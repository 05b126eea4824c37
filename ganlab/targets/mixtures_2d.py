"""Mixtures of Gaussians in 2-D: a ring, a grid, two, and any."""

from __future__ import annotations

import math

import numpy as np

from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Floats,
    TargetEntry,
    check_resolved,
    mode_stds,
    mode_weights,
    square_box,
    square_box_about,
    stds_param,
    weights_param,
)
from ganlab.targets.mixtures import GaussianMixture
from ganlab.targets.one_d import std_param

_MOST_MODES = 32


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


def mixture_2d(
    means: tuple[float, ...], stds: tuple[float, ...], weights: tuple[float, ...]
) -> GaussianMixture:
    """Gaussians with means x1, y1, x2, y2, ..., standard deviations and weights.

    Raises `SpecError` unless the means are pairs, for other numbers of values, and for a spread
    that float32 cannot resolve.
    """
    if not means or len(means) % 2:
        raise SpecError("means", means, "pairs of numbers x, y, at least one pair")
    centers = np.array(means).reshape(-1, 2)
    std = mode_stds(stds, len(centers))
    widths = np.broadcast_to(std, len(centers))[:, None]
    for center, width in zip(centers, widths[:, 0], strict=True):
        check_resolved(float(abs(center).max()), "stds", float(width))
    low, high = (centers - 4 * widths).min(0), (centers + 4 * widths).max(0)
    box = square_box_about((low + high) / 2, float((high - low).max()) / 2)
    return GaussianMixture(centers, std, mode_weights(weights, len(centers)), box)


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
        name="mixture_2d",
        title="mixture of your choice in the plane",
        dim=2,
        equation=r"p_{data} = \sum_i w_i\,\mathcal{N}(\mu_i, \sigma_i^2 I)",
        doc="Any round Gaussians in the plane: which of them does the generator leave out?",
        params=(
            Param(
                "means",
                "means",
                (-1.5, 0.0, 1.0, 1.0, 1.0, -1.0),
                -FARTHEST,
                FARTHEST,
                kind="floats",
                longest=2 * _MOST_MODES,
                doc="x and y of each mode in turn, separated by commas.",
            ),
            stds_param((0.5, 0.2, 0.1), _MOST_MODES),
            weights_param(_MOST_MODES),
        ),
        build=mixture_2d,
    )
)
