"""The Dirac-GAN: data at 0, a generator that makes the point θ, and a discriminator of slope ψ.

As in the source, ψ x is high where x is generated (D's logit in the losses of the labs is -ψ x),
and G moves first where both alternate.

Source: Mescheder, Geiger & Nowozin 2018, "Which training methods for GANs do actually converge?".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ganlab.games.entry import Costs, Equilibrium, GameEntry, Values
from ganlab.games.inputs import on
from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.registry import Param

NODES = 24  # of the quadrature over the noise: exact for polynomials of degree 47
_NO_NOISE = ("relativistic-average",)  # losses with a mean inside of a function


@lru_cache(maxsize=1)
def _quadrature() -> tuple[torch.Tensor, torch.Tensor]:
    """Nodes and weights (NODES,) of the mean over N(0, 1), by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return torch.from_numpy(nodes), torch.from_numpy(weights / weights.sum())


def _mean(
    loss: Callable[..., torch.Tensor], real: torch.Tensor, fake: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """The mean (R,) of a loss over pairs of logits (R, n), each pair with its weight (n,)."""
    runs, pairs = real.shape
    each = loss(real.reshape(-1, 1), fake.reshape(-1, 1)).reshape(runs, pairs)
    return each @ weights


def _costs(theta: torch.Tensor, psi: torch.Tensor, values: Values) -> Costs:
    loss, sigma = LOSSES[values["loss"]], values["noise"]
    if on(sigma):
        nodes, weights = _quadrature()
        if loss.g_sees_real:  # a pair is compared: all pairs of noise
            at_real = nodes.repeat_interleave(NODES)
            at_fake, weights = nodes.repeat(NODES), torch.outer(weights, weights).reshape(-1)
        else:
            at_real = at_fake = nodes
        real, fake = -psi * sigma * at_real, -psi * (theta + sigma * at_fake)
        by_d, by_g = _mean(loss.d, real, fake, weights), _mean(loss.g, real, fake, weights)
    else:
        fake = -psi * theta
        real = torch.zeros_like(fake)
        by_d, by_g = loss.d(real, fake), loss.g(real, fake)
    # D's slope is ψ at every x, so that all penalties on it are functions of ψ alone.
    if on(values["r1"]):
        by_d = by_d + values["r1"] / 2 * (psi * psi).sum(1)
    if on(values["gp"]):
        by_d = by_d + values["gp"] / 2 * ((psi.abs() - values["gp_target"]) ** 2).sum(1)
    return by_g, by_d


@lru_cache(maxsize=64)
def slopes(loss: str) -> tuple[float, float, float]:
    """Derivatives of a loss at logits of 0: ∂_fake d, (∂²_real + ∂²_fake) d, and ∂_fake g."""
    entry = LOSSES[loss]
    with torch.enable_grad():
        real = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
        fake = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)

        def by(of: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
            if not of.requires_grad:
                return torch.zeros_like(at)
            return torch.autograd.grad(
                of.sum(), at, create_graph=True, allow_unused=True, materialize_grads=True
            )[0]

        d, g = entry.d(real, fake), entry.g(real, fake)
        first = by(d, fake)
        second = by(by(d, real), real) + by(first, fake)
        return first.item(), second.item(), by(g, fake).item()


def _rest(values: Values) -> tuple[Equilibrium, ...]:
    """(0, 0), where ∂_ψ f_D = -d' θ + (d'' σ² + γ) ψ and ∂_θ f_G = -g' ψ to first order."""
    d_slope, bend, g_slope = slopes(values["loss"])
    pull = bend * values["noise"] ** 2 + values["r1"]
    jacobian = np.array([[0.0, -g_slope], [-d_slope, pull]])
    return (Equilibrium(0.0, 0.0, None if values["gp"] else jacobian),)


def _flow(values: Values) -> str:
    if values["gp"] or values["noise"] or values["r1"]:
        return ""
    if values["loss"] in ("minimax", "wasserstein", "relativistic-pairing"):
        return _("continuous time follows circles: θ² + ψ² is conserved")
    if values["loss"] == "non-saturating":
        return _("continuous time approaches 0 as r ≈ √(8/t), slower than any geometric rate ρᵗ")
    return ""


def _refuse(values: Values) -> tuple[str, Any, str] | None:
    if values["noise"] and values["loss"] in _NO_NOISE:
        title = LOSSES[values["loss"]].title
        return (
            "noise",
            values["noise"],
            _("0 with the loss {title}, whose mean is inside of σ(·)", title=title),
        )
    return None


ENTRY = GameEntry(
    "dirac",
    _("Dirac-GAN"),
    r"f_D(\theta, \psi) = \ell_D(0, -\psi\theta),\ f_G(\theta, \psi) = \ell_G(0, -\psi\theta)",
    _(
        "The smallest GAN: the data are the point 0, the generator makes the point "
        "θ, and D's logit is −ψ x, so that ψ x is high where x is generated. The "
        "losses are those of the labs."
    ),
    cite="Mescheder et al. 2018",
    params=(
        Param(
            "loss", _("loss"), "minimax", kind="choice", choices=LOSSES, doc=_("As in the labs.")
        ),
        Param(
            "r1",
            "R1, γ",
            0.0,
            0.0,
            10.0,
            typical=0.3,
            doc=_(
                "Penalty γ/2 ψ² on D's slope, which is ψ everywhere: R1 and R2 are the same here."
            ),
        ),
        Param(
            "noise",
            _("instance noise σ"),
            0.0,
            0.0,
            3.0,
            typical=0.7,
            doc=_("Standard deviation of noise on data and samples; its mean is computed exactly."),
        ),
        Param(
            "gp",
            _("WGAN-GP, λ"),
            0.0,
            0.0,
            10.0,
            typical=0.7,
            doc=_("Penalty λ/2 (|ψ| − target)² on D's slope."),
        ),
        Param(
            "gp_target", _("WGAN-GP's target"), 1.0, 0.0, 3.0, doc=_("The slope that it asks for.")
        ),
        Param(
            "clip",
            _("WGAN clip c"),
            0.0,
            0.0,
            10.0,
            typical=1.0,
            doc=_("ψ is clipped to [−c, c] after each of D's updates. 0: off."),
        ),
    ),
    costs=_costs,
    equilibria=_rest,
    variables=("θ", "ψ"),
    players=("G", "D"),
    box=2.5,
    bound=lambda values: values["clip"] or math.inf,
    zero_sum=lambda values: LOSSES[values["loss"]].zero_sum,
    watch=_(
        "With minimax, D chases θ for ever and pushes it past the data; R1 or noise "
        "makes D flat at the data, and both come to rest."
    ),
    flow=_flow,
    refuse=_refuse,
)
