"""Proposition 1: for fixed densities, which D(x) makes V(D, G) largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import xlog1py, xlogy

from ganlab import theory
from ganlab.demonstrations.densities import HIGH, LOW, Movable, X, as_spec, top
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

DATA = Movable("p", _("p_data"), "data", -1.0, 0.8)
FAKE = Movable("q", "p_g", "G", 1.0, 1.2)
Y = np.linspace(0.0, 1.0, 401)[1:-1]
HALVES = ((0.0, "0"), (0.5, "½"), (1.0, "1"))


def integrand(a: float, b: float, y: Any) -> Any:
    """The share of x in V(D, G) if D(x) = y: a log y + b log(1 − y), nats."""
    return xlogy(a, y) + xlog1py(b, -y)


def searched(a: float, b: float) -> tuple[float, float]:
    """The y that makes the integrand largest, and the integrand there, by a bounded search."""
    found = minimize_scalar(
        lambda y: -integrand(a, b, y), bounds=(0, 1), method="bounded", options={"xatol": 1e-10}
    )
    return float(found.x), -float(found.fun)


def show(values: Mapping[str, Any]) -> Shown:
    """Both densities and D*, and the integrand at the chosen x."""
    p, q, x = DATA.of(values), FAKE.of(values), values["x"]
    data, fake = p.pdf(X), q.pdf(X)
    a, b = float(p.pdf(x)), float(q.pdf(x))
    high = top(data, fake)
    densities = Panel(
        "densities",
        _("The densities, and the best D against them"),
        Axis("x", LOW, HIGH),
        Axis(_("density"), 0.0, high),
        (
            Area(x=X, y=fake, role="G"),
            Line(x=X, y=fake, role="G", title="p_g"),
            Line(x=X, y=data, role="data", title=_("p_data"), dash="data"),
            Line(x=X, y=theory.d_star(data, fake), role="D", title="D*", dash="dash", right=True),
            Line(x=(x, x), y=(0.0, high), role="accent", title=_("the point x"), thin=True),
        ),
        handles=(
            *DATA.handles(values),
            *FAKE.handles(values),
            Handle(_("the point x"), (x, 0.0), "x", role="accent"),
        ),
        right=Axis("D(x)", 0.0, 1.0, ticks=HALVES),
        draws=(*DATA.draws(values), *FAKE.draws(values)),
        cursor="x",
        share=1.5,
    )
    known = a + b > 0
    best = float(theory.d_star(a, b))
    # At y = D*: as 1 − y would be rounded where a is much larger, from both shares.
    largest = float(xlogy(a, a / (a + b)) + xlogy(b, b / (a + b))) if known else 0.0
    other, found = searched(a, b) if known else (None, None)
    depth = 3.0 * (a + b) if known else 1.0
    curve = integrand(a, b, Y)
    at_point = Panel(
        "integrand",
        _("What D(x) = y adds to V at the point x"),
        Axis(_("y, the answer of D at x"), 0.0, 1.0, ticks=HALVES),
        Axis(_("p_data(x) log y + p_g(x) log(1 − y)"), -depth, 0.0),
        (
            Line(x=Y, y=curve, role="accent"),
            Line(x=(best, best), y=(-depth, largest), role="D", dash="dash", thin=True),
            Dots(x=(best,), y=(largest,), role="D", size=11.0, title=_("largest at y = D*(x)")),
        ),
    )
    numbers = (
        Number(_("p_data at x"), a, _("per unit of x")),
        Number(_("p_g at x"), b, _("per unit of x")),
        Number(
            "D*(x)",
            best,
            "",
            _("p_data / (p_data + p_g)"),
            other,
            _("search for the largest value"),
        ),
        Number(
            _("largest value"),
            largest,
            _("nats"),
            _("the curve at D*(x)"),
            found,
            _("the same search"),
        ),
    )
    return Shown((densities, at_point), numbers, _says(a, b, best, x))


def _says(a: float, b: float, best: float, x: float) -> str:
    if a + b == 0:
        return _("At x = {x:.2f} both densities are 0: V does not depend on D there.", x=x)
    if best > 0.6:
        which = _("p_data is {a:.3g} times p_g", a=a / b) if b else _("only p_data is there")
        return _(
            "At x = {x:.2f} {which}, so the best D says real more than fake: {best:.2f}.",
            x=x,
            which=which,
            best=best,
        )
    if best < 0.4:
        which = _("p_g is {b:.3g} times p_data", b=b / a) if a else _("only p_g is there")
        return _(
            "At x = {x:.2f} {which}, so the best D says fake more than real: {best:.2f}.",
            x=x,
            which=which,
            best=best,
        )
    return _(
        "At x = {x:.2f} both densities are about the same, so the best D cannot tell: {best:.2f}.",
        x=x,
        best=best,
    )


def lab(values: Mapping[str, Any]) -> Spec | None:
    """A lab with these densities, where D learns faster than G; None if p_g was drawn."""
    return as_spec(DATA.of(values), FAKE.of(values), loss="minimax", k=5)


ENTRY = Demonstration(
    "optimal-d",
    _("Proposition 1: the best D"),
    r"D^*(x) = \mathrm{argmax}_y \; p_{\mathrm{data}}(x) \log y + p_g(x) \log(1 - y)"
    r" = \frac{p_{\mathrm{data}}(x)}{p_{\mathrm{data}}(x) + p_g(x)}",
    _(
        "For a fixed generator, D can be chosen at each x on its own: the best "
        "answer there is the share of p_data among both densities."
    ),
    _("Goodfellow et al. 2014, Proposition 1"),
    (
        *DATA.params,
        *FAKE.params,
        Param(
            "x",
            _("point x"),
            0.0,
            LOW,
            HIGH,
            doc=_("Where the integrand is drawn: the mouse sets it."),
        ),
    ),
    show=show,
    watch=_(
        "Move the mouse over the densities: the highest point of the orange curve is "
        "always at y = D*(x). Then drag one density onto the other: D* becomes ½ "
        "everywhere."
    ),
    lab=lab,
    refuse=lambda values: DATA.refuse(values) or FAKE.refuse(values),
)
