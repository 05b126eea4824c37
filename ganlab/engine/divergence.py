"""Divergence of a run, with its likely cause: something to show, not an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ganlab.engine.game import Game
from ganlab.engine.state import State
from ganlab.engine.turns import Player
from ganlab.languages import _
from ganlab.spec import PARAMS, Spec

_GROWN = 1e3  # the size of weights above which the step size is blamed


@dataclass(frozen=True)
class Divergence:
    """A run with a result that is not finite: when, whose update, which quantity and why (likely).

    `iteration` is the iteration of Algorithm 1 in which it happened (the first is 1). The run keeps
    its last finite parameters.
    """

    iteration: int
    player: Player
    quantity: str
    cause: str

    def __str__(self) -> str:
        return _(
            "Diverged in iteration {iteration:,}: {quantity} is no longer finite. {cause}",
            iteration=self.iteration,
            quantity=self.quantity,
            cause=self.cause,
        )


def diagnose(
    iteration: int,
    player: Player,
    spec: Spec,
    cost: torch.Tensor,
    new: torch.Tensor,
    d: torch.Tensor,
    g: torch.Tensor,
) -> Divergence:
    """The Divergence in an update of `player` that gave `cost` and the parameters `new` (P,).

    d, g: the last finite parameters of both players.
    """
    if not torch.isfinite(cost):
        quantity = _("{player}'s loss", player=player)
    elif not torch.isfinite(new.sum()):
        quantity = _("{player}'s parameters", player=player)
    else:
        quantity = _("the square of {player}'s gradient", player=player)
    sizes = {"D": d.abs().max().item(), "G": g.abs().max().item()}
    who = max(sizes, key=sizes.__getitem__)
    size, overshoots = sizes[who], sizes[who] >= _GROWN
    rate = f"{(who if overshoots else player).lower()}_lr"
    advice = _(
        "Try to lower {title} (now {getattr:g})",
        title=PARAMS[rate].title,
        getattr=getattr(spec, rate),
    )
    if overshoots:
        advice = _(
            "{who}'s weights had grown to {size:.2g}: the steps overshoot. {advice}",
            who=who,
            size=size,
            advice=advice,
        )
    if spec.optimizer != "adam":
        advice += _(", or use Adam, whose steps do not grow with the gradient")
    return Divergence(iteration, player, quantity, advice + ".")


def repeated(
    player: Player, state: State, spec: Spec, drawn: Callable[[str, str, int], torch.Tensor]
) -> Divergence:
    """The Divergence in the update of `player` after `state` (R = 1), which is repeated eagerly.

    drawn(player, name, number): its random numbers, see `Game.after`.
    """
    made = Game.of((spec,), state.g.device).after(player, state, drawn)
    iteration = state.iterations + 1
    return diagnose(iteration, player, spec, made.cost[0], made.params[0], state.d[0], state.g[0])
