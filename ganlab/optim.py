"""Optimisers on flat parameters: `update(grad, slots, params, t, hyper) -> params, slots`.

`slots` is a tuple of vectors like `params` (R, P), zeros at the start; t = 1, 2, ... counts the
updates of this player. Numbers in `hyper` are floats, or (R, 1) tensors where the runs differ.
Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ganlab.registry import Entry, Registry

Number = float | torch.Tensor
Slots = tuple[torch.Tensor, ...]


class Hyper(NamedTuple):
    """What an optimiser may need of a Spec, for one player."""

    lr: Number
    beta1: Number
    beta2: Number
    momentum: Number


@dataclass(frozen=True)
class OptimizerEntry(Entry):
    """`slots`: how many vectors of state it keeps; `uses`: the Spec fields it reads."""

    slots: int = 0
    uses: tuple[str, ...] = ()
    update: Callable[..., tuple[torch.Tensor, Slots]] = None  # type: ignore


OPTIMIZERS: Registry[OptimizerEntry] = Registry("optimizer")


def _adam(grad, slots, params, t, hyper):
    m, v = slots
    m = torch.lerp(m, grad, 1 - hyper.beta1)
    v = torch.lerp(v, grad * grad, 1 - hyper.beta2)
    scale = v.sqrt().div_((1 - hyper.beta2**t) ** 0.5).add_(1e-8)
    step = (m / scale).mul_(hyper.lr / (1 - hyper.beta1**t))
    return params - step, (m, v)


def _sgd(grad, slots, params, t, hyper):
    return params - grad * hyper.lr, slots


def _momentum(grad, slots, params, t, hyper):
    velocity = slots[0] * hyper.momentum + grad
    return params - velocity * hyper.lr, (velocity,)


OPTIMIZERS.add(
    OptimizerEntry(
        "adam",
        "Adam",
        r"\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + 10^{-8})",
        "Steps of about the rate, whatever the gradient's size.",
        cite="Kingma & Ba 2015",
        slots=2,
        uses=("betas",),
        update=_adam,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "momentum",
        "SGD + momentum",
        r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta v",
        "The 2014 paper's; circles around the equilibrium are easy to see.",
        cite="Goodfellow et al. 2014, Algorithm 1",
        slots=1,
        uses=("momentum",),
        update=_momentum,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "sgd",
        "SGD",
        r"\theta \leftarrow \theta - \eta\, g",
        "Steps proportional to the gradient: a vanishing gradient stops G.",
        slots=0,
        update=_sgd,
    )
)
