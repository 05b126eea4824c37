"""What an optimiser is: the contract of its entry, and the numbers that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

from ganlab.registry import Entry, Param, Registry

Number = float | torch.Tensor
Slots = tuple[torch.Tensor, ...]
Stepped = tuple[torch.Tensor, Slots]  # parameters and slots


class Hyper(NamedTuple):
    """The numbers that an optimiser may need from a Spec, for one player.

    decay, floor: see `at`; rise, ramp: the gain of momentum, and over how many updates;
    weight_decay: for optimisers that decay weights themselves, else 0; own: the other fields that
    its entry declares, by name.
    """

    lr: Number
    beta1: Number
    beta2: Number
    momentum: Number
    decay: Number = 0.0
    floor: Number = 0.0
    rise: Number = 0.0
    ramp: Number = 1.0
    weight_decay: Number = 0.0
    own: Mapping[str, Any] = MappingProxyType({})

    def at(self, t: Any) -> Hyper:
        """The values for update t = 1, 2, ... (a number or an array).

        lr / (1 + decay)^(t - 1), at least floor; momentum + rise * min(1, (t - 1) / ramp).
        Source: the schedules in the code of Goodfellow et al. 2014.
        """
        if _is_off(self.decay) and _is_off(self.rise):
            return self
        lr = self.lr * (1 + self.decay) ** (1 - t)  # may underflow, but not overflow
        lr = (lr + self.floor + abs(lr - self.floor)) / 2
        part = (t - 1) / self.ramp
        part = (1 + part - abs(1 - part)) / 2
        return self._replace(lr=lr, momentum=self.momentum + self.rise * part)


def _is_off(number: Number) -> bool:
    return not torch.is_tensor(number) and number == 0


@dataclass(frozen=True)
class OptimizerEntry(Entry):
    """slots: the number of state vectors; params: the Params of the Spec fields that it reads.

    Optimisers that read the same field share its Param, which is shown if one of them is chosen.
    decays: whether it applies `weight_decay` itself instead of adding it to the gradient.
    rate(slots, t, hyper): each parameter's learning rate near a rest point, where slots that
    measure the size of the gradient no longer change, (R, P) or a number.
    filter(hyper): polynomials p, q in the shift μ of one update, highest power first, with
    p(μ) θ = -q(μ) rate g there. None for both if it is not linear.
    """

    slots: int = 0
    decays: bool = False
    rate: Callable[[Slots, Any, Hyper], Number] | None = None
    filter: Callable[[Hyper], tuple[list[float], list[float]]] | None = None
    numbers: Callable[[Any, Hyper], tuple[Number, ...]] = field(kw_only=True)
    apply: Callable[..., Stepped] = field(kw_only=True)

    def __post_init__(self) -> None:
        params = tuple(p if p.owner else owned(p) for p in self.params)
        object.__setattr__(self, "params", params)

    @property
    def own(self) -> tuple[str, ...]:
        """The names of its fields that have no other place in `Hyper`."""
        return tuple(p.name for p in self.params if p.name not in _PLACED)

    @property
    def still(self) -> Hyper:
        """Values with which nothing moves; used to count the numbers of an update."""
        own = {p.name: p.default for p in self.params if p.name in self.own}
        return Hyper(0.0, 0.0, 0.0, 0.0, own=own)

    def update(
        self, grad: torch.Tensor, slots: Slots, params: torch.Tensor, t: int, hyper: Hyper
    ) -> Stepped:
        """Parameters and slots, (R, P) each, after update number t; grad (R, P)."""
        return self.apply(grad, slots, params, *self.numbers(t, hyper))


# The fields that have a place in `Hyper`.
_PLACED = ("betas", "momentum", "momentum_rise", "momentum_ramp")

OPTIMIZERS: Registry[OptimizerEntry] = Registry("optimizer")


def owned(param: Param) -> Param:
    """The same, owned by the optimiser, and shown if the chosen optimiser reads it."""

    def needed(values: Mapping[str, Any]) -> bool:
        readers = OPTIMIZERS[values["optimizer"]].params
        own = param.needs is None or param.needs(values)
        return own and any(p.name == param.name for p in readers)

    return replace(param, owner="optimiser", needs=needed)
