"""Weights and widths of a mixture's modes, as parameters of a target."""

from __future__ import annotations

import numpy as np

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import FARTHEST, Floats

MAX_WEIGHT = 1000.0


def weights_param(longest: int) -> Param:
    """The param `weights` of a mixture of at most `longest` modes."""
    return Param(
        "weights",
        _("weights of the modes"),
        (),
        0.001,
        MAX_WEIGHT,
        kind="floats",
        longest=longest,
        empty=_("equal"),
        doc=_("Relative weight of each mode, separated by commas. If empty, all are equal."),
    )


def mode_weights(weights: tuple[float, ...], modes: int) -> Floats:
    """Normalised weights, (modes,), of the given ones; () means equal weights.

    Raises SpecError unless there are none or exactly one positive weight per mode.
    """
    if len(weights) == 0:
        return np.full(modes, 1.0 / modes)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (modes,) or not np.all((w > 0) & np.isfinite(w)):
        allowed = _(
            "exactly {modes} positive numbers, one per mode, or empty for equal weights",
            modes=modes,
        )
        raise SpecError("weights", weights, allowed)
    return w / w.sum()


def mode_stds(stds: tuple[float, ...], modes: int) -> Floats | float:
    """The standard deviations of the modes: one for all, or (modes,).

    Raises SpecError unless there is one number, or one for each mode.
    """
    if len(stds) == 1:
        return float(stds[0])
    if len(stds) != modes:
        raise SpecError("stds", stds, _("one number, or {modes}, one for each mode", modes=modes))
    return np.asarray(stds, dtype=np.float64)


def stds_param(default: tuple[float, ...], longest: int) -> Param:
    """The param `stds` of a mixture of at most `longest` modes."""
    return Param(
        "stds",
        _("standard deviations"),
        default,
        1e-3,
        FARTHEST,
        kind="floats",
        longest=longest,
        doc=_("Standard deviation of each mode, separated by commas; one number counts for all."),
    )
