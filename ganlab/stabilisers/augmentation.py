"""Random transformations of all that D sees, real and generated samples by the same law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from ganlab.languages import _
from ganlab.registry import Param
from ganlab.stabilisers.entry import Clock, Draw, StabiliserEntry, over
from ganlab.targets import make_target

_SCALE = 0.2  # the standard deviation of log₂ of the factor
_SHIFT = 0.125  # that of the shift, in widths of the axes
_STEPS = (
    3  # uniform draws that decide: whether to reflect, to scale, to shift; to rotate, the angle
)


def _middle(axis: int, spec: Any) -> float:
    low, high = make_target(spec.target, spec.target_params).box[min(axis, spec.dim - 1)]
    return float(low + high) / 2


def _width(spec: Any) -> float:
    low, high = make_target(spec.target, spec.target_params).box[0]
    return float(high - low)


def _numbers(values: Mapping[str, Any], clock: Clock) -> tuple[Any, ...]:
    return tuple(values[name] for name in ("augmentation", *_EXTRA))


_EXTRA = {
    "augmentation_width": _width,
    "augmentation_x": lambda spec: _middle(0, spec),
    "augmentation_y": lambda spec: _middle(1, spec),
}


def augmented(
    x: torch.Tensor, draws: Mapping[str, torch.Tensor], p: Any, width: Any, *middle: Any
) -> torch.Tensor:
    """x (R, n, dim), each sample transformed on its own: differentiable in x.

    Each step is taken with probability p: a reflection (one time in two), in 2-D a rotation by any
    angle, both at `middle`, the middle of the axes; a scaling from there, log₂ of the factor from
    N(0, 0.2²); a shift from N(0, (width / 8)²).
    """
    choose, size, p, dim = draws["choose"], draws["size"], over(p, x), x.shape[2]
    taken = (choose < p).to(x.dtype)
    ones = torch.ones_like(x[:, :, :1])
    at = torch.cat([ones * over(middle[i], x) for i in range(dim)], 2)
    mirrored = 1 - 2 * (choose[:, :, :1] < p / 2).to(x.dtype)
    x = (x - at) * torch.cat([mirrored, *[ones] * (dim - 1)], 2)
    if dim == 2:
        angle = 2 * math.pi * choose[:, :, 4:] * taken[:, :, 3:4]
        a, b, cos, sin = x[:, :, :1], x[:, :, 1:], angle.cos(), angle.sin()
        x = torch.cat([cos * a - sin * b, sin * a + cos * b], 2)
    x = at + x * torch.exp2(_SCALE * size[:, :, :1] * taken[:, :, 1:2])
    shift: torch.Tensor = over(width, x) * _SHIFT * size[:, :, 1:] * taken[:, :, 2:3]
    return x + shift


def _refused(spec: Any) -> str | None:
    moves = spec.domain.drawn and not spec.domain.enumerated
    return None if moves else _("0: it moves points of a line or a plane")


AUGMENTATION = StabiliserEntry(
    "augmentation",
    _("augmentation"),
    r"D(T(x)),\ \ D(T(G(z))),\quad T \sim \text{the same law}",
    _(
        "D sees real and generated samples reflected, rotated, scaled and shifted at "
        "random, so it cannot learn a few points by heart. G learns through the "
        "transformations, and as long as some samples stay as they are, it cannot "
        "win by making transformed ones."
    ),
    cite="Zhao et al. 2020; Karras et al. 2020",
    player="D",
    blurs=True,
    sees=augmented,
    draws={
        "choose": Draw(lambda n, width: (n, _STEPS + 2 * (width > 1))),
        "size": Draw(lambda n, width: (n, 1 + width), normal=True),
    },
    extra=_EXTRA,
    number=_numbers,
    refuse=_refused,
    params=(
        Param(
            "augmentation",
            _("augmentation p"),
            0.0,
            0.0,
            1.0,
            doc=_("The probability of each of the transformations. 0: off."),
            numeric=True,
            live=True,
            typical=0.5,
        ),
    ),
)
