"""Label smoothing: which D is optimal, and what it tells samples at a spurious mode of p_g."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ganlab.demonstrations.densities import HIGH, LOW, Movable, Normal, X, top
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
DATA = Movable("p", _("p_data"), "data", -1.5, 0.8, drawable=False)
FAKE_WIDTH = 0.7  # of both bumps of p_g
SPURIOUS = 0.5  # the share of p_g in its spurious mode
PUSH = 6.0  # the end of the axis of pushes


def p_g(values: Mapping[str, Any], x: Any) -> Array:
    """p_g at x (n,) -> (n,): half of it is where the data are, half is a spurious mode."""
    right = Normal(values["p_mean"], values["p_std"]).pdf(x)
    return np.asarray(
        (1 - SPURIOUS) * right + SPURIOUS * Normal(values["place"], FAKE_WIDTH).pdf(x)
    )


def optimum(p: Array, q: Array, alpha: float, beta: float) -> Array:
    """D* = ((1 - α) p_data + β p_g)/(p_data + p_g), elementwise."""
    return np.asarray(((1 - alpha) * p + beta * q) / (p + q))


def push(values: Mapping[str, Any], x: Any, alpha: float, beta: float) -> Array:
    """d log D*(x)/dx, which moves a sample of the non-saturating G; x (n,) -> (n,)."""
    p, q, place = DATA.of(values).pdf(x), p_g(values, x), values["place"]
    mean, var = values["p_mean"], values["p_std"] ** 2
    by_p = -(x - mean) / var * p
    spurious = SPURIOUS * Normal(place, FAKE_WIDTH).pdf(x)
    by_q = (1 - SPURIOUS) * by_p - (x - place) / FAKE_WIDTH**2 * spurious
    upper, total = (1 - alpha) * p + beta * q, p + q
    return np.asarray(((1 - alpha) * by_p + beta * by_q) / upper - (by_p + by_q) / total)


def searched(p: float, q: float, alpha: float, beta: float) -> float:
    """The D that minimises the cross entropy with these labels at one point, by a search."""

    def cost(d: float) -> float:
        real = (1 - alpha) * np.log(d) + alpha * np.log(1 - d)
        fake = beta * np.log(d) + (1 - beta) * np.log(1 - d)
        return float(-p * real - q * fake)

    found = minimize_scalar(cost, bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    return float(found.x)


def show(values: Mapping[str, Any]) -> Shown:
    """D* with and without smoothing, and the push that each gives to samples."""
    alpha, beta, place = values["alpha"], values["beta"], values["place"]
    p, q = DATA.of(values).pdf(X), p_g(values, X)
    plain, smooth = optimum(p, q, 0, 0), optimum(p, q, alpha, beta)
    high = top(p, q)
    spot = float(p_g(values, np.asarray(place)))
    answers = Axis("D(x)", 0.0, 1.0, ticks=((0.0, "0"), (0.5, "½"), (1.0, "1")))
    densities = Panel(
        "densities",
        _("D* with and without smoothed labels"),
        Axis("x", LOW, HIGH),
        Axis(_("density"), 0.0, high),
        (
            Area(x=X, y=q, role="G"),
            Line(x=X, y=q, role="G", title="p_g"),
            Line(x=X, y=p, role="data", title=_("p_data"), dash="data"),
            Line(x=X, y=smooth, role="D", title=_("D*, smoothed labels"), right=True, dash="dash"),
            Line(
                x=X, y=plain, role="muted", title=_("D*, labels 1 and 0"), right=True, dash="dash"
            ),
        ),
        handles=(
            *(handle for handle in DATA.handles(values) if handle.at[0] <= HIGH),
            Handle(_("spurious mode of p_g"), (place, spot), "place", role="G"),
        ),
        right=answers,
        share=1.2,
    )
    upper = Panel(
        "numerator",
        _("What D* rewards: its numerator (1 − α) p_data + β p_g"),
        Axis("x", LOW, HIGH),
        Axis(_("density"), 0.0, high),
        (
            Area(x=X, y=(1 - alpha) * p + beta * q, base=(1 - alpha) * p, role="accent",
                 title=_("β p_g: reward for staying")),
            Line(x=X, y=(1 - alpha) * p + beta * q, role="D", title=_("numerator")),
            Line(x=X, y=(1 - alpha) * p, role="data", title=_("(1 − α) p_data"), dash="data"),
        ),
    )  # fmt: skip
    x = X[(p + q) > 1e-9]
    before, after = push(values, x, 0, 0), push(values, x, alpha, beta)
    at = np.array([place])
    now, was = (float(push(values, at, *labels)[0]) for labels in ((alpha, beta), (0, 0)))
    pushes = Panel(
        "push",
        _("The push on a sample of G at x: the slope of log D*"),
        Axis("x", LOW, HIGH),
        Axis(_("push (left is negative)"), -PUSH, PUSH),
        (
            Line(x=(LOW, HIGH), y=(0, 0), role="muted", thin=True),
            Line(x=x, y=before, role="muted", title=_("labels 1 and 0"), dash="dash"),
            Line(x=x, y=after, role="accent", title=_("smoothed labels")),
            Dots(x=at, y=(float(np.clip(now, -PUSH, PUSH)),), role="G", size=10.0,
                 title=_("at the spurious mode")),
        ),
    )  # fmt: skip
    p_at, q_at = float(DATA.of(values).pdf(at)[0]), float(p_g(values, at)[0])
    d_at = float(optimum(np.array(p_at), np.array(q_at), alpha, beta))
    near = 1e-5

    def log_d(shift: float) -> float:
        y = at + shift
        return float(np.log(optimum(DATA.of(values).pdf(y), p_g(values, y), alpha, beta))[0])

    entry = LOSSES["minimax"].optimal
    assert entry is not None
    numbers = (
        Number(
            _("D* at the spurious mode"), d_at, "", _("the formula"),
            searched(p_at, q_at, alpha, beta), _("search for the lowest cross entropy"),
        ),
        Number(_("D* there, labels 1 and 0"), float(optimum(np.array(p_at), np.array(q_at), 0, 0))),
        Number(
            _("push there"), now, _("per unit of x"), _("derivative of the formula"),
            (log_d(near) - log_d(-near)) / (2 * near), _("differences of log D*"),
        ),
        Number(_("push there, labels 1 and 0"), was, _("per unit of x")),
        Number(
            _("highest D*"), float(smooth.max()), "", _("the formula on the axis"),
            float(entry(p, q, alpha, beta).max()), _("the lab's own D*"),
        ),
    )  # fmt: skip
    return Shown((densities, upper, pushes), numbers, _says(alpha, beta, d_at, now, was))


def _says(alpha: float, beta: float, d: float, now: float, was: float) -> str:
    if not alpha and not beta:
        return _(
            "No smoothing: D* is {d:.2g} at the spurious mode, and samples there are "
            "pushed by {was:.2f} towards the data.",
            d=d,
            was=abs(was),
        )
    if not beta:
        return _(
            "One-sided: D* is {alpha:.2f} times what it was at every x, so the slope of "
            "its logarithm, and the push of {now:.2f} at the spurious mode, stay the "
            "same.",
            alpha=1 - alpha,
            now=abs(now),
        )
    begin = _("With β = {beta:.2g} D* does not fall below {beta:.2g}", beta=beta)
    if abs(was) < 0.3:
        return _(
            "{begin}. Here the second bump of p_g is on the data, where nothing pushes it.",
            begin=begin,
        )
    left = 100 * now / was
    stay = _(" The samples stay.") if left < 50 else ""
    return _(
        "{begin}: at the spurious mode it is {d:.2f}, and {left:.0f} % of the push "
        "to the data is left.{stay}",
        begin=begin,
        d=d,
        left=left,
        stay=stay,
    )


def lab(values: Mapping[str, Any]) -> Spec:
    """A lab with these labels, whose G begins at the spurious mode."""
    return Spec(
        target="gaussian",
        target_params={"mean": values["p_mean"], "std": values["p_std"]},
        g_hidden=(),
        g_start=(FAKE_WIDTH, values["place"]),
        smooth_real=values["alpha"],
        smooth_fake=values["beta"],
        k=5,
    )


ENTRY = Demonstration(
    "label-smoothing",
    _("Label smoothing: one side or both"),
    r"D^*(x) = \frac{(1 - \alpha)\, p_{\mathrm{data}}(x) + \beta\, p_g(x)}"
    r"{p_{\mathrm{data}}(x) + p_g(x)}",
    _("D is trained with the labels 1 − α for real and β for generated samples. "
"Half of p_g is where the data are; the other half is a spurious mode, which "
"G should leave."),
    _("Salimans et al. 2016, section 3.4; Goodfellow 2016 (NIPS tutorial), section 4.2"),
    (
        *DATA.params,
        Param("place", _("spurious mode"), 2.0, -4.5, 4.5,
            doc=_("Drag it: the other half of p_g.")),
        Param("alpha", _("α of real labels"), 0.1, 0.0, 0.5,
            doc=_("Real samples have the label 1 − α.")),
        Param("beta", _("β of generated labels"), 0.3, 0.0, 0.5,
            doc=_("Generated ones have label β.")),
    ),
    show=show,
    watch=_("Set β to 0: D* is only scaled down, and the push on the spurious samples "
"stays. With β above 0 the numerator has a second peak there, D* no longer "
"falls to 0, and the push vanishes: the samples have no reason to leave."),
    lab=lab,
)  # fmt: skip
