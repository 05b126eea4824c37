"""What an update rule is: the contract of its entry, and what it may ask of an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

from ganlab.languages import _
from ganlab.optim import OPTIMIZERS, Number, Slots
from ganlab.registry import Entry, Registry


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
        """A gradient (R, P) at a player's parameters `at` (R, P), changed by stabilisers."""

    def stepped(
        self, g: torch.Tensor, d: torch.Tensor, by_g: torch.Tensor, by_d: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, Slots | None]:
        """g and d after a step of their optimisers along by_g (R, P_G) and by_d (R, P_D).

        Also the player's new slots, if the rule keeps them.
        """

    def moved(
        self,
        g: torch.Tensor,
        d: torch.Tensor,
        by_g: torch.Tensor,
        by_d: torch.Tensor,
        share: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """g and d after `share` of a plain gradient step along by_g (R, P_G) and by_d (R, P_D).

        Both are ready to be differentiated.
        """


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


def not_plain(spec: Any) -> str | None:
    if spec.optimizer != "sgd":
        title = OPTIMIZERS[spec.optimizer].title
        return _(
            "another one with {title}: this rule makes plain gradient steps, as SGD does",
            title=title,
        )
    return None
