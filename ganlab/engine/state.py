"""The state of runs, and the result of an update."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from ganlab.optim import Slots


@dataclass(frozen=True)
class State:
    """The state of R runs: all that the next update needs besides the Specs.

    g, d: flat parameters (R, P_G), (R, P_D). g_slots, d_slots: vectors of the same shapes that the
    optimiser and the rule keep (see `Rules.slots`). d_updates, g_updates: how many each player has
    made (they number the draws). iterations: completed iterations of Algorithm 1. phase, g_phase:
    updates that D and G have made in the current one (see `Turns`).
    """

    g: torch.Tensor
    d: torch.Tensor
    g_slots: tuple[torch.Tensor, ...]
    d_slots: tuple[torch.Tensor, ...]
    d_updates: int = 0
    g_updates: int = 0
    phase: int = 0
    iterations: int = 0
    g_phase: int = 0

    @property
    def nbytes(self) -> int:
        """The size of its tensors in bytes."""
        return sum(x.nbytes for x in (self.g, self.d, *self.g_slots, *self.d_slots))

    @property
    def nets(self) -> State:
        """The same without slots: all that D(x) and G(z) depend on, and a third of it or less."""
        return replace(self, g_slots=(), d_slots=())

    def equals(self, other: State) -> bool:
        """Whether both are the same, bit for bit."""
        mine = (self.g, self.d, *self.g_slots, *self.d_slots)
        theirs = (other.g, other.d, *other.g_slots, *other.d_slots)
        counts = ("d_updates", "g_updates", "phase", "iterations", "g_phase")
        return (
            len(mine) == len(theirs)
            and all(getattr(self, n) == getattr(other, n) for n in counts)
            and all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
        )

    def here(self) -> State:
        """Itself: its tensors are in this process."""
        return self

    def to(self, device: torch.device) -> State:
        """The same on another device."""
        return replace(
            self,
            g=self.g.to(device),
            d=self.d.to(device),
            g_slots=tuple(slot.to(device) for slot in self.g_slots),
            d_slots=tuple(slot.to(device) for slot in self.d_slots),
        )

    def row(self, run: int) -> State:
        """The State of one of the runs, R = 1, with the same counts."""
        at = slice(run, run + 1)
        return replace(
            self,
            g=self.g[at],
            d=self.d[at],
            g_slots=tuple(slot[at] for slot in self.g_slots),
            d_slots=tuple(slot[at] for slot in self.d_slots),
        )


class Update(NamedTuple):
    """The result of an update: the player's next parameters and slots, and its cost (R,) before.

    check (R,) is finite if and only if the cost, the parameters and the optimiser's last slot are
    (as long as their sum does not overflow), so one number per run has to be tested.
    """

    params: torch.Tensor
    slots: Slots
    cost: torch.Tensor
    check: torch.Tensor
