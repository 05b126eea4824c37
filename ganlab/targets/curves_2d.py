"""Blurred curves in 2-D: spirals, moons, rings, graphs of functions, and a line."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ganlab.languages import _
from ganlab.registry import Param
from ganlab.targets.base import TARGETS, Floats, TargetEntry, square_box, square_box_about
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
        for _unused in range(12):
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


def circle(radius: float, std: float) -> BlurredCurve:
    """A blurred circle about 0."""
    return rings(radius, 0.0, std, count=1)


def rings(radius: float, apart: float, std: float, count: int = 2) -> BlurredCurve:
    """Blurred circles on the x axis about 0, their centres `apart`; each has the same mass."""
    centers = apart * (np.arange(count) - (count - 1) / 2)

    def ring(center: float) -> Callable[[Floats], Floats]:
        def points(fraction: Floats) -> Floats:
            angle = 2 * math.pi * fraction
            return np.stack([center + radius * np.cos(angle), radius * np.sin(angle)], axis=1)

        return points

    box = square_box(float(centers[-1]) + radius, 4 * std)
    return BlurredCurve([ring(c) for c in centers], 2 * math.pi * radius, radius, std, box)


def swiss_roll(radius: float, std: float) -> BlurredCurve:
    """A blurred roll that ends at `radius`: t (cos t, sin t) with t uniform in [1.5, 4.5] pi."""
    a = radius / (4.5 * math.pi)

    def roll(fraction: Floats) -> Floats:
        t = 1.5 * math.pi * (1 + 2 * fraction)
        return a * np.stack([t * np.cos(t), t * np.sin(t)], axis=1)

    speed = a * 3 * math.pi * math.hypot(1, 4.5 * math.pi)
    start = 1.5 * math.pi
    bend = a * (1 + start**2) ** 1.5 / (2 + start**2)
    return BlurredCurve([roll], speed, bend, std, square_box(radius, 4 * std))


def parabola(width: float, height: float, std: float) -> BlurredCurve:
    """A blurred parabola over x uniform in [-width/2, width/2], from y = 0 up to `height`."""
    half = width / 2

    def graph(fraction: Floats) -> Floats:
        x = width * (fraction - 0.5)
        return np.stack([x, height * (x / half) ** 2], axis=1)

    box = square_box_about(np.array([0.0, height / 2]), max(half, height / 2) + 4 * std)
    speed = width * math.hypot(1, 2 * height / half)
    return BlurredCurve([graph], speed, half**2 / (2 * height), std, box)


def sine(width: float, height: float, waves: float, std: float) -> BlurredCurve:
    """A blurred sine over x uniform in [-width/2, width/2], with its waves between +-height."""
    k = 2 * math.pi * waves / width

    def graph(fraction: Floats) -> Floats:
        x = width * (fraction - 0.5)
        return np.stack([x, height * np.sin(k * x)], axis=1)

    box = square_box(max(width / 2, height), 4 * std)
    speed = width * math.hypot(1, height * k)
    return BlurredCurve([graph], speed, 1 / (height * k**2), std, box)


def _noise_param(default: float) -> Param:
    doc = _("Standard deviation of the Gaussian noise around the curve.")
    return Param("std", _("noise std"), default, 0.02, 0.5, doc=doc, log=True)


TARGETS.add(
    TargetEntry(
        name="spiral",
        title=_("spiral"),
        dim=2,
        equation=r"x = a\theta\,(\cos\theta, \sin\theta) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad a = \tfrac{r}{2\pi n}",
        doc=_("One long thin curve: watch the generator stretch its latents along it."),
        params=(
            Param("turns", _("turns"), 2.0, 0.5, 4.0, doc=_("Number of turns around the centre.")),
            Param("radius", _("radius"), 2.0, 0.5, 5.0, doc=_("Distance of the outer end from 0.")),
            _noise_param(0.05),
        ),
        build=spiral,
    )
)
TARGETS.add(
    TargetEntry(
        name="moons",
        title=_("two moons"),
        labelled=True,
        dim=2,
        equation=r"x = \pm r\,(\cos\theta - \tfrac12, \sin\theta - \tfrac14)"
        r" + \mathcal{N}(0, \sigma^2 I),\quad 0 \le \theta \le \pi",
        doc=_(
            "Two interleaving half circles: a continuous generator leaves a bridge between them."
        ),
        cite="scikit-learn make_moons",
        params=(
            Param("radius", _("radius"), 1.0, 0.5, 4.0, doc=_("Radius of each half circle.")),
            _noise_param(0.1),
        ),
        build=moons,
    )
)
TARGETS.add(
    TargetEntry(
        name="line",
        title=_("line"),
        dim=2,
        equation=r"x = t\,(\cos\alpha, \sin\alpha) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad t \sim U(-\tfrac{l}{2}, \tfrac{l}{2})",
        doc=_(
            "Nearly one-dimensional data in the plane: D easily tells its thin support from p_g."
        ),
        params=(
            Param("length", _("length"), 4.0, 0.5, 10.0, doc=_("Length of the segment.")),
            Param(
                "angle",
                _("angle"),
                45.0,
                0.0,
                180.0,
                unit="°",
                doc=_("Angle of the segment from the x axis."),
            ),
            _noise_param(0.05),
        ),
        build=line,
    )
)
TARGETS.add(
    TargetEntry(
        name="circle",
        title=_("circle"),
        dim=2,
        equation=r"x = r\,(\cos\theta, \sin\theta) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad \theta \sim U(0, 2\pi)",
        doc=_("A closed curve with a hole: a continuous generator has to tear it open somewhere."),
        params=(
            Param("radius", _("radius"), 1.5, 0.5, 5.0, doc=_("Radius of the circle.")),
            _noise_param(0.05),
        ),
        build=circle,
    )
)
TARGETS.add(
    TargetEntry(
        name="rings",
        title=_("interlocking rings"),
        labelled=True,
        dim=2,
        equation=r"x = (\pm\tfrac{d}{2}, 0) + r\,(\cos\theta, \sin\theta)"
        r" + \mathcal{N}(0, \sigma^2 I)",
        doc=_(
            "Two rings that cross if their centres are closer than two radii: where is the bridge?"
        ),
        params=(
            Param("radius", _("radius"), 1.0, 0.5, 4.0, doc=_("Radius of each ring.")),
            Param("apart", _("distance"), 1.2, 0.0, 10.0, doc=_("Distance of the rings' centres.")),
            _noise_param(0.05),
        ),
        build=rings,
    )
)
TARGETS.add(
    TargetEntry(
        name="swiss_roll",
        title=_("swiss roll"),
        dim=2,
        equation=r"x = \tfrac{r}{4.5\pi}\,t\,(\cos t, \sin t) + \mathcal{N}(0, \sigma^2 I),"
        r"\quad t \sim U(1.5\pi, 4.5\pi)",
        doc=_("A rolled strip, denser inside: the third toy distribution of the WGAN-GP paper."),
        cite="Gulrajani et al. 2017",
        params=(
            Param("radius", _("radius"), 2.0, 0.5, 5.0, doc=_("Distance of the outer end from 0.")),
            _noise_param(0.05),
        ),
        build=swiss_roll,
    )
)
TARGETS.add(
    TargetEntry(
        name="parabola",
        title=_("parabola"),
        dim=2,
        equation=r"x \sim U(-\tfrac{w}{2}, \tfrac{w}{2}),\quad y = h\,(2x / w)^2,"
        r"\quad + \mathcal{N}(0, \sigma^2 I)",
        doc=_("One bent line, uniform in x: does the generator learn that y follows from x?"),
        params=(
            Param("width", _("width"), 4.0, 0.5, 10.0, doc=_("Length of the interval of x.")),
            Param("height", _("height"), 3.0, 0.1, 10.0, doc=_("Height of both ends.")),
            _noise_param(0.05),
        ),
        build=parabola,
    )
)
TARGETS.add(
    TargetEntry(
        name="sine",
        title=_("sine"),
        dim=2,
        equation=r"x \sim U(-\tfrac{w}{2}, \tfrac{w}{2}),\quad y = h\,\sin(2\pi n x / w),"
        r"\quad + \mathcal{N}(0, \sigma^2 I)",
        doc=_(
            "A line that bends several times: G follows it if it has enough units for the bends."
        ),
        params=(
            Param("width", _("width"), 6.0, 0.5, 10.0, doc=_("Length of the interval of x.")),
            Param("height", _("height"), 1.0, 0.1, 5.0, doc=_("Height of the waves.")),
            Param("waves", _("waves"), 1.5, 0.25, 5.0, doc=_("Number of waves.")),
            _noise_param(0.05),
        ),
        build=sine,
    )
)
