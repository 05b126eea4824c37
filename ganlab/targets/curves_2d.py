"""Blurred curves in 2-D: a spiral, two moons, and a line."""

from __future__ import annotations

import math

import numpy as np

from ganlab.registry import Param
from ganlab.targets.base import TARGETS, Floats, TargetEntry, square_box
from ganlab.targets.mixtures import BlurredCurve


def spiral(turns: float, radius: float, std: float) -> BlurredCurve:
    """A blurred Archimedean spiral from 0 out to `radius`, uniform in arc length.

    r = a theta, 0 <= theta <= 2 pi turns, a = radius/(2 pi turns); the arc length up to theta is
    a/2 (theta sqrt(1 + theta^2) + asinh theta).
    """
    last = 2 * math.pi * turns
    a = radius / last

    def arc(theta: Floats) -> Floats:
        return 0.5 * (theta * np.sqrt(1 + theta**2) + np.arcsinh(theta))

    total = float(arc(np.array(last)))

    def curve(fraction: Floats) -> Floats:
        # The arc length is convex in theta and at least theta^2/2: Newton descends to the root.
        theta = np.sqrt(2 * total * fraction)
        for _ in range(12):
            theta = theta - (arc(theta) - total * fraction) / np.sqrt(1 + theta**2)
        return a * np.stack([theta * np.cos(theta), theta * np.sin(theta)], axis=1)

    return BlurredCurve([curve], a * total, a / 2, std, square_box(radius, 4 * std))


def moons(radius: float, std: float) -> BlurredCurve:
    """Two interleaving half circles about 0, blurred; each has half of the mass."""

    def upper(fraction: Floats) -> Floats:
        angle = math.pi * fraction
        return radius * np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)

    def lower(fraction: Floats) -> Floats:
        return -upper(fraction)

    box = square_box(1.5 * radius, 4 * std)
    return BlurredCurve([upper, lower], math.pi * radius, radius, std, box)


def line(length: float, angle: float, std: float) -> BlurredCurve:
    """A blurred line segment, centred on 0; `angle` in degrees from the x axis."""
    direction = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])

    def segment(fraction: Floats) -> Floats:
        return length * (fraction[:, None] - 0.5) * direction

    return BlurredCurve([segment], length, math.inf, std, square_box(length / 2, 4 * std))


def _noise_param(default: float) -> Param:
    doc = "Standard deviation of the Gaussian noise around the curve."
    return Param("std", "noise std", default, 0.02, 0.5, doc=doc, log=True)


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
