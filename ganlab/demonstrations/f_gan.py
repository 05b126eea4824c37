"""f-GANs: which divergence G minimises, and the objective of D that is a bound of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ganlab.demonstrations.densities import HIGH, LOW, Movable, Normal, X, as_spec, top
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import (
    Area,
    Axis,
    Dots,
    Handle,
    Line,
    Number,
    Panel,
    Shown,
    Table,
)
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
DATA = Movable("p", _("p_data"), "data", -0.8, 1.0, drawable=False)
FAKE = Movable("q", "p_g", "G", 0.8, 1.2, drawable=False)
_FARTHEST = 50.0  # the largest standard deviation of p²/q whose tails the quadrature reaches
_PIECE, _ORDER, _MOST = 0.4, 12, 4000
_SIDE = 3.0  # range of T about its optimum in the picture, absolute or as a multiple of it
_NONE = 1e-9  # a density below this share of the other one is about 0
_FARTHEST_LOG = 650.0  # the largest |log u| of a number
_DRAWN = 20.0  # the largest |log u| of the picture of the bound


@dataclass(frozen=True)
class Divergence:
    """∫ q f(p/q) and what an f-GAN needs of it, as functions of the ratio u = p/q.

    conjugate(t) is f*, for t < bound; optimum(log u) is T* = f'(u). parts(log p, log q): p T* and
    q f*(T*), from the logarithms, as T* alone may overflow. loss: the lab's loss. texts: LaTeX for
    the table.
    """

    title: str
    f: Callable[[Any], Any]
    conjugate: Callable[[Any], Any]
    optimum: Callable[[Any], Any]
    bound: float
    parts: Callable[[Array, Array], tuple[Array, Array]]
    loss: str
    texts: tuple[str, str, str, str]


DIVERGENCES = {
    "kl": Divergence(
        "KL(p_data ‖ p_g)",
        lambda u: u * np.log(u),
        lambda t: np.exp(t - 1),
        lambda r: 1 + r,
        math.inf,
        lambda p, q: (np.exp(p) * (1 + p - q), np.exp(p)),
        "f-kl",
        (r"u \log u", "v", r"e^{t-1}", r"1 + \log u"),
    ),
    "reverse-kl": Divergence(
        "KL(p_g ‖ p_data)",
        lambda u: -np.log(u),
        lambda t: -1 - np.log(-t),
        lambda r: -np.exp(-r),
        0.0,
        lambda p, q: (-np.exp(q), np.exp(q) * (p - q - 1)),
        "f-reverse-kl",
        (r"-\log u", r"-e^{-v}", r"-1 - \log(-t)", r"-1/u"),
    ),
    "pearson": Divergence(
        "Pearson χ²",
        lambda u: (u - 1) ** 2,
        lambda t: t * t / 4 + t,
        lambda r: 2 * np.expm1(r),
        math.inf,
        lambda p, q: (2 * (np.exp(2 * p - q) - np.exp(p)), np.exp(2 * p - q) - np.exp(q)),
        "f-pearson",
        (r"(u-1)^2", "v", r"\frac{1}{4} t^2 + t", r"2(u-1)"),
    ),
    "hellinger": Divergence(
        _("squared Hellinger"),
        lambda u: (np.sqrt(u) - 1) ** 2,
        lambda t: t / (1 - t),
        lambda r: -np.expm1(-r / 2),
        1.0,
        lambda p, q: (np.exp(p) - np.exp((p + q) / 2), np.exp((p + q) / 2) - np.exp(q)),
        "f-hellinger",
        (r"(\sqrt{u}-1)^2", r"1 - e^{-v}", r"\frac{t}{1-t}", r"1 - 1/\sqrt{u}"),
    ),
    "gan": Divergence(
        _("original GAN: 2 JSD − log 4"),
        lambda u: u * np.log(u) - (u + 1) * np.log1p(u),
        lambda t: -np.log(-np.expm1(t)),
        lambda r: -np.logaddexp(0, -r),
        0.0,
        lambda p, q: (-np.exp(p) * np.logaddexp(0, q - p), np.exp(q) * np.logaddexp(0, p - q)),
        "minimax",
        (r"u \log u - (u+1) \log(u+1)", r"-\log(1 + e^{-v})", r"-\log(1 - e^t)", r"\log D^*"),
    ),
}


def reach(p: Normal, q: Normal) -> tuple[float, float] | None:
    """Centre and standard deviation of p²/q as a Gaussian; None if its integral diverges."""
    precision = 2 / p.std**2 - 1 / q.std**2
    if precision <= 0:
        return None
    centre = (2 * p.mean / p.std**2 - q.mean / q.std**2) / precision
    return centre, precision**-0.5


def nodes(p: Normal, q: Normal) -> tuple[Array, Array]:
    """Points and weights (n,) of a quadrature that holds p, q and p²/q."""
    parts = [(p.mean, p.std), (q.mean, q.std)]
    own = reach(p, q)
    if own is not None and own[1] < _FARTHEST:
        parts.append(own)
    low = min(mean - 9 * std for mean, std in parts)
    high = max(mean + 9 * std for mean, std in parts)
    pieces = min(_MOST, math.ceil((high - low) / _PIECE))
    edges = np.linspace(low, high, pieces + 1)
    points, weights = np.polynomial.legendre.leggauss(_ORDER)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * points).ravel(), (half * weights).ravel()


def by_definition(name: str, p: Normal, q: Normal) -> float:
    """∫ q f(p/q), nats (χ² and Hellinger have no unit), by quadrature; inf where it diverges."""
    if name == "pearson" and reach(p, q) is None:
        return math.inf
    x, weights = nodes(p, q)
    ratio = p.log(x) - q.log(x)
    if name == "pearson":
        with np.errstate(over="ignore"):  # it may be larger than any number
            inner = np.exp(2 * p.log(x) - q.log(x)) - 2 * p.pdf(x) + q.pdf(x)
    elif name == "kl":
        inner = p.pdf(x) * ratio
    elif name == "reverse-kl":
        inner = -q.pdf(x) * ratio
    elif name == "hellinger":
        inner = (np.exp(p.log(x) / 2) - np.exp(q.log(x) / 2)) ** 2
    else:  # p log D* + q log(1 - D*)
        inner = -p.pdf(x) * np.logaddexp(0, -ratio) - q.pdf(x) * np.logaddexp(0, ratio)
    return float((weights * inner).sum())


def by_bound(name: str, p: Normal, q: Normal) -> float | None:
    """E_p T* − E_q f*(T*), by quadrature; None if its tails are too long for one."""
    own = reach(p, q)
    if name == "pearson" and (own is None or own[1] >= _FARTHEST):
        return math.inf if own is None else None
    x, weights = nodes(p, q)
    with np.errstate(over="ignore"):  # χ² may be larger than any number
        gain, loss = DIVERGENCES[name].parts(p.log(x), q.log(x))
    return math.inf if np.isinf(gain).any() else float((weights * (gain - loss)).sum())


def inner(name: str, a: float, b: float, t: Any) -> Any:
    """What one x adds to the bound if T(x) = t: a t − b f*(t)."""
    return a * t - b * DIVERGENCES[name].conjugate(t)


def searched(name: str, a: float, b: float, ends: tuple[float, float]) -> float | None:
    """The t that makes `inner` largest, by a bounded search; None if one density is about 0."""
    if min(a, b) < _NONE * max(a, b):
        return None
    low, high = ends
    found = minimize_scalar(
        lambda t: -inner(name, a, b, t),
        bounds=(low, min(high, DIVERGENCES[name].bound - 1e-12)),
        method="bounded",
        options={"xatol": 1e-9 * (high - low)},
    )
    return float(found.x)


def show(values: Mapping[str, Any]) -> Shown:
    """Both densities, the bound at one x, and the table of all divergences."""
    name, x = values["divergence"], values["x"]
    of = DIVERGENCES[name]
    p, q = DATA.of(values), FAKE.of(values)
    assert isinstance(p, Normal) and isinstance(q, Normal)
    data, fake = p.pdf(X), q.pdf(X)
    best = of.optimum((p.log(X) - q.log(X)).clip(-_FARTHEST_LOG, _FARTHEST_LOG))
    a, b = float(p.pdf(x)), float(q.pdf(x))
    ratio = float(p.log(x) - q.log(x))
    at = float(of.optimum(min(max(ratio, -_FARTHEST_LOG), _FARTHEST_LOG)))
    high = top(data, fake)
    near = float(of.optimum(min(max(ratio, -_DRAWN), _DRAWN)))
    side = _SIDE * max(1.0, abs(near) / 2)
    low_t, high_t = near - side, min(near + side, of.bound)
    t = np.linspace(low_t, high_t, 402)[1:-1]
    curve, peak = inner(name, a, b, t), float(inner(name, a, b, near))
    deep = peak - max(6 * float(peak - np.median(curve)), 1e-6)
    deep = max(deep, min(float(curve.min()), peak - 1e-6))
    marks: tuple[Line | Dots, ...] = (
        Line(x=(near, near), y=(deep, peak), role="D", dash="dash", thin=True),
        Dots(x=(near,), y=(peak,), role="D", size=11.0, title=_("largest at t = T*(x)")),
    )
    if abs(ratio) > _DRAWN:
        marks = ()
    panels = (
        Panel(
            "densities",
            _("The densities, and the best T(x) against them"),
            Axis("x", LOW, HIGH),
            Axis(_("density"), 0.0, high),
            (
                Area(x=X, y=fake, role="G"),
                Line(x=X, y=fake, role="G", title="p_g"),
                Line(x=X, y=data, role="data", title=_("p_data"), dash="data"),
                Line(x=X, y=best, role="D", title="T*", dash="dash", right=True),
                Line(x=(x, x), y=(0.0, high), role="accent", title=_("the point x"), thin=True),
            ),
            handles=(
                *DATA.handles(values),
                *FAKE.handles(values),
                Handle(_("the point x"), (x, 0.0), "x", role="accent"),
            ),
            right=Axis("T(x)", -4.0, 4.0),
            cursor="x",
            share=1.3,
        ),
        Panel(
            "bound",
            _("What T(x) = t adds to D's objective at the point x"),
            Axis("t", low_t, high_t),
            Axis(_("p_data(x) t − p_g(x) f*(t)"), deep, peak + 0.12 * (peak - deep)),
            (Line(x=t, y=curve, role="accent"), *marks),
            note="" if marks else _("T* is far outside"),
        ),
    )
    numbers = (
        Number(
            of.title,
            by_definition(name, p, q),
            "" if name in ("pearson", "hellinger") else _("nats"),
            _("∫ p_g f(p_data / p_g)"),
            by_bound(name, p, q),
            _("D's objective with T = T*"),
        ),
        Number(
            "T*(x)",
            at,
            "",
            _("f′(p_data / p_g)"),
            searched(name, a, b, (low_t, high_t)),
            _("search for the peak"),
        ),
    )
    rows = tuple((one.title, *(f"${text}$" for text in one.texts)) for one in DIVERGENCES.values())
    table = Table(
        (
            _("G minimises"),
            "f(u)",
            _("D's output T of its score v"),
            _("conjugate f*(t)"),
            _("best T, u = p_data/p_g"),
        ),
        rows,
        list(DIVERGENCES).index(name),
    )
    return Shown(
        panels,
        numbers,
        _says(of, math.exp(min(max(ratio, -_FARTHEST_LOG), _FARTHEST_LOG)), at, x)
        + (_infinite(p, q) if name == "pearson" else ""),
        table,
    )


def _says(of: Divergence, ratio: float, at: float, x: float) -> str:
    size = f"{at:.2f}" if abs(at) < 1e4 else f"{at:.1e}"
    return (
        _(
            "At x = {x:.2f} the ratio p_data/p_g is {ratio:.3g}, and the best T is "
            "{size}. With the best T everywhere, D's objective is {title}, which G then "
            "minimises.",
            x=x,
            ratio=ratio,
            size=size,
            title=of.title,
        )
    ).replace("-", "−")


def _infinite(p: Normal, q: Normal) -> str:
    """Why χ² is infinite, if it is."""
    if reach(p, q) is not None:
        return ""
    return _(
        " It is infinite here: ∫ p_data²/p_g converges only if σ_g is above "
        "σ_data/√2, which is {std:.2f}, and σ_g is {std2:.2f}.",
        std=p.std / math.sqrt(2),
        std2=q.std,
    )


def lab(values: Mapping[str, Any]) -> Spec | None:
    """A lab with these densities and this f-GAN; None if p_g was drawn."""
    loss = DIVERGENCES[values["divergence"]].loss
    return as_spec(DATA.of(values), FAKE.of(values), loss=loss, k=5)


ENTRY = Demonstration(
    "f-gan",
    _("f-GAN: which divergence G minimises"),
    r"D_f(p_{\mathrm{data}} \Vert p_g) = \int p_g\, f\left(\frac{p_{\mathrm{data}}}{p_g}\right)"
    r" = \max_T \; \mathbb{E}_{p_{\mathrm{data}}} T(x) - \mathbb{E}_{p_g} f^*(T(x))",
    _(
        "Every convex f gives a divergence, and a GAN that minimises it: D's "
        "objective is a bound that its best T makes equal to the divergence. The "
        "original GAN is one row of the table."
    ),
    _("Nowozin et al. 2016, equation 4 and Tables 1, 2 and 6"),
    (
        Param(
            "divergence",
            _("divergence"),
            "kl",
            kind="choice",
            choices={name: one.title for name, one in DIVERGENCES.items()},
            doc=_("The row of the table that is drawn."),
        ),
        *DATA.params,
        *FAKE.params,
        Param(
            "x", _("point x"), 0.0, LOW, HIGH, doc=_("Where the bound is drawn: the mouse sets it.")
        ),
    ),
    show=show,
    watch=_(
        "Choose a divergence and move the mouse: T* is where the orange curve is "
        "highest. Then make p_g narrower than p_data: which divergence explodes, and "
        "which hardly notices?"
    ),
    lab=lab,
)
