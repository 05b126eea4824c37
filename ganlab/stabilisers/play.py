"""Changes of the dynamics: the joint gradient, single gradients, and the past of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ganlab.languages import _
from ganlab.optim import Number
from ganlab.registry import Param
from ganlab.stabilisers.entry import Clock, StabiliserEntry, over, strength


def _whole_field(by_d: torch.Tensor, by_g: torch.Tensor, gamma: Number) -> torch.Tensor:
    size = ((by_d * by_d).sum(1) + (by_g * by_g).sum(1)) / 2
    return over(gamma, size) * size


def _g_gradient(by_d: torch.Tensor, by_g: torch.Tensor, weight: Number) -> torch.Tensor:
    size = (by_g * by_g).sum(1)
    return over(weight, size) * size


def _when_to_turn_back(values: Mapping[str, Any], clock: Clock) -> tuple[Any, ...]:
    period = values[f"lookahead_{clock.player.lower()}"]
    return values["lookahead_share"], 1.0 * ((clock.own + 1) % period == 0)


def _turn_back(
    new: torch.Tensor, slow: torch.Tensor, share: Number, now: Number
) -> tuple[torch.Tensor, torch.Tensor]:
    """now: 1 when it is time, else 0; `lerp` then returns one of its ends, exactly."""
    back = slow + share * (new - slow)
    return torch.lerp(new, back, now), torch.lerp(slow, back, now)


def _clipped(grad: torch.Tensor, params: torch.Tensor, most: Number) -> torch.Tensor:
    norm: torch.Tensor = grad.norm(dim=1, keepdim=True)
    return grad * (most / (norm + 1e-6)).clamp(max=1.0)


def _decayed(grad: torch.Tensor, params: torch.Tensor, weight: Number) -> torch.Tensor:
    return grad + weight * params


ENTRIES = (
    StabiliserEntry(
        "consensus",
        _("consensus optimisation"),
        r"+\tfrac{\gamma}{2} \lVert v \rVert^2,\ v = (\partial_D f_D, \partial_G f_G)",
        _(
            "Both players also minimise the norm of the game's gradient, which pulls "
            "towards rest points."
        ),
        cite="Mescheder et al. 2017",
        field_term=_whole_field,
        params=(strength("consensus", _("consensus γ"), 100.0, 0.1, _("Of ½|v|² in both costs.")),),
    ),
    StabiliserEntry(
        "ode_regulariser",
        _("ODE-GAN's regulariser"),
        r"f_D + \lambda \lVert \partial_G f_G \rVert^2",
        _(
            "D also keeps G's gradient small, which accurate integrators with a large "
            "step need. It is meant for the rules Heun and RK4."
        ),
        cite="Qin et al. 2020, Algorithm 1",
        player="D",
        field_term=_g_gradient,
        field_of="D",
        params=(
            strength(
                "ode_regulariser",
                _("ODE-GAN, λ"),
                100.0,
                0.01,
                _("Of |G's gradient|² in D's cost."),
            ),
        ),
    ),
    StabiliserEntry(
        "lookahead",
        _("lookahead"),
        r"\phi \leftarrow \phi + \alpha\,(\theta - \phi),\ \theta \leftarrow \phi"
        r"\ \text{ every } n \text{ iterations}",
        _(
            "Both players train for some iterations, then go part of the way back: the "
            "circles that they made meanwhile average out. Each goes back with its last "
            "update of the n iterations."
        ),
        cite="Chavdarova et al. 2021",
        keeps="DG",
        keep=_turn_back,
        extra={
            "lookahead_d": lambda spec: float(max(spec.lookahead * spec.k, 1)),
            "lookahead_g": lambda spec: float(max(spec.lookahead * spec.g_steps, 1)),
        },
        number=_when_to_turn_back,
        params=(
            Param(
                "lookahead",
                _("lookahead, n"),
                0,
                0,
                10_000,
                "int",
                unit=_("iterations"),
                doc=_("Every n iterations both players go part of the way back. 0: off."),
                numeric=True,
                live=True,
                typical=4,
            ),
            Param(
                "lookahead_share",
                _("share kept, α"),
                0.5,
                0.0,
                1.0,
                doc=_("The share of the change in n iterations that lookahead keeps."),
                numeric=True,
                live=True,
            ),
        ),
    ),
    StabiliserEntry(
        "historical_averaging",
        _("historical averaging"),
        r"+h\,\lVert \theta - \tfrac1t \textstyle\sum_i \theta[i] \rVert^2",
        _("Each player is pulled to the mean of its own past: orbits spiral in, slowly."),
        cite="Salimans et al. 2016, section 3.3",
        keeps="DG",
        keep=lambda new, past, pull, share: (new, past + (new - past) * share),
        number=lambda values, clock: (values["historical_averaging"], 1 / (clock.own + 2)),
        params=(
            Param(
                "historical_averaging",
                _("historical averaging h"),
                0.0,
                0.0,
                10.0,
                doc=_("Strength of the pull to each player's own past. 0: off."),
                numeric=True,
                typical=0.1,
            ),
        ),
    ),
    StabiliserEntry(
        "gradient_clip",
        _("gradient clipping"),
        r"g \leftarrow g\,\min(1, c/\lVert g \rVert)",
        _("Limits how far a single minibatch can move a player."),
        cite="Pascanu et al. 2013",
        grad_term=_clipped,
        params=(
            strength("gradient_clip", _("clip gradients, c"), 1000.0, 1.0, _("The largest norm.")),
        ),
    ),
    StabiliserEntry(
        "weight_decay",
        _("weight decay"),
        r"g \leftarrow g + \lambda\,\theta",
        _(
            "Keeps the weights of both nets small, so that D cannot become steep. With "
            "AdamW it is decoupled: each update shrinks the weights by ηλ, apart from "
            "the gradient."
        ),
        cite="torch.optim's weight_decay; Loshchilov & Hutter 2019",
        grad_term=_decayed,
        params=(strength("weight_decay", _("weight decay λ"), 10.0, 0.001, _("Of both players.")),),
    ),
    StabiliserEntry(
        "g_average",
        _("average of G's weights"),
        r"\bar\theta_G \leftarrow \beta\,\bar\theta_G + (1 - \beta)\,\theta_G",
        _(
            "A second G, whose weights are a running average: if G circles, its average "
            "is in the middle. It has no effect on training."
        ),
        cite="Yazıcı et al. 2019; Karras et al. 2018",
        player="G",
        watches=True,
        keeps="G",
        keep=lambda new, mean, beta: (new, mean + (new - mean) * (1 - beta)),
        params=(
            Param(
                "g_average",
                _("average of G, β"),
                0.0,
                0.0,
                0.9999,
                doc=_("Decay rate of the average of G's weights, which is shown beside G. 0: off."),
                numeric=True,
                typical=0.99,
            ),
        ),
    ),
)
