"""Three costs of G as functions of D(G(z)), and their gradients (NIPS 2016 tutorial, Figure 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Axis, Dots, Handle, Line, Number, Panel, Shown
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
        "maximum likelihood",
        lambda d: -d / (1 - d),
        lambda d: -d / (1 - d),
        "accent",
        "dashdot",
    ),
}
_FORMULAS = {
    "minimax": ("log(1 − D)", "−D"),
    "non-saturating": ("−log D", "D − 1"),
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
    axis = Axis("D(G(z)): how real D finds a generated sample", 0.0, 1.0)
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
            Number(f"cost, {title}", cost(d), unit, formulas[0], value, "the lab's own loss"),
            Number(f"gradient, {title}", slope(d), "", formulas[1], gradient, "autograd"),
        ]
    here = [Line(x=(d, d), y=(-6.0, 6.0), role="game", thin=True, dash="dash")]
    if run:
        here.append(Line(x=(run, run), y=(-6.0, 6.0), role="D", title="mean in the run"))
    panels = (
        Panel(
            "cost",
            "Cost of one generated sample",
            axis,
            Axis("cost of G", -6.0, 6.0),
            (*here, *lines["cost"]),
            handles=(Handle("D(G(z))", (d, -6.0), "d"),),
            cursor="d",
        ),
        Panel(
            "gradient",
            "Gradient that G gets through D, of the same three costs",
            axis,
            Axis("derivative of the cost by D's logit", -3.0, 0.25),
            (*here, *lines["gradient"]),
            cursor="d",
        ),
    )
    return Shown(panels, (*numbers[::2], *numbers[1::2]), _says(d, run))


def _says(d: float, run: float) -> str:
    if d < 0.1:
        text = (
            f"D is sure that the sample is fake. The minimax gradient is only {d:.3f} in size and "
            f"has vanished; the non-saturating one is {1 - d:.3f}."
        )
    elif d > 0.9:
        text = (
            f"D takes the sample for real. Maximum likelihood has a gradient of size "
            f"{d / (1 - d):.1f}: a few such samples carry almost all of it."
        )
    else:
        text = (
            f"All three costs push the sample towards larger D. The minimax gradient has size "
            f"{d:.2f}, the non-saturating one {1 - d:.2f}."
        )
    return f"{text} In the run, D(G(z)) was {run:.3f} on average." if run else text


ENTRY = Demonstration(
    "costs",
    "Three costs of G (tutorial, Figure 16)",
    r"\log(1 - D), \quad -\log D, \quad -e^{\sigma^{-1}(D)} = -\frac{D}{1 - D}, \qquad D = D(G(z))",
    "What one generated sample costs G, and how strongly D's answer moves it. The tutorial has a "
    "factor of ½ before each cost; here they are as in the lab.",
    "Goodfellow 2016 (NIPS tutorial), section 3.2 and Figure 16",
    (
        Param("d", "D(G(z))", 0.05, LEAST, MOST, doc="D's answer for a generated sample."),
        Param(
            "run",
            "D(G(z)) of a run",
            0.0,
            0.0,
            MOST,
            doc="The mean in a lab's run, which is marked; 0: none.",
            needs=lambda values: False,
        ),
    ),
    show=show,
    watch="Move to the left, where D is sure that samples are fake, as early in training: which of "
    "the three still has a gradient? On the right: which one explodes?",
    lab=lambda values: Spec(loss="minimax", k=5),
)
