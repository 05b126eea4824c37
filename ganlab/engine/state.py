"""Where runs stand, and what an update makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from ganlab.optim import Slots


@dataclass(frozen=True)
class State:
    """Where R runs stand: all that the next update needs besides the Specs.

    g, d: flat parameters (R, P_G), (R, P_D); g_slots, d_slots: vectors alike that the optimiser and
    the rule keep (see `Rules.slots`); d_updates, g_updates: how many each player has made (they
    number the draws); iterations: how many of Algorithm 1 have ended; phase, g_phase: updates that
    D and G have made in the one that has not (see `Turns`).
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


class Update(NamedTuple):
    """What an update makes: the player's next parameters and slots, and its cost (R,) before.

    check (R,) is finite if and only if the cost, the parameters and the optimiser's last slot are
    (as long as their sum does not overflow): one number to look at instead of a scan.
    """

    params: torch.Tensor
    slots: Slots
    cost: torch.Tensor
    check: torch.Tensor
