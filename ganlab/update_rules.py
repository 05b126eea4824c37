"""Update rules: at which D and G the two gradients are taken, and how they are combined.

There is one registry entry per rule. A rule finds the gradient of the player whose update it is by
asking a `Turn`. Optimisers, and what stabilisers do to gradients, are not part of a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS, Number, Slots
from ganlab.registry import Entry, Registry

CG_STEPS = 10  # the number of steps of conjugate gradients
_ALIGN = 0.1  # biases the sign of the adjustment towards +1
_TINY = 1e-30


class Found(NamedTuple):
    """The result of a rule: the player's cost (R,) and the gradient (R, P) for its optimiser.

    memory: the slots that its optimiser continues from; None for its current ones.
    """

    cost: torch.Tensor
    grad: torch.Tensor
    memory: Slots | None = None


class Turn(Protocol):
    """The queries that a rule may make of the current update; g (R, P_G), d (R, P_D).

    rates: both players' learning rates, (D's, G's), for optimisers that have no other number.
    """

    player: str

    @property
    def rates(self) -> tuple[Number, Number]: ...

    def gradient(self, player: str, g: torch.Tensor, d: torch.Tensor) -> Found:
        """A player's cost and gradient at (g, d), changed as the stabilisers that are on say."""

    def costs(self, g: torch.Tensor, d: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """D's and G's cost (R,), differentiable in g and d."""

    def shaped(self, player: str, grad: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        """A gradient at a player's parameters, changed as the stabilisers that are on say."""

    def stepped(
        self, g: torch.Tensor, d: torch.Tensor, by_g: torch.Tensor, by_d: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, Slots | None]:
        """g and d after a step of their optimisers; the player's new slots if they are kept."""

    def moved(
        self,
        g: torch.Tensor,
        d: torch.Tensor,
        by_g: torch.Tensor,
        by_d: torch.Tensor,
        share: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """g and d after `share` of a plain gradient step, ready to be differentiated."""


@dataclass(frozen=True)
class RuleEntry(Entry):
    """An update rule.

    find(turn, g, d): the gradient of the player whose turn it is; None for the gradient of its own
    cost at (g, d).
    before: whether G's update uses D, and its optimiser's slots, from before D's last update.
    both: whether each update needs both players' costs, and so real data also for G's.
    twice: whether the optimiser's slots take in two gradients per update.
    step(old, new, last) -> new, last: changes a step of the optimiser. A vector "step", zeros at
    the start, is kept for each player and passed as `last`. None if nothing is kept.
    work: the cost of an update, relative to a plain one (about).
    refuse(spec): why it does not go with the rest of a Spec, or None.
    """

    find: Callable[[Turn, torch.Tensor, torch.Tensor], Found] | None = None
    before: bool = True
    both: bool = False
    twice: bool = False
    step: Callable[..., tuple[torch.Tensor, torch.Tensor]] | None = None
    work: float = 1
    refuse: Callable[[Any], str | None] = lambda spec: None


RULES: Registry[RuleEntry] = Registry("rule")


def _fields(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both players' gradients (D's, G's) at (g, d), as their optimisers get them."""
    return turn.gradient("D", g, d).grad, turn.gradient("G", g, d).grad


def _extragradient(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    by_d, by_g = _fields(turn, g, d)
    g, d, memory = turn.stepped(g, d, by_g, by_d)
    return turn.gradient(turn.player, g, d)._replace(memory=memory)


def _expected(
    old: torch.Tensor, new: torch.Tensor, last: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    step = new - old
    return old + 2 * step - last, step


def _heun(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    first = {player: turn.gradient(player, g, d) for player in "DG"}
    g, d = turn.moved(g, d, first["G"].grad, first["D"].grad, 1.0)
    own = first[turn.player]
    return own._replace(grad=(own.grad + turn.gradient(turn.player, g, d).grad) / 2)


def _runge_kutta(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    first = {player: turn.gradient(player, g, d) for player in "DG"}
    own, now = first[turn.player], {p: found.grad for p, found in first.items()}
    total = own.grad
    for share, weight in ((0.5, 2), (0.5, 2), (1.0, 1)):
        at = turn.moved(g, d, now["G"], now["D"], share)
        wanted = "DG" if weight == 2 else turn.player
        now = {player: turn.gradient(player, *at).grad for player in wanted}
        total = total + weight * now[turn.player]
    return own._replace(grad=total / 6)


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
    for _ in range(CG_STEPS):
        forth = apply(p)
        step = square / (p * forth).sum(1, keepdim=True).clamp_min(_TINY)
        x, r = x + step * p, r - step * forth
        before, square = square, (r * r).sum(1, keepdim=True)
        p = r + square / before.clamp_min(_TINY) * p
    return x


def _not_plain(spec: Any) -> str | None:
    if spec.optimizer != "sgd":
        title = OPTIMIZERS[spec.optimizer].title
        return f"another one with {title}: this rule makes plain gradient steps, as SGD does"
    return None


def _of_a_plain_field(spec: Any) -> str | None:
    for name, says in (("consensus", "consensus optimisation"), ("ode_regulariser", "ODE-GAN's")):
        if getattr(spec, name):
            return f"another one with {says} gradients of gradients in a cost"
    return None


_MIXED = (
    "unroll",
    "r2",
    "gradient_penalty",
    "lipschitz_penalty",
    "smooth_fake",
    "feature_matching",
)


def _not_zero_sum(spec: Any) -> str | None:
    if not LOSSES[spec.loss].zero_sum:
        return f"another one with the loss {LOSSES[spec.loss].title}, which is not zero-sum"
    for name in _MIXED:
        if getattr(spec, name):
            return f"another one with {name}, which makes the game not zero-sum"
    return _of_a_plain_field(spec) or _not_plain(spec)


for _entry in (
    RuleEntry(
        "alternating",
        "alternating",
        r"\theta_D' = \theta_D - \eta\,\partial f_D(\theta_D, \theta_G),\ "
        r"\theta_G' = \theta_G - \eta\,\partial f_G(\theta_D', \theta_G)",
        "Algorithm 1: G responds to the D that has just been updated.",
        cite="Goodfellow et al. 2014, Algorithm 1",
        before=False,
    ),
    RuleEntry(
        "simultaneous",
        "simultaneous",
        r"\theta' = \theta - \eta\,v(\theta)",
        "G responds to D as it was before D's last update: on rotating games orbits spiral out.",
        cite="Mescheder et al. 2017",
    ),
    RuleEntry(
        "extragradient",
        "extragradient",
        r"\theta' = \theta - \eta\,v(\theta - \eta\,v(\theta))",
        "Both players look one update ahead and use the gradient found there, which damps "
        "rotation. The optimiser's slots take in the second gradient only.",
        cite="Korpelevich 1976; Gidel et al. 2019",
        both=True,
        work=4,
        find=_extragradient,
    ),
    RuleEntry(
        "extra-adam",
        "ExtraAdam",
        r"m_{t-1/2} = \beta_1 m_{t-1} + (1 - \beta_1)\,v(\theta_t),\ "
        r"m_t = \beta_1 m_{t-1/2} + (1 - \beta_1)\,v(\theta_{t+1/2})",
        "As extragradient, but the optimiser's slots take in both gradients: Adam's two moments, "
        "unbiased by the powers 2t − 1 and 2t, or momentum's velocity. It is the same with SGD, "
        "which has none. Gidel et al. draw a second minibatch; here both gradients use one.",
        cite="Gidel et al. 2019, Algorithm 4",
        both=True,
        twice=True,
        work=4,
        find=_extragradient,
    ),
    RuleEntry(
        "optimistic",
        "optimistic",
        r"\theta_{t+1} = \theta_t - 2\eta\,v_t + \eta\,v_{t-1}",
        "Each player expects the other to repeat its last step, without a second gradient.",
        cite="Daskalakis et al. 2018",
        step=_expected,
    ),
    RuleEntry(
        "sga",
        "symplectic gradient adjustment",
        r"\theta' = \theta - \eta\,(v + \lambda A^\top v),\ A = \tfrac12 (J - J^\top),\ "
        r"\lambda = \mathrm{sign}(\langle v, J^\top v \rangle"
        r"\langle A^\top v, J^\top v \rangle + 0.1) = \pm 1",
        "The antisymmetric part A of the game, which only rotates, is turned by 90° so that it "
        "points inwards; the rest is unchanged. Optimisers get the adjusted gradient.",
        cite="Balduzzi et al. 2018, Algorithm 1",
        both=True,
        work=8,
        find=_symplectic,
        refuse=_of_a_plain_field,
    ),
    RuleEntry(
        "cgd",
        "competitive gradient descent",
        r"\Delta_D = -\eta\,(I - \eta^2 D_{DG} f_D\, D_{GD} f_G)^{-1}"
        r"(\partial_D f_D - \eta\,D_{DG} f_D\,\partial_G f_G), \text{ and alike for G}",
        "Each player responds to the other's response: the equilibrium of the local bilinear "
        f"game. For zero-sum games; solved by {CG_STEPS} steps of conjugate gradients.",
        cite="Schäfer & Anandkumar 2019",
        both=True,
        work=60,
        find=_competitive,
        refuse=_not_zero_sum,
    ),
    RuleEntry(
        "heun",
        "Heun",
        r"\theta' = \theta - \tfrac{\eta}{2}\,(v(\theta) + v(\theta - \eta\,v(\theta)))",
        "A second-order step along the flow of both players: orbits spiral out far less than with "
        "simultaneous steps.",
        cite="Qin et al. 2020; Heun 1900",
        both=True,
        work=3,
        find=_heun,
        refuse=_not_plain,
    ),
    RuleEntry(
        "rk4",
        "Runge-Kutta 4",
        r"\theta' = \theta - \tfrac{\eta}{6}\,(k_1 + 2 k_2 + 2 k_3 + k_4),\ k_1 = v(\theta),\ "
        r"k_{2,3} = v(\theta - \tfrac{\eta}{2} k_{1,2}),\ k_4 = v(\theta - \eta k_3)",
        "A fourth-order step: the run follows the flow closely, and circles stay circles. Any "
        "rotation that is left is the game's, not the discretisation's.",
        cite="Qin et al. 2020; Kutta 1901",
        both=True,
        work=7,
        find=_runge_kutta,
        refuse=_not_plain,
    ),
):
    RULES.add(_entry)
