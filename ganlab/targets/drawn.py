"""A density on the line that a user draws: linear between heights."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    FARTHEST,
    TARGETS,
    Floats,
    Target1D,
    TargetEntry,
    check_resolved,
    frozen,
    line_box,
)
from ganlab.targets.one_d import float32_inside, place_param

KNOTS = 81  # of a curve that the editor draws
MOST_KNOTS = 128
HIGHEST = 100  # of a height


class Curve(Target1D):
    """A density that is linear between heights (k,) at equal distances, scaled to area 1.

    The first height is at `low`, the last one at `high`; the density is 0 outside.
    """

    def __init__(self, heights: Floats, low: float, high: float):
        self.box = line_box(low, high, 0.0)
        self._x = frozen(np.linspace(low, high, len(heights)))
        self.knots = (self._x,)
        self._step = (high - low) / (len(heights) - 1)
        # In torch, as in an exported script, so that samples are the same bit for bit.
        h = torch.tensor(heights, dtype=torch.float64)
        p = h / ((h[1:] + h[:-1]).sum() * self._step / 2)
        pieces = (p[1:] + p[:-1]) * self._step / 2
        below = torch.cat([torch.zeros(1, dtype=torch.float64), pieces.cumsum(0)])
        self._tables = below, p
        used = pieces.nonzero()
        self._first, self._last = int(used[0]), int(used[-1])
        self._low, self._p = low, frozen(p.numpy())
        least, most = float32_inside(np.array(low), np.array(high))
        self.ends = float(least), float(most)  # of samples
        upper, whole = pieces.flip(0).cumsum(0).flip(0).numpy(), float(below[-1])
        self._below = frozen(below.numpy() / whole)
        self._above = frozen(np.append(upper, 0.0) / upper[0])

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: quantiles of uniform numbers."""
        below, p = self._tables
        # In float64: in float32 the place within a piece would have few digits left.
        u = torch.rand(n, generator=generator, dtype=torch.float64) * below[-1]
        at = torch.searchsorted(below, u).sub_(1).clamp_(self._first, self._last)
        mass, start = (u - below[at]) / self._step, p[at]
        # The root of start t + slope t^2 / 2 = mass, in a form without cancellation.
        root = (start**2 + 2 * (p[at + 1] - start) * mass).clamp_(min=0).sqrt_()
        t = (2 * mass / (start + root).clamp_(min=1e-300)).clamp_(0, 1)
        return ((at + t) * self._step + self._low).float().clamp_(*self.ends)[:, None]

    def _log_density(self, x: Floats) -> Floats:
        p = np.interp(x[..., 0], self._x, self._p, left=0.0, right=0.0)
        with np.errstate(divide="ignore"):
            return np.log(p)

    def _place(self, x: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The piece of each x, and the place in it from 0 to 1; any shape."""
        low, high = self._x[0], self._x[-1]
        at = (np.clip(np.asarray(x, np.float64), low, high) - low) / self._step
        piece = np.minimum(at.astype(int), len(self._x) - 2)
        return piece, np.clip(at - piece, 0, 1)

    def cdf(self, x: Floats) -> Floats:
        """F(x), a parabola in each piece; any shape."""
        i, t = self._place(x)
        p, slope = self._p[i], self._p[i + 1] - self._p[i]
        return np.minimum(self._below[i] + self._step * t * (p + slope * t / 2), 1.0)

    def sf(self, x: Floats) -> Floats:
        """1 - F(x), from the upper end; any shape."""
        i, t = self._place(x)
        p, slope, t = self._p[i + 1], self._p[i] - self._p[i + 1], 1 - t
        return np.minimum(self._above[i + 1] + self._step * t * (p + slope * t / 2), 1.0)

    def _ppf(self, u: Floats) -> Floats:
        i = np.clip(np.searchsorted(self._below, u) - 1, self._first, self._last)
        mass, p = np.maximum(u - self._below[i], 0) / self._step, self._p[i]
        root = np.sqrt(np.maximum(p * p + 2 * (self._p[i + 1] - p) * mass, 0))
        t = np.minimum(2 * mass / np.maximum(p + root, 1e-300), 1)
        return self._x[0] + (i + t) * self._step


def curve(heights: tuple[int, ...], center: float, width: float) -> Curve:
    """A drawn curve over `width` about `center`. Raises `SpecError` for one without an area."""
    check_resolved(center, "width", width)
    if len(heights) < 3 or not any(heights):
        allowed = _(
            "3 to {most_knots} heights from 0 to {highest}, not all of them 0",
            most_knots=MOST_KNOTS,
            highest=HIGHEST,
        )
        raise SpecError("heights", heights, allowed)
    return Curve(np.array(heights), center - width / 2, center + width / 2)


def _two_bumps() -> tuple[int, ...]:
    """A round bump, a gap, and a pointed one that is higher."""
    x = np.linspace(-4, 4, KNOTS)
    round_bump = 60 * np.sqrt(np.clip(1 - (x + 2) ** 2, 0, None))
    pointed = HIGHEST * np.clip(1 - np.abs(x - 1.5), 0, None)
    return tuple(int(h) for h in np.rint(round_bump + pointed))


TARGETS.add(
    TargetEntry(
        name="drawn",
        title=_("drawn by hand"),
        equation=r"p_{data}(x) \propto h_i + (h_{i+1} - h_i)\,\tfrac{x - x_i}{x_{i+1} - x_i},"
        r"\quad x_i \le x \le x_{i+1}",
        doc=_("Any curve: choose “✎ Draw” below the picture. Does the generator leave its gaps?"),
        params=(
            Param(
                "heights",
                _("heights"),
                _two_bumps(),
                0,
                HIGHEST,
                kind="ints",
                longest=MOST_KNOTS,
                doc=_(
                    "Heights of the curve at equal distances, which “✎ Draw” below the picture "
                    "sets; the area below it is scaled to 1."
                ),
            ),
            place_param("center", _("center"), 0.0, _("Middle of the interval of the curve.")),
            Param(
                "width",
                _("width"),
                8.0,
                0.1,
                2 * FARTHEST,
                doc=_("Length of the interval of the curve."),
                log=True,
            ),
        ),
        build=curve,
    )
)
