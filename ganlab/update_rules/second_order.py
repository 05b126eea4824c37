"""Rules that differentiate gradients: they know how each player changes the other's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.update_rules.entry import Found, RuleEntry, Turn, not_plain

CG_STEPS = 10  # the number of steps of conjugate gradients
_ALIGN = 0.1  # biases the sign of the adjustment towards +1
_TINY = 1e-30


def _vjp(of: torch.Tensor, by: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Derivatives of a sum, which can be differentiated again; 0 for what it does not depend on."""
    return torch.autograd.grad(
        of.sum(), by, create_graph=True, allow_unused=True, materialize_grads=True
    )


def _symplectic(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    costs, at = turn.costs(g, d), (d, g)
    v = tuple(_vjp(cost, (x,))[0] for cost, x in zip(costs, at, strict=True))
    here = tuple(x.detach() for x in v)
    # J^T w is linear in w: the derivative in w, times v, is J v, for any w.
    w = tuple(x.clone().requires_grad_() for x in here)
    back = _vjp(_dot(v, w), at)
    forth = _vjp(_dot(back, here), w)
    turned = tuple((a - b).detach() / 2 for a, b in zip(back, forth, strict=True))
    uphill = tuple(a.detach() for a in back)
    size = d.shape[1] + g.shape[1]
    aligned = _dot(here, uphill) * _dot(turned, uphill) / size + _ALIGN
    sign = torch.where(aligned < 0, -1.0, 1.0).to(d.dtype).unsqueeze(1)
    mine = 0 if turn.player == "D" else 1
    grad = turn.shaped(turn.player, here[mine] + sign * turned[mine], at[mine])
    return Found(costs[mine], grad)


def _dot(a: tuple[torch.Tensor, ...], b: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return (a[0] * b[0]).sum(1) + (a[1] * b[1]).sum(1)


def _competitive(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    costs, at = turn.costs(g, d), (d, g)
    mine = 0 if turn.player == "D" else 1
    other = 1 - mine
    by_mine, by_other = (_vjp(costs[i], (at[i],))[0] for i in (mine, other))
    crossed = [_vjp(costs[i], (at[j],))[0] for i, j in ((mine, other), (other, mine))]

    def mixed(which: int, u: torch.Tensor) -> torch.Tensor:
        """D_xy f u, of the player's own cost (0), or of the other's (1)."""
        x = at[(mine, other)[which]]
        return _vjp((crossed[which] * u).sum(1), (x,))[0].detach()

    rate = {mine: turn.rates[mine], other: turn.rates[other]}
    both = rate[mine] * rate[other]
    wanted = by_mine.detach() - rate[other] * mixed(0, by_other.detach())
    x = _conjugate_gradients(lambda u: u - both * mixed(0, mixed(1, u)), wanted)
    return Found(costs[mine], turn.shaped(turn.player, x, at[mine]))


def _conjugate_gradients(
    apply: Callable[[torch.Tensor], torch.Tensor], b: torch.Tensor
) -> torch.Tensor:
    """x (R, P) with A x ≈ b after `CG_STEPS` steps from 0; A symmetric positive, for each run."""
    x, r, p = torch.zeros_like(b), b, b
    square = (r * r).sum(1, keepdim=True)
    for _unused in range(CG_STEPS):
        forth = apply(p)
        step = square / (p * forth).sum(1, keepdim=True).clamp_min(_TINY)
        x, r = x + step * p, r - step * forth
        before, square = square, (r * r).sum(1, keepdim=True)
        p = r + square / before.clamp_min(_TINY) * p
    return x


def _of_a_plain_field(spec: Any) -> str | None:
    names = {
        "consensus": _("consensus optimisation"),
        "ode_regulariser": _("ODE-GAN's regulariser"),
    }
    for field, name in names.items():
        if getattr(spec, field):
            return _("another one with {name}, whose cost contains gradients", name=name)
    return None


_NOT_ZERO_SUM = {
    "unroll": _("an unrolled D"),
    "r2": "R2",
    "gradient_penalty": "WGAN-GP",
    "lipschitz_penalty": "WGAN-LP",
    "smooth_fake": _("label smoothing"),
    "feature_matching": _("feature matching"),
}


def _not_zero_sum(spec: Any) -> str | None:
    if not LOSSES[spec.loss].zero_sum:
        return _(
            "another one with the loss {title}, which is not zero-sum",
            title=LOSSES[spec.loss].title,
        )
    for field, name in _NOT_ZERO_SUM.items():
        if getattr(spec, field):
            return _("another one with {name}: the game is then not zero-sum", name=name)
    return _of_a_plain_field(spec) or not_plain(spec)


ENTRIES = (
    RuleEntry(
        "sga",
        _("symplectic gradient adjustment"),
        r"\theta' = \theta - \eta\,(v + \lambda A^\top v),\ A = \tfrac12 (J - J^\top),\ "
        r"\lambda = \mathrm{sign}(\langle v, J^\top v \rangle"
        r"\langle A^\top v, J^\top v \rangle + 0.1) = \pm 1",
        _(
            "The antisymmetric part A of the game, which only rotates, is turned by 90° "
            "so that it points inwards; the rest is unchanged. Optimisers get the "
            "adjusted gradient."
        ),
        cite="Balduzzi et al. 2018, Algorithm 1",
        both=True,
        work=8,
        find=_symplectic,
        refuse=_of_a_plain_field,
    ),
    RuleEntry(
        "cgd",
        _("competitive gradient descent"),
        r"\Delta_D = -\eta\,(I - \eta^2 D_{DG} f_D\, D_{GD} f_G)^{-1}"
        r"(\partial_D f_D - \eta\,D_{DG} f_D\,\partial_G f_G), \text{ and alike for G}",
        _(
            "Each player responds to the other's response: the equilibrium of the local "
            "bilinear game. For zero-sum games; solved by {cg_steps} steps of conjugate "
            "gradients.",
            cg_steps=CG_STEPS,
        ),
        cite="Schäfer & Anandkumar 2019",
        both=True,
        work=60,
        find=_competitive,
        refuse=_not_zero_sum,
    ),
)
