"""Mixtures of Gaussians with means, widths and weights of the user's choice, in 1-D and 2-D."""

from __future__ import annotations

import numpy as np

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    TargetEntry,
    check_resolved,
    line_box,
    square_box_about,
)
from ganlab.targets.mixtures import GaussianMixture, GaussianMixture1D
from ganlab.targets.mode_params import mode_stds, mode_weights, stds_param, weights_param

_MOST_MODES = 32


def mixture(
    means: tuple[float, ...], stds: tuple[float, ...], weights: tuple[float, ...]
) -> GaussianMixture1D:
    """Gaussians with these means, standard deviations and weights.

    Raises `SpecError` without means, for other numbers of values, and for a spread that float32
    cannot resolve.
    """
    if not means:
        raise SpecError("means", means, _("at least one number"))
    centers, std = np.array(means)[:, None], mode_stds(stds, len(means))
    widths = np.broadcast_to(std, len(means))
    for mean, width in zip(means, widths, strict=True):
        check_resolved(mean, "stds", float(width))
    low, high = (centers[:, 0] - 4 * widths).min(), (centers[:, 0] + 4 * widths).max()
    box = line_box(float(low), float(high), 0.0)
    return GaussianMixture1D(centers, std, mode_weights(weights, len(means)), box)


def mixture_2d(
    means: tuple[float, ...], stds: tuple[float, ...], weights: tuple[float, ...]
) -> GaussianMixture:
    """Gaussians with means x1, y1, x2, y2, ..., standard deviations and weights.

    Raises `SpecError` unless the means are pairs, for other numbers of values, and for a spread
    that float32 cannot resolve.
    """
    if not means or len(means) % 2:
        raise SpecError("means", means, _("pairs of numbers x, y, at least one pair"))
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
        name="mixture",
        title=_("mixture of your choice"),
        labelled=True,
        equation=r"p_{data} = \sum_i w_i\,\mathcal{N}(\mu_i, \sigma_i^2)",
        doc=_("Any Gaussians on the line: where are the modes, how wide, how heavy?"),
        cite="Berkeley CS294-158, homework 3",
        params=(
            Param(
                "means",
                _("means"),
                (-1.5, 0.2),
                -FARTHEST,
                FARTHEST,
                kind="floats",
                longest=_MOST_MODES,
                doc=_("Mean of each mode, separated by commas."),
            ),
            stds_param((0.35, 0.6), _MOST_MODES),
            weights_param(_MOST_MODES),
        ),
        build=mixture,
    )
)
TARGETS.add(
    TargetEntry(
        name="mixture_2d",
        title=_("mixture of your choice in the plane"),
        labelled=True,
        dim=2,
        equation=r"p_{data} = \sum_i w_i\,\mathcal{N}(\mu_i, \sigma_i^2 I)",
        doc=_("Any round Gaussians in the plane: which of them does the generator leave out?"),
        params=(
            Param(
                "means",
                _("means"),
                (-1.5, 0.0, 1.0, 1.0, 1.0, -1.0),
                -FARTHEST,
                FARTHEST,
                kind="floats",
                longest=2 * _MOST_MODES,
                doc=_("x and y of each mode in turn, separated by commas."),
            ),
            stds_param((0.5, 0.2, 0.1), _MOST_MODES),
            weights_param(_MOST_MODES),
        ),
        build=mixture_2d,
    )
)
