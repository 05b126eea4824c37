"""What an update's program depends on; where runs stand; what an update makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from ganlab.optim import Slots
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS


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


@dataclass(frozen=True)
class Code:
    """What an update's program depends on, and nothing else: shapes and names, no numbers.

    Runs of one Code share a compiled program, whatever their target, rates, strengths, k and seeds.
    strengths: names of the stabilisers that are on and whose strength is a number. labels: how many
    of the last of z, and of what D is given beside x, are a label, one of them 1.
    """

    g_sizes: tuple[int, ...]
    d_sizes: tuple[int, ...]
    g_activation: str
    d_activation: str
    loss: str
    optimizer: str
    batch: int
    rule: str
    unroll: int
    fresh: bool
    g_norm: str
    packing: int
    kernels: int
    kernel_dims: int
    strengths: tuple[str, ...]
    g_output: str
    labels: int
    g_bias: bool = True
    d_bias: bool = True

    @classmethod
    def of(cls, spec: Spec) -> Code:
        """The Code of a Spec."""
        return cls(
            spec.g_sizes,
            spec.d_sizes,
            spec.g_activation,
            spec.d_activation,
            spec.loss,
            spec.optimizer,
            spec.batch,
            spec.rule,
            spec.unroll,
            spec.unroll > 0 and spec.unroll_data == "fresh",
            spec.g_norm,
            spec.packing,
            spec.minibatch_discrimination,
            spec.minibatch_dims if spec.minibatch_discrimination else 0,
            tuple(name for name in spec.stabilisers if STABILISERS[name].numeric),
            spec.g_output,
            spec.labels,
            spec.g_bias == "yes",
            spec.d_bias == "yes",
        )

    @property
    def dim(self) -> int:
        """Dimension of what D is given: x, and the label beside it."""
        return self.d_sizes[0] // self.packing
