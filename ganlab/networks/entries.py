"""Activations, output functions and initial weights: one registry entry per variant."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch.nn import functional as F

from ganlab.languages import _
from ganlab.registry import Entry, Registry


@dataclass(frozen=True)
class ActivationEntry(Entry):
    """`apply`: (..., width * pieces) -> (..., width); elementwise if pieces = 1.

    bounded: whether its values are bounded.
    """

    apply: Callable[[torch.Tensor], torch.Tensor] = torch.relu
    pieces: int = 1
    bounded: bool = False


@dataclass(frozen=True)
class InitEntry(Entry):
    """`weight(n_in, n_out, gain, generator)`: (in, out); `bias(n_in, n_out, generator)`: (out,)."""

    weight: Callable[[int, int, float, torch.Generator], torch.Tensor] = field(kw_only=True)
    bias: Callable[[int, int, torch.Generator], torch.Tensor] = field(kw_only=True)


ACTIVATIONS: Registry[ActivationEntry] = Registry("activation")
OUTPUTS: Registry[ActivationEntry] = Registry("g_output")
INITS: Registry[InitEntry] = Registry("init")

for _entry in (
    ActivationEntry(
        "relu",
        _("ReLU"),
        r"\max(0, a)",
        _("Piecewise linear: G folds and stretches z in straight pieces."),
        apply=torch.relu,
    ),
    ActivationEntry(
        "leaky_relu",
        _("leaky ReLU"),
        r"\max(a, 0.2\,a)",
        _("A ReLU that passes a gradient everywhere, so units cannot die."),
        apply=lambda a: F.leaky_relu(a, 0.2),
    ),
    ActivationEntry(
        "elu",
        _("ELU"),
        r"\max(0, a) + \min(0, e^a - 1)",
        _(
            "ReLU with a smooth, bounded negative side: D's slope has no kinks, which "
            "suits penalties on it."
        ),
        cite="Clevert et al. 2016",
        apply=F.elu,
    ),
    ActivationEntry(
        "tanh",
        _("tanh"),
        r"\tanh(a)",
        _("Smooth and bounded: D becomes sharp slowly, which hides collapse."),
        apply=torch.tanh,
        bounded=True,
    ),
    ActivationEntry(
        "maxout",
        _("maxout, 5 pieces"),
        r"\max_{j \le 5} a_j",
        _(
            "The largest of five linear pieces: five times the weights, and a convex "
            "unit whose shape is learned. The D of the 2014 paper and of PacGAN."
        ),
        cite="Goodfellow et al. 2013",
        apply=lambda a: a.unflatten(-1, (-1, 5)).amax(-1),
        pieces=5,
    ),
):
    ACTIVATIONS.add(_entry)


OUTPUTS.add(
    ActivationEntry(
        "linear",
        _("linear"),
        "x = a",
        _("x is unbounded, as in 1-D and 2-D."),
        apply=lambda a: a,
    )
)
OUTPUTS.add(
    ActivationEntry(
        "sigmoid",
        _("sigmoid"),
        r"x = \sigma(a)",
        _(
            "x is between 0 and 1, as for pixels. The bias starts at the data's "
            "marginals, so that G's first images are the mean image with noise."
        ),
        cite="Goodfellow et al. 2014",
        apply=torch.sigmoid,
        bounded=True,
    )
)


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> torch.Tensor:
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


def _orthogonal(n_in: int, n_out: int, gain: float, generator: torch.Generator) -> torch.Tensor:
    weight = torch.empty(n_out, n_in)
    torch.nn.init.orthogonal_(weight, gain, generator=generator)
    return weight.T.contiguous()


INITS.add(
    InitEntry(
        "default",
        _("PyTorch's default"),
        r"W, b \sim \mathcal{U}\left[\pm \text{gain}/\sqrt{n_\text{in}}\right]",
        _("The default of torch.nn.Linear, with the weights times the gain."),
        weight=lambda i, o, gain, g: _uniform((i, o), gain / math.sqrt(i), g),
        bias=lambda i, o, g: _uniform((o,), 1 / math.sqrt(i), g),
    )
)
INITS.add(
    InitEntry(
        "orthogonal",
        _("orthogonal"),
        r"W^\top W = \text{gain}^2 I,\ b = 0",
        _("Preserves norms through the layers; Metz et al. use a gain of 0.8."),
        cite="Saxe et al. 2014; Metz et al. 2017",
        weight=_orthogonal,
        bias=lambda i, o, g: torch.zeros(o),
    )
)
INITS.add(
    InitEntry(
        "gaussian",
        _("Gaussian"),
        r"W \sim \mathcal{N}(0, \text{gain}^2),\ b = 0",
        _("The same standard deviation in every layer: PacGAN's, with a gain of 0.02."),
        weight=lambda i, o, gain, g: gain * torch.randn(i, o, generator=g),
        bias=lambda i, o, g: torch.zeros(o),
    )
)
INITS.add(
    InitEntry(
        "uniform",
        _("uniform"),
        r"W \sim \mathcal{U}[\pm\text{gain}],\ b = 0",
        _(
            "The same range in every layer: the 2014 paper's for images, with .05 for G "
            "and .005 for D."
        ),
        cite="Goodfellow et al. 2014",
        weight=lambda i, o, gain, g: _uniform((i, o), gain, g),
        bias=lambda i, o, g: torch.zeros(o),
    )
)
