"""Three costs of G as functions of D(G(z)), and their gradients (NIPS 2016 tutorial, Figure 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Axis, Dots, Handle, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
D = np.concatenate([np.geomspace(1e-3, 0.05, 60), np.linspace(0.05, 0.999, 340)[1:]])
LEAST, MOST = 0.001, 0.999
# Cost and gradient with respect to D's logit, as functions of D(G(z)); role and dash.
COSTS: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any], str, str]] = {
    "minimax": ("minimax", lambda d: np.log1p(-d), lambda d: -d, "run0", "solid"),
    "non-saturating": ("non-saturating", lambda d: -np.log(d), lambda d: d - 1, "G", "dash"),
    "maximum-likelihood": (
        _("maximum likelihood"),
        lambda d: -d / (1 - d),
        lambda d: -d / (1 - d),
        "accent",
        "dashdot",
    ),
}
_FORMULAS = {
    "minimax": ("log(1 − D)", "−D"),
    "non-saturating": (_("−log D"), "D − 1"),
    "maximum-likelihood": ("−D / (1 − D)", "−D / (1 − D)"),
}


def of_engine(loss: str, d: float) -> tuple[float, float]:
    """The engine's cost of G and its gradient with respect to D's logit, by autograd."""
    logit = torch.tensor([[np.log(d / (1 - d))]], dtype=torch.float64, requires_grad=True)
    cost = LOSSES[loss].g(None, logit).sum()
    (gradient,) = torch.autograd.grad(cost, logit)
    return float(cost.detach()), float(gradient)


def show(values: Mapping[str, Any]) -> Shown:
    """The costs and their gradients, and the chosen D(G(z))."""
    d, run = values["d"], values["run"]
    axis = Axis(_("D(G(z)): how real D finds a generated sample"), 0.0, 1.0)
    lines: dict[str, list[Any]] = {"cost": [], "gradient": []}
    numbers = []
    for name, (title, cost, slope, role, dash) in COSTS.items():
        for key, curve in (("cost", cost), ("gradient", slope)):
            lines[key].append(Line(x=D, y=curve(D), role=role, title=title, dash=dash))
            lines[key].append(Dots(x=(d,), y=(curve(d),), role=role, size=10.0))
        value, gradient = of_engine(name, d)
        formulas = _FORMULAS[name]
        unit = "" if name == "maximum-likelihood" else "nats"  # a ratio has none
        numbers += [
            Number(
                _("cost, {title}", title=title),
                cost(d),
                unit,
                formulas[0],
                value,
                _("the lab's own loss"),
            ),
            Number(
                _("gradient, {title}", title=title),
                slope(d),
                "",
                formulas[1],
                gradient,
                _("autograd"),
            ),
        ]
    here = [Line(x=(d, d), y=(-6.0, 6.0), role="game", thin=True, dash="dash")]
    if run:
        here.append(Line(x=(run, run), y=(-6.0, 6.0), role="D", title=_("mean in the run")))
    panels = (
        Panel(
            "cost",
            _("Cost of one generated sample"),
            axis,
            Axis(_("cost of G"), -6.0, 6.0),
            (*here, *lines["cost"]),
            handles=(Handle("D(G(z))", (d, -6.0), "d"),),
            cursor="d",
        ),
        Panel(
            "gradient",
            _("Gradient that G gets through D, of the same three costs"),
            axis,
            Axis(_("derivative of the cost by D's logit"), -3.0, 0.25),
            (*here, *lines["gradient"]),
            cursor="d",
        ),
    )
    return Shown(panels, (*numbers[::2], *numbers[1::2]), _says(d, run))


def _says(d: float, run: float) -> str:
    if d < 0.1:
        text = _(
            "D is sure that the sample is fake. The minimax gradient is only {d:.3f} in "
            "size and has vanished; the non-saturating one is {d2:.3f}.",
            d=d,
            d2=1 - d,
        )
    elif d > 0.9:
        text = _(
            "D takes the sample for real. Maximum likelihood has a gradient of size "
            "{d:.1f}: a few such samples carry almost all of it.",
            d=d / (1 - d),
        )
    else:
        text = _(
            "All three costs push the sample towards larger D. The minimax gradient has "
            "size {d:.2f}, the non-saturating one {d2:.2f}.",
            d=d,
            d2=1 - d,
        )
    return (
        _("{text} In the run, D(G(z)) was {run:.3f} on average.", text=text, run=run)
        if run
        else text
    )


ENTRY = Demonstration(
    "costs",
    _("Three costs of G (tutorial, Figure 16)"),
    r"\log(1 - D), \quad -\log D, \quad -e^{\sigma^{-1}(D)} = -\frac{D}{1 - D}, \qquad D = D(G(z))",
    _(
        "What one generated sample costs G, and how strongly D's answer moves it. "
        "The tutorial has a factor of ½ before each cost; here they are as in the "
        "lab."
    ),
    _("Goodfellow 2016 (NIPS tutorial), section 3.2 and Figure 16"),
    (
        Param("d", "D(G(z))", 0.05, LEAST, MOST, doc=_("D's answer for a generated sample.")),
        Param(
            "run",
            _("D(G(z)) of a run"),
            0.0,
            0.0,
            MOST,
            doc=_("The mean in a lab's run, which is marked; 0: none."),
            needs=lambda values: False,
        ),
    ),
    show=show,
    watch=_(
        "Move to the left, where D is sure that samples are fake, as early in "
        "training: which of the three still has a gradient? On the right: which one "
        "explodes?"
    ),
    lab=lambda values: Spec(loss="minimax", k=5),
)
