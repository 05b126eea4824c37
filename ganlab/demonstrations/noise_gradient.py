"""Equation 1: the gradient of E f(x + noise) as the noise vanishes, and what estimates it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Entry, Param, Registry

Array = NDArray[np.float64]
END = 3.0
X = np.linspace(-END, END, 241)
LEAST, MOST = 0.01, 2.0  # of σ
SIGMAS = np.geomspace(LEAST, MOST, 61)
DRAWS = 4000  # samples of each estimator
STEEP = 4.0  # of the soft step
WAVE = 3.0  # radians per unit of x
_NODES, _MORE = 4001, 100_001  # of the quadrature over the noise: for a curve, for one number
_REACH = 9.0  # standard deviations on either side


@dataclass(frozen=True)
class Function(Entry):
    """A function f of one number, and in closed form what normal noise of size σ makes of it.

    of, by: f and its derivative at x. mean, slope: E f(x + σε) and its derivative. pathwise:
    E f'(x + σε)². score: E f(x + σε)² ε² / σ²; None if it has no closed form.
    """

    of: Callable[[Array], Array] = np.sin
    by: Callable[[Array], Array] = np.cos
    mean: Callable[[Array, Any], Array] = lambda x, s: x
    slope: Callable[[Array, Any], Array] = lambda x, s: x
    pathwise: Callable[[Array, Any], Array] = lambda x, s: x
    score: Callable[[Array, Any], Array] | None = None


def _bell(z: ArrayLike) -> Array:
    z = np.asarray(z, np.float64)
    return np.asarray(np.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def _wave_score(x: Array, s: Any) -> Array:
    a = 2 * WAVE * s
    return np.asarray((1 - np.cos(2 * WAVE * x) * (1 - a * a) * np.exp(-a * a / 2)) / (2 * s * s))


FUNCTIONS: Registry[Function] = Registry("f")
for _entry in (
    Function(
        "wave",
        _("a wave"),
        rf"f(x) = \sin {WAVE:g}x",
        _("Much noise wipes it out."),
        of=lambda x: np.sin(WAVE * x),
        by=lambda x: WAVE * np.cos(WAVE * x),
        mean=lambda x, s: np.exp(-((WAVE * s) ** 2) / 2) * np.sin(WAVE * x),
        slope=lambda x, s: WAVE * np.exp(-((WAVE * s) ** 2) / 2) * np.cos(WAVE * x),
        pathwise=lambda x, s: (
            WAVE**2 * (1 + np.exp(-2 * (WAVE * s) ** 2) * np.cos(2 * WAVE * x)) / 2
        ),
        score=_wave_score,
    ),
    Function(
        "square",
        _("a parabola"),
        r"f(x) = x^2",
        _("Noise lifts it and leaves its slope as it is."),
        of=lambda x: x * x,
        by=lambda x: 2 * x,
        mean=lambda x, s: x * x + s * s,
        slope=lambda x, s: 2 * x + 0 * s,
        pathwise=lambda x, s: 4 * (x * x + s * s),
        score=lambda x, s: x**4 / s**2 + 18 * x * x + 15 * s * s,
    ),
    Function(
        "step",
        _("a soft step"),
        rf"f(x) = \Phi({STEEP:g}x)",
        _("Like D at a border: far from it there is no slope, unless noise reaches it."),
        of=lambda x: ndtr(STEEP * x),
        by=lambda x: STEEP * _bell(STEEP * x),
        mean=lambda x, s: ndtr(STEEP * x / np.sqrt(1 + (STEEP * s) ** 2)),
        slope=lambda x, s: (
            STEEP / np.sqrt(1 + (STEEP * s) ** 2) * _bell(STEEP * x / np.sqrt(1 + (STEEP * s) ** 2))
        ),
        pathwise=lambda x, s: (
            STEEP**2
            / (2 * math.pi)
            / np.sqrt(1 + 2 * (STEEP * s) ** 2)
            * np.exp(-((STEEP * x) ** 2) / (1 + 2 * (STEEP * s) ** 2))
        ),
    ),
    Function(
        "corner",
        _("a corner"),
        r"f(x) = |x|",
        _("It has no slope at 0, but with noise it has one everywhere."),
        of=np.abs,
        by=np.sign,
        mean=lambda x, s: x * (1 - 2 * ndtr(-x / s)) + 2 * s * _bell(x / s),
        slope=lambda x, s: 1 - 2 * ndtr(-x / s),
        pathwise=lambda x, s: np.ones(np.broadcast(x, s).shape),
        score=lambda x, s: x * x / (s * s) + 3,
    ),
):
    FUNCTIONS.add(_entry)


@lru_cache(maxsize=2)
def _noise(count: int) -> tuple[Array, Array]:
    """Equally spaced ε (n,) and their weights under N(0, 1): exact to rounding if f is smooth."""
    at = np.linspace(-_REACH, _REACH, count)
    weights = _bell(at)
    return at, weights / weights.sum()


def expectation(of: Callable[[Array, Array], Array], x: float, sigma: ArrayLike) -> Array:
    """E of(x + σε, ε) for sigma (n,), by quadrature: (n,)."""
    s = np.atleast_1d(np.asarray(sigma, np.float64))[:, None]
    at, weights = _noise(_NODES if len(s) > 1 else _MORE)
    return np.asarray(of(x + s * at, np.broadcast_to(at, (len(s), len(at)))) @ weights)


def variances(f: Function, x: float, sigma: Array) -> dict[str, Array]:
    """The variance of one sample of each estimator, for sigma (n,): (n,) each.

    pathwise: f'(x + σε), by backpropagation. score: f(x + σε) ε / σ, REINFORCE. baseline: the same
    with f(x) subtracted from f.
    """
    at = np.asarray(x, np.float64)
    slope = np.asarray(f.slope(at, sigma))
    if f.score is not None:
        second = np.asarray(f.score(at, sigma))
    else:
        second = expectation(lambda y, e: (f.of(y) * e) ** 2, x, sigma) / sigma**2
    here = float(f.of(at))
    # E (f(y) - b)² ε² = E f² ε² - 2 b E f ε² + b², and E f ε² = E f + σ² (E f)''.
    tilted = expectation(lambda y, e: f.of(y) * e * e, x, sigma)
    return {
        "pathwise": np.maximum(np.asarray(f.pathwise(at, sigma)) - slope**2, 0),
        "score": np.maximum(second - slope**2, 0),
        "baseline": np.maximum(second + (here**2 - 2 * here * tilted) / sigma**2 - slope**2, 0),
    }


def samples(f: Function, x: float, sigma: float, seed: int = 0) -> dict[str, Array]:
    """Samples (DRAWS,) of each estimator, from the same noise."""
    e = np.random.default_rng([seed, 15]).standard_normal(DRAWS)
    y = x + sigma * e
    return {
        "pathwise": f.by(y),
        "score": f.of(y) * e / sigma,
        "baseline": (f.of(y) - f.of(np.asarray(x))) * e / sigma,
    }


WAYS = (
    ("pathwise", _("through f: f′(x + σε)"), "G"),
    ("score", "REINFORCE: f(x + σε) ε/σ", "accent"),
    ("baseline", _("REINFORCE, f(x) subtracted"), "run3"),
)


def show(values: Mapping[str, Any]) -> Shown:
    """f with and without noise, the gradient for each size of the noise, and the variances."""
    f, x, sigma = FUNCTIONS[values["f"]], values["x"], values["noise"]
    at, here = np.asarray(x), np.asarray(sigma)
    blurred, plain = f.mean(X, here), f.of(X)
    low, high = float(min(plain.min(), blurred.min())), float(max(plain.max(), blurred.max()))
    room = 0.1 * (high - low)
    height, slope = float(f.mean(at, here)), float(f.slope(at, here))
    reach = 0.7
    tangent = np.array([x - reach, x + reach])
    functions = Panel(
        "functions",
        _("f, and f seen through noise"),
        Axis("x", -END, END),
        Axis("f(x)", low - room, high + room),
        (
            Line(x=X, y=plain, role="D", title="f(x)", dash="dash"),
            Line(x=X, y=blurred, role="G", title="E f(x + σε)"),
            Line(
                x=tangent,
                y=height + slope * (tangent - x),
                role="accent",
                title=_("its slope at x"),
            ),
        ),
        handles=(Handle(_("the point x"), (x, height), "x", role="accent"),),
        share=1.1,
    )
    limit = float(f.by(at))
    exact = np.asarray(f.slope(at, SIGMAS))
    each = variances(f, x, SIGMAS)
    spread = np.sqrt(each["pathwise"])
    ends = [float(v) for v in (limit, exact.min(), exact.max())]
    middle, half = (min(ends) + max(ends)) / 2, max(max(ends) - min(ends), 1.0)
    gradients = Panel(
        "gradients",
        _("The gradient of E f(x + σε)"),
        Axis(_("size of the noise, σ"), LEAST, MOST, log=True),
        Axis(_("gradient"), middle - 1.1 * half, middle + 1.1 * half),
        (
            Area(
                x=SIGMAS, y=exact + spread, base=exact - spread, role="G", title=_("± one sample")
            ),
            Line(x=SIGMAS, y=exact, role="G", title="∇E f(x + σε)"),
            Line(x=(LEAST, MOST), y=(limit, limit), role="D", title="f′(x)", dash="dash"),
            Dots(x=(sigma,), y=(slope,), role="accent", size=10.0),
        ),
        handles=(Handle(_("size of the noise"), (sigma, slope), "noise", role="accent"),),
    )
    now = variances(f, x, np.array([sigma]))
    drawn = samples(f, x, sigma)
    measured = {name: float(one.var()) for name, one in drawn.items()}
    floor, top = 1e-4, 10.0 ** math.ceil(math.log10(max(10.0, max(v.max() for v in each.values()))))

    def clipped(v: Array) -> Array:
        return np.where(v > floor, v, np.nan)

    variance = Panel(
        "variance",
        _("The variance of one sample of each estimate"),
        Axis(_("size of the noise, σ"), LEAST, MOST, log=True),
        Axis(_("variance"), floor, top, log=True),
        (
            *(
                Line(x=SIGMAS, y=clipped(each[name]), role=role, title=title)
                for name, title, role in WAYS
                if np.isfinite(clipped(each[name])).any()
            ),
            *(
                Dots(x=(sigma,), y=(measured[name],), role=role, size=9.0)
                for name, _, role in WAYS
                if floor < measured[name] <= top
            ),
        ),
        note=_("dots: measured on {draws:,} samples", draws=DRAWS),
    )
    numerically = expectation(lambda y, e: f.of(y) * e, x, here)[0] / sigma
    second = expectation(lambda y, e: (f.of(y) * e) ** 2, x, here)[0] / sigma**2
    less = expectation(lambda y, e: ((f.of(y) - f.of(at)) * e) ** 2, x, here)[0] / sigma**2
    numbers = (
        Number(
            "∇E f(x + σε)", slope, "", _("closed form"),
            numerically, _("E f(x + σε) ε/σ by quadrature"),
        ),
        Number(_("f′(x), its limit"), limit, ""),
        Number(
            _("variance through f"), float(now["pathwise"][0]), "", _("closed form"),
            float(expectation(lambda y, e: (f.by(y) - numerically) ** 2, x, here)[0]),
                _("quadrature"),
        ),
        Number(
            _("variance of REINFORCE"), float(now["score"][0]), "",
            _("closed form") if f.score is not None
            else _("E f² ε²/σ² by quadrature, less the slope²"),
            float(second - numerically**2), _("quadrature"),
        ),
        Number(
            _("the same with f(x) subtracted"), float(now["baseline"][0]), "", _("expanded square"),
            float(less - numerically**2), _("quadrature of the square"),
        ),
    )  # fmt: skip
    return Shown((functions, variance, gradients), numbers, _says(now, slope, limit, sigma))


def _v(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _says(now: Mapping[str, Array], slope: float, limit: float, sigma: float) -> str:
    through, score = float(now["pathwise"][0]), float(now["score"][0])
    begin = _(
        "With σ = {sigma:.2g} the gradient is {v}; without noise it is {v2}.",
        sigma=sigma,
        v=_v(slope),
        v2=_v(limit),
    )
    if through < 1e-12:
        return _(
            "{begin} Each sample through f is exact; one of REINFORCE has variance {score:.3g}.",
            begin=begin,
            score=score,
        )
    if score < 1e-12:
        return _("{begin} Both estimates have hardly any variance here.", begin=begin)
    if score < through:
        return _(
            "{begin} So much noise flattens f that REINFORCE has the smaller variance here.",
            begin=begin,
        )
    return _(
        "{begin} REINFORCE needs {score:,.3g} times as many samples as the gradient "
        "through f for the same accuracy.",
        begin=begin,
        score=score / through,
    )


ENTRY = Demonstration(
    "noise-gradient",
    _("Equation 1: the gradient through noise that vanishes"),
    r"\lim_{\sigma \to 0} \nabla_x \, \mathbb{E}_{\epsilon \sim \mathcal{N}(0, I)}"
    r" f(x + \sigma \epsilon) = \nabla_x f(x)",
    _("Why G can be trained through D by backpropagation: a generator that adds "
"noise to its output has, as the noise vanishes, the gradient of f at the "
"output. REINFORCE estimates the same gradient from values of f alone."),
    _("Goodfellow et al. 2014, equation 1 (section 2); Williams 1992"),
    (
        Param(
            "f", _("function f"), "wave", kind="choice", choices=FUNCTIONS,
            doc=_("A function of one number, as D would be of G's output."),
        ),
        Param("x", _("point x"), 0.4, -2.5, 2.5, doc=_("Where the gradient is taken: drag it.")),
        Param(
            "noise", _("size of the noise σ"), 0.2, LEAST, MOST, log=True,
            doc=_("Standard deviation of the noise."),
        ),
    ),
    show=show,
    watch=_("Drag σ to the left: the gradient of the blurred f becomes that of f itself. "
"The variance of a sample through f vanishes with the noise. REINFORCE's "
"grows as f(x)²/σ²; with f(x) subtracted from f it stays bounded."),
)  # fmt: skip
