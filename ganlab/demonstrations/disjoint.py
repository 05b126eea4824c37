"""Disjoint supports: JSD is ln 2 whatever the distance, W₁ and noise tell how far it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.special import chndtr, rel_entr

from ganlab import theory
from ganlab.demonstrations.densities import Normal, masses, nodes
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
RADIUS = 0.4  # of the discs
FAR = 2.0
THETAS = np.unique(np.concatenate([np.linspace(-FAR, FAR, 81), [-1e-6, 1e-6]]))
CASES = {"points": _("two points"), "lines": _("two parallel lines"), "discs": _("two discs")}
_LINES, _POINTS = 100, 64  # that stand for a line or a disc


def overlap(theta: float) -> float:
    """The share of a disc's area that lies in the other one, at a distance `theta`: a lens."""
    half = abs(theta) / (2 * RADIUS)
    if half >= 1:
        return 0.0
    return 2 / math.pi * (math.acos(half) - half * math.sqrt(1 - half * half))


def overlap_by_chords(theta: float) -> float:
    """The same share as an integral of the chords of the lens, by quadrature."""
    half = abs(theta) / 2
    if half >= RADIUS:
        return 0.0
    # x = R cos t: the chord is 2 R sin t, and dx = R sin t dt.
    points, weights = np.polynomial.legendre.leggauss(64)
    end = math.acos(half / RADIUS)
    t = end * (points + 1) / 2
    area = 2 * (end / 2 * weights * 2 * (RADIUS * np.sin(t)) ** 2).sum()
    return float(area / (math.pi * RADIUS**2))


def plain_jsd(case: str, theta: float) -> float:
    """JSD without noise, nats."""
    if theta == 0:
        return 0.0
    return theory.LN2 * (1 - overlap(theta)) if case == "discs" else theory.LN2


def counted_jsd(case: str, theta: float) -> float:
    """The same from masses: of cells for points and lines, of the lens's chords for discs."""
    if case == "discs":
        both = overlap_by_chords(theta)
        return float(theory.jsd([both, 1 - both, 0.0], [both, 0.0, 1 - both]))
    places = np.unique([0.0, theta])
    p, q = (places == 0).astype(float), (places == theta).astype(float)
    return float(theory.jsd(p, q))


def smooth_jsd(case: str, theta: float, noise: float) -> float:
    """JSD after Gaussian noise was added to both sides, nats.

    Across the shift both sides have the same law, so that points and lines become two Gaussians on
    a line; discs need the plane.
    """
    if noise == 0:
        return plain_jsd(case, theta)
    if case == "discs":
        return _discs(noise, abs(theta))
    # In units of the noise, so that the cells are fine enough.
    return float(theory.jsd(masses(Normal(0.0, 1.0)), masses(Normal(_capped(theta / noise), 1.0))))


def _capped(distance: float) -> float:
    return min(abs(distance), 16.0)  # from there on it is ln 2 to 14 digits, and the cells end


def smooth_by_quadrature(case: str, theta: float, noise: float) -> float:
    """The same by a quadrature; for discs over another grid, with exact radial masses."""
    if noise == 0:
        return counted_jsd(case, theta)
    if case == "discs":
        return _discs(noise, abs(theta), 161, exact=True)
    p, q = Normal(0.0, 1.0), Normal(_capped(theta / noise), 1.0)
    x, weights = nodes(p, q)
    a, b = p.pdf(x), q.pdf(x)
    return float((weights * (rel_entr(2 * a, a + b) + rel_entr(2 * b, a + b))).sum() / 4)


def blurred(distance: Array, noise: float) -> Array:
    """The density (n,) of a uniform disc plus Gaussian noise at distances (n,) from its centre.

    P(|N(distance, noise² I)| <= R) / (π R²): a noncentral χ² distribution with two degrees of
    freedom.
    """
    inside = chndtr((RADIUS / noise) ** 2, 2, (distance / noise) ** 2)
    return np.asarray(inside) / (math.pi * RADIUS**2)


@lru_cache(8192)
def _discs(noise: float, theta: float, count: int = 121, exact: bool = False) -> float:
    end = RADIUS + 6 * noise
    x = np.linspace(-end, theta + end, count)
    y = np.linspace(0, end, count // 2 + 1)  # half: it is symmetric
    first, second = (np.hypot(x[None, :] - c, y[:, None]) for c in (0.0, theta))
    if exact:
        p, q = blurred(first, noise), blurred(second, noise)
    else:
        radii = np.linspace(0, theta + 2 * end, 1500)
        profile = blurred(radii, noise)
        p, q = np.interp(first, radii, profile), np.interp(second, radii, profile)
    # As in `theory.jsd`: without halving, so that the smallest densities do not underflow.
    rows = np.trapezoid(rel_entr(2 * p, p + q) + rel_entr(2 * q, p + q), x, axis=1)
    both = float(np.trapezoid(rows, y)) / 2  # twice the half plane, and a quarter
    return min(both, theory.LN2)


def samples(case: str) -> Array:
    """Points (n, 2) that stand for the data: one, a line of length 1, or a disc."""
    if case == "points":
        return np.zeros((1, 2))
    if case == "lines":
        return np.stack([np.zeros(_LINES), (np.arange(_LINES) + 0.5) / _LINES - 0.5], 1)
    i = np.arange(_POINTS) + 0.5
    radius, angle = RADIUS * np.sqrt(i / _POINTS), math.pi * (1 + 5**0.5) * i
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def matched(case: str, theta: float) -> float:
    """W₁ of such points and the same ones shifted by theta: the best of all matchings."""
    real = samples(case)
    far = np.linalg.norm(real[:, None] - (real + [theta, 0.0])[None], axis=2)
    return float(far[linear_sum_assignment(far)].mean())


def show(values: Mapping[str, Any]) -> Shown:
    """Both supports in the plane, and three distances against the shift."""
    case, theta, noise = values["case"], values["theta"], values["noise"]
    smooth = [smooth_jsd(case, float(t), noise) for t in THETAS]
    flat = [plain_jsd(case, float(t)) for t in THETAS]
    now = (plain_jsd(case, theta), abs(theta), smooth_jsd(case, theta, noise))
    curves: tuple[Line | Dots | Area, ...] = (
        Line(x=(theta, theta), y=(0.0, FAR), role="muted", thin=True),
        Line(x=THETAS, y=np.abs(THETAS), role="G", title=_("W₁, a length"), dash="dash"),
        Line(x=THETAS, y=flat, role="accent", title=_("JSD")),
        Dots(x=(theta,), y=(now[0],), role="accent", size=10.0),
        Dots(x=(theta,), y=(now[1],), role="G", size=10.0),
    )
    if noise:
        title = _("JSD after noise σ = {noise:g}", noise=noise)
        curves += (
            Line(x=THETAS, y=smooth, role="D", title=title, dash="dashdot"),
            Dots(x=(theta,), y=(now[2],), role="D", size=10.0),
        )
    panels = (
        Panel(
            "distances",
            _(
                "How far p_g is from p_data, measured in {which} ways",
                which=_("three") if noise else _("two"),
            ),
            Axis(_("θ, the shift of p_g"), -FAR, FAR),
            Axis(_("nats, and length for W₁"), 0.0, FAR),
            curves,
            share=1.2,
            cursor="theta",
        ),
        Panel(
            "plane",
            _("Where p_data and p_g live"),
            Axis("x₁", -2.5, 2.5),
            Axis("x₂", -1.5, 1.5),
            _supports(case, theta, noise),
            handles=(Handle(_("shift of p_g"), (theta, 0.0), "theta", role="G"),),
            equal=True,
        ),
    )
    numbers = [
        Number(_("JSD"), now[0], _("nats"), _how(case), counted_jsd(case, theta), "from masses"),
        Number(
            "W₁",
            now[1],
            _("length"),
            _("|θ|, a translation"),
            matched(case, theta),
            _("best matching of points"),
        ),
    ]
    if noise:
        by_quadrature = smooth_by_quadrature(case, theta, noise)
        numbers.append(
            Number(
                _("JSD after noise"),
                now[2],
                _("nats"),
                _("on cells"),
                by_quadrature,
                _("by quadrature"),
            )
        )
    return Shown(panels, tuple(numbers), _says(case, theta, noise, now))


def _how(case: str) -> str:
    return _("ln 2 × (1 − overlap of the discs)") if case == "discs" else "ln 2 unless θ = 0"


def _supports(case: str, theta: float, noise: float) -> tuple[Any, ...]:
    """Both supports, and circles of one standard deviation of the noise about their ends."""
    out: list[Any] = []
    for centre, role, title in ((0.0, "data", "p_data"), (theta, "G", "p_g")):
        if case == "points":
            out.append(Dots(x=(centre,), y=(0.0,), role=role, title=title, size=11.0))
        elif case == "lines":
            dash = "data" if role == "data" else "solid"
            out.append(Line(x=(centre, centre), y=(-0.5, 0.5), role=role, title=title, dash=dash))
        else:
            out += _disc(centre, RADIUS, role, title)
        if noise:
            ends = (-0.5, 0.5) if case == "lines" else (0.0,)
            grow = noise + (RADIUS if case == "discs" else 0.0)
            out += [_circle(centre, y, grow, role) for y in ends]
    return tuple(out)


_TURN = np.linspace(0, 2 * np.pi, 73)


def _circle(x: float, y: float, radius: float, role: str) -> Line:
    circle = x + radius * np.cos(_TURN), y + radius * np.sin(_TURN)
    return Line(x=circle[0], y=circle[1], role=role, thin=True, dash="dot")


def _disc(x: float, radius: float, role: str, title: str) -> list[Any]:
    across, up = x + radius * np.cos(_TURN[:37]), radius * np.sin(_TURN[:37])
    dash = "data" if role == "data" else "solid"
    edge = Line(
        x=x + radius * np.cos(_TURN), y=radius * np.sin(_TURN), role=role, title=title, dash=dash
    )
    return [Area(x=across, y=up, base=-up, role=role), edge]


def _says(case: str, theta: float, noise: float, now: tuple[float, float, float]) -> str:
    if theta == 0:
        return _("θ = 0: p_g is p_data, and all distances are 0.")
    where = _("At θ = {theta:.2f} ", theta=theta)
    if now[0] > theory.LN2 - 1e-12:
        other = (
            _("any shift of {radius:g} or more", radius=2 * RADIUS)
            if case == "discs"
            else _("any other but 0")
        )
        first = _(
            "the supports do not meet: JSD is ln 2 = 0.693, and would be at {other}. ", other=other
        )
    else:
        first = _(
            "the discs overlap by {overlap:.0%}, so JSD is {now:.3f}, below ln 2. ",
            overlap=overlap(theta),
            now=now[0],
        )
    second = _("W₁ = {now:.2f} says how far it is", now=now[1])
    third = (
        _("; with noise, so does JSD: {now:.3f}.", now=now[2])
        if noise
        else _("; add noise, and JSD will.")
    )
    return where + first + second + third


def _lab(values: Mapping[str, Any]) -> Spec:
    """Two points on a line: data at 0, a constant G at θ, and the noise as instance noise."""
    return Spec(
        target="points",
        target_params={"points": (0.0,)},
        g_hidden=(),
        g_bias="alone",
        g_start=(0.0, values["theta"]),  # the weight has no effect
        loss="minimax",
        instance_noise=values["noise"],
    )


ENTRY = Demonstration(
    "disjoint",
    _("Disjoint supports: JSD saturates"),
    r"\mathrm{JSD}(p_{\mathrm{data}} \Vert p_g) = (1 - \text{overlap}) \log 2, \qquad "
    r"W_1(p_{\mathrm{data}}, p_g) = |\theta|",
    _(
        "Distributions on thin supports, such as images, hardly ever meet. JSD then "
        "is constant, so it gives G no direction; the Wasserstein distance and JSD "
        "after added noise do. The overlap, the share of p_g inside p_data's "
        "support, is 0 for points and lines unless θ = 0."
    ),
    _("Arjovsky et al. 2017, Example 1; Arjovsky & Bottou 2017"),
    (
        Param(
            "case",
            _("p_data and p_g are"),
            "lines",
            kind="choice",
            choices=CASES,
            doc=_("Supports."),
        ),
        Param("theta", _("shift θ"), 1.2, -FAR, FAR, doc=_("How far p_g is shifted.")),
        Param("noise", _("noise σ"), 0.0, 0.0, 1.5, doc=_("Gaussian noise added to both sides.")),
    ),
    show=show,
    watch=_(
        "Drag p_g towards p_data: W₁ falls, and JSD stays at ln 2 until they touch. "
        "Then raise the noise: JSD gets a slope, which tells G where to go."
    ),
    lab=_lab,
)
