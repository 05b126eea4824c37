"""What a game is: the contract of its entry, and the registry of games."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.query import complete
from ganlab.registry import Entry, Registry, SpecError

Array = NDArray[np.float64]
Values = Mapping[str, Any]  # of a game's parameters, by name
Costs = tuple[torch.Tensor, torch.Tensor]


class Equilibrium(NamedTuple):
    """A rest point (x, y), and the Jacobian (2, 2) of both gradients there, in closed form.

    jacobian: [[∂ₓ∂ₓf₁, ∂ᵧ∂ₓf₁], [∂ₓ∂ᵧf₂, ∂ᵧ∂ᵧf₂]], where f₁ and f₂ are the costs; None where it
    does not exist.
    """

    x: float
    y: float
    jacobian: Array | None


@dataclass(frozen=True)
class GameEntry(Entry):
    """A game of two players with one number each. The first moves first where they alternate.

    costs(x, y, values) -> both costs (R,), differentiable; x is the first player's number (R, 1),
    drawn to the right, and y the second one's, drawn upwards.
    equilibria(values): the rest points to look at, the main one first; () if there is none.
    variables: the names of both numbers. players: whose they are.
    start: where a trajectory begins. box: the axes reach from -box to box about `centre`.
    bound(values): the largest absolute value of y, which is clipped to it.
    zero_sum(values): whether the costs, but for terms of one player each, are opposite.
    linear: whether the gradients are linear, so that the eigenvalues say everything.
    watch: what to watch for, in one sentence. flow(values): what continuous time does, in words.
    refuse(values): field, value and what is allowed, if the values do not go together; else None.
    """

    costs: Callable[[torch.Tensor, torch.Tensor, Values], Costs] = field(kw_only=True)
    equilibria: Callable[[Values], tuple[Equilibrium, ...]] = field(kw_only=True)
    variables: tuple[str, str] = ("x", "y")
    players: tuple[str, str] = (_("the first player"), _("the second player"))
    start: tuple[float, float] = (1.0, 1.0)
    centre: tuple[float, float] = (0.0, 0.0)
    box: float = 3.0
    bound: Callable[[Values], float] = lambda values: math.inf
    zero_sum: Callable[[Values], bool] = lambda values: True
    linear: bool = False
    watch: str = ""
    flow: Callable[[Values], str] = lambda values: ""
    refuse: Callable[[Values], tuple[str, Any, str] | None] = lambda values: None

    def read(self, values: Values | None = None) -> dict[str, Any]:
        """All parameters of the game: those in `values`, and the defaults of the others.

        Raises `SpecError` for an unknown name, a value that is not allowed, or values that do not
        go together.
        """
        out = complete(self.params, values or {}, "game")
        why = self.refuse(out)
        if why is not None:
            raise SpecError(*why)
        return out


GAMES: Registry[GameEntry] = Registry("game")
