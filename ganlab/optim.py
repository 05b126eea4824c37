"""Optimisers on flat parameters: `update(grad, slots, params, t, hyper) -> params, slots`.

`slots` is a tuple of vectors like `params` (R, P), which start as zeros; t = 1, 2, ... counts the
updates of the player. Numbers in `hyper` are floats, or (R, 1) tensors if the runs differ.
Nothing is changed in place, and everything can be differentiated, as unrolling needs.

An update has two parts: `numbers(t, hyper)` computes a few numbers in double precision, and
`apply(grad, slots, params, *numbers)` does the work. Compiled programs hold only the second.
"""

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
    """

    slots: int = 0
    decays: bool = False
    numbers: Callable[[Any, Hyper], tuple[Number, ...]] = field(kw_only=True)
    apply: Callable[..., Stepped] = field(kw_only=True)

    def __post_init__(self) -> None:
        params = tuple(p if p.owner else _owned(p) for p in self.params)
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
        """Parameters and slots after update number t."""
        return self.apply(grad, slots, params, *self.numbers(t, hyper))


# The fields that have a place in `Hyper`.
_PLACED = ("betas", "momentum", "momentum_rise", "momentum_ramp")

OPTIMIZERS: Registry[OptimizerEntry] = Registry("optimizer")


def _owned(param: Param) -> Param:
    def needed(values: Mapping[str, Any]) -> bool:
        readers = OPTIMIZERS[values["optimizer"]].params
        own = param.needs is None or param.needs(values)
        return own and any(p.name == param.name for p in readers)

    return replace(param, owner="optimiser", needs=needed)


_BETAS = _owned(
    Param(
        "betas",
        "Adam's β₁, β₂",
        (0.0, 0.99),
        0.0,
        0.9999,
        "floats",
        longest=2,
        doc="Decay rates of the means of the gradient and of its square. A low β₁ calms GANs.",
        numeric=True,
    )
)


def _adam_numbers(t: Any, hyper: Hyper) -> tuple[Number, ...]:
    step = hyper.lr / (1 - hyper.beta1**t)
    return 1 - hyper.beta1, 1 - hyper.beta2, step, (1 - hyper.beta2**t) ** 0.5


def _adam(
    grad: torch.Tensor,
    slots: Slots,
    params: torch.Tensor,
    new1: Number,
    new2: Number,
    step: Number,
    root: Number,
) -> Stepped:
    m, v = slots
    m = torch.lerp(m, grad, new1)
    v = torch.lerp(v, grad * grad, new2)
    return params - step * (m / (_sqrt(v) / root + 1e-8)), (m, v)


def _adamw_numbers(t: Any, hyper: Hyper) -> tuple[Number, ...]:
    return *_adam_numbers(t, hyper), hyper.lr * hyper.weight_decay


def _adamw(
    grad: torch.Tensor,
    slots: Slots,
    params: torch.Tensor,
    new1: Number,
    new2: Number,
    step: Number,
    root: Number,
    shrink: Number,
) -> Stepped:
    return _adam(grad, slots, params - shrink * params, new1, new2, step, root)


def _adagrad(grad: torch.Tensor, slots: Slots, params: torch.Tensor, lr: Number) -> Stepped:
    total = slots[0] + grad * grad
    return params - lr * grad / (_sqrt(total) + 1e-10), (total,)


def _nesterov(
    grad: torch.Tensor, slots: Slots, params: torch.Tensor, lr: Number, momentum: Number
) -> Stepped:
    velocity = slots[0] * momentum + grad
    return params - (grad + velocity * momentum) * lr, (velocity,)


def _sqrt(v: torch.Tensor) -> torch.Tensor:
    """The square root, with derivative 0 at 0: unrolling would otherwise get 0 times infinity."""
    if not v.requires_grad:
        return v.sqrt()
    positive = v > 0
    return torch.where(positive, v, 1.0).sqrt() * positive


def _sgd(grad: torch.Tensor, slots: Slots, params: torch.Tensor, lr: Number) -> Stepped:
    return params - grad * lr, slots


def _momentum(
    grad: torch.Tensor, slots: Slots, params: torch.Tensor, lr: Number, momentum: Number
) -> Stepped:
    velocity = slots[0] * momentum + grad
    return params - velocity * lr, (velocity,)


def _rmsprop(
    grad: torch.Tensor, slots: Slots, params: torch.Tensor, lr: Number, new: Number
) -> Stepped:
    v = torch.lerp(slots[0], grad * grad, new)
    return params - lr * grad / (_sqrt(v) + 1e-8), (v,)


OPTIMIZERS.add(
    OptimizerEntry(
        "adam",
        "Adam",
        r"\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + 10^{-8})",
        "The step is about the learning rate, whatever the gradient's size.",
        cite="Kingma & Ba 2015",
        slots=2,
        params=(_BETAS,),
        numbers=_adam_numbers,
        apply=_adam,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "momentum",
        "SGD + momentum",
        r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta v",
        "Used in the 2014 paper; circles around the equilibrium are easy to see.",
        cite="Goodfellow et al. 2014, Algorithm 1",
        slots=1,
        params=(
            Param(
                "momentum",
                "momentum μ",
                0.5,
                -0.95,
                0.99,
                doc="Momentum of SGD; a negative value damps the rotation of games.",
                numeric=True,
            ),
            Param(
                "momentum_rise",
                "rise of μ",
                0.0,
                -1.0,
                1.0,
                doc="The total increase of momentum at the end of its ramp.",
                numeric=True,
                typical=0.2,
            ),
            Param(
                "momentum_ramp",
                "ramp of μ",
                1,
                1,
                10**9,
                "int",
                unit="updates",
                doc="The number of a player's updates during which its momentum increases.",
                numeric=True,
                typical=1000,
                needs=lambda values: values["momentum_rise"] != 0,
            ),
        ),
        numbers=lambda t, hyper: (hyper.lr, hyper.momentum),
        apply=_momentum,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "sgd",
        "SGD",
        r"\theta \leftarrow \theta - \eta\, g",
        "Steps proportional to the gradient: a vanishing gradient stops G.",
        slots=0,
        numbers=lambda t, hyper: (hyper.lr,),
        apply=_sgd,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "rmsprop",
        "RMSProp",
        r"v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\ "
        r"\theta \leftarrow \theta - \eta\,g/(\sqrt{v} + 10^{-8})",
        "Adam without the mean of the gradient; used by WGAN.",
        cite="Tieleman & Hinton 2012",
        slots=1,
        params=(_BETAS,),
        numbers=lambda t, hyper: (hyper.lr, 1 - hyper.beta2),
        apply=_rmsprop,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "adamw",
        "AdamW",
        r"\theta \leftarrow (1 - \eta\lambda)\,\theta - \eta\,\hat m / (\sqrt{\hat v} + 10^{-8})",
        "Adam with decoupled weight decay λ: it shrinks the weights directly instead of entering "
        "the moments, so all weights decay alike. Without weight decay it is Adam.",
        cite="Loshchilov & Hutter 2019",
        slots=2,
        params=(_BETAS,),
        decays=True,
        numbers=_adamw_numbers,
        apply=_adamw,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "adagrad",
        "Adagrad",
        r"s \leftarrow s + g^2,\ \theta \leftarrow \theta - \eta\,g/(\sqrt{s} + 10^{-10})",
        "Steps shrink with all gradients so far: rotation slows down by itself, and so does all "
        "else.",
        cite="Duchi et al. 2011",
        slots=1,
        numbers=lambda t, hyper: (hyper.lr,),
        apply=_adagrad,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "nesterov",
        "SGD + Nesterov momentum",
        r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta\,(g + \mu v)",
        "Momentum with the gradient at the point that the next step reaches: steps are damped "
        "where the gradient changes sign.",
        cite="Nesterov 1983; Sutskever et al. 2013",
        slots=1,
        params=OPTIMIZERS["momentum"].params,
        numbers=lambda t, hyper: (hyper.lr, hyper.momentum),
        apply=_nesterov,
    )
)
