"""The optimisers: Adam, SGD, RMSProp and their variants."""

from __future__ import annotations

from typing import Any

import torch

from ganlab.languages import _
from ganlab.optim.entry import OPTIMIZERS, Hyper, Number, OptimizerEntry, Slots, Stepped, owned
from ganlab.registry import Param

_BETAS = owned(
    Param(
        "betas",
        _("Adam's β₁, β₂"),
        (0.0, 0.99),
        0.0,
        0.9999,
        "floats",
        longest=2,
        doc=_("Decay rates of the means of the gradient and of its square. A low β₁ calms GANs."),
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


def _plain(hyper: Hyper) -> tuple[list[float], list[float]]:
    return [1.0, -1.0], [1.0]


def _of_momentum(hyper: Hyper) -> tuple[list[float], list[float]]:
    """(μ - 1)(μ - β) θ = -η μ g."""
    beta = float(hyper.momentum)
    return [1.0, -1.0 - beta, beta], [1.0, 0.0]


def _of_nesterov(hyper: Hyper) -> tuple[list[float], list[float]]:
    """(μ - 1)(μ - β) θ = -η ((1 + β) μ - β) g."""
    beta = float(hyper.momentum)
    return [1.0, -1.0 - beta, beta], [1 + beta, -beta]


def _of_adam(hyper: Hyper) -> tuple[list[float], list[float]]:
    """(μ - 1)(μ - β₁) θ = -(1 - β₁) μ rate g."""
    beta = float(hyper.beta1)
    return [1.0, -1.0 - beta, beta], [1 - beta, 0.0]


def _adam_rate(slots: Slots, t: Any, hyper: Hyper) -> Number:
    root: Number = (1 - hyper.beta2**t) ** 0.5
    rate: Number = hyper.lr / (slots[1].sqrt() / root + 1e-8)
    return rate


OPTIMIZERS.add(
    OptimizerEntry(
        "adam",
        _("Adam"),
        r"\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + 10^{-8})",
        _("The step is about the learning rate, whatever the gradient's size."),
        cite="Kingma & Ba 2015",
        slots=2,
        params=(_BETAS,),
        numbers=_adam_numbers,
        apply=_adam,
        rate=_adam_rate,
        filter=_of_adam,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "momentum",
        _("SGD + momentum"),
        r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta v",
        _("Used in the 2014 paper; circles around the equilibrium are easy to see."),
        cite="Goodfellow et al. 2014, Algorithm 1",
        slots=1,
        params=(
            Param(
                "momentum",
                _("momentum μ"),
                0.5,
                -0.95,
                0.99,
                doc=_("Momentum of SGD; a negative value damps the rotation of games."),
                numeric=True,
            ),
            Param(
                "momentum_rise",
                _("rise of μ"),
                0.0,
                -1.0,
                1.0,
                doc=_("The total increase of momentum at the end of its ramp."),
                numeric=True,
                typical=0.2,
            ),
            Param(
                "momentum_ramp",
                _("ramp of μ"),
                1,
                1,
                10**9,
                "int",
                unit=_("updates"),
                doc=_("The number of a player's updates during which its momentum increases."),
                numeric=True,
                typical=1000,
                needs=lambda values: values["momentum_rise"] != 0,
            ),
        ),
        numbers=lambda t, hyper: (hyper.lr, hyper.momentum),
        apply=_momentum,
        rate=lambda slots, t, hyper: hyper.lr,
        filter=_of_momentum,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "sgd",
        _("SGD"),
        r"\theta \leftarrow \theta - \eta\, g",
        _("Steps proportional to the gradient: a vanishing gradient stops G."),
        slots=0,
        numbers=lambda t, hyper: (hyper.lr,),
        apply=_sgd,
        rate=lambda slots, t, hyper: hyper.lr,
        filter=_plain,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "rmsprop",
        _("RMSProp"),
        r"v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\ "
        r"\theta \leftarrow \theta - \eta\,g/(\sqrt{v} + 10^{-8})",
        _("Adam without the mean of the gradient; used by WGAN."),
        cite="Tieleman & Hinton 2012",
        slots=1,
        params=(_BETAS,),
        numbers=lambda t, hyper: (hyper.lr, 1 - hyper.beta2),
        apply=_rmsprop,
        rate=lambda slots, t, hyper: hyper.lr / (slots[0].sqrt() + 1e-8),
        filter=_plain,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "adamw",
        _("AdamW"),
        r"\theta \leftarrow (1 - \eta\lambda)\,\theta - \eta\,\hat m / (\sqrt{\hat v} + 10^{-8})",
        _(
            "Adam with decoupled weight decay λ: it shrinks the weights directly instead "
            "of entering the moments, so all weights decay alike. Without weight decay "
            "it is Adam."
        ),
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
        _("Adagrad"),
        r"s \leftarrow s + g^2,\ \theta \leftarrow \theta - \eta\,g/(\sqrt{s} + 10^{-10})",
        _(
            "Steps shrink with all gradients so far: rotation slows down by itself, and "
            "so does everything else."
        ),
        cite="Duchi et al. 2011",
        slots=1,
        numbers=lambda t, hyper: (hyper.lr,),
        apply=_adagrad,
        rate=lambda slots, t, hyper: hyper.lr / (slots[0].sqrt() + 1e-10),
        filter=_plain,
    )
)
OPTIMIZERS.add(
    OptimizerEntry(
        "nesterov",
        _("SGD + Nesterov momentum"),
        r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta\,(g + \mu v)",
        _(
            "Momentum with the gradient at the point that the next step reaches: steps "
            "are damped where the gradient changes sign."
        ),
        cite="Nesterov 1983; Sutskever et al. 2013",
        slots=1,
        params=OPTIMIZERS["momentum"].params,
        numbers=lambda t, hyper: (hyper.lr, hyper.momentum),
        apply=_nesterov,
        rate=lambda slots, t, hyper: hyper.lr,
        filter=_of_nesterov,
    )
)
