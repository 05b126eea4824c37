"""Multilayer perceptrons as pure functions of flat parameters with a leading run axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch.nn import functional as F

from ganlab.registry import Entry, Registry


@dataclass(frozen=True)
class ActivationEntry(Entry):
    """`apply` works element by element."""

    apply: Callable[[torch.Tensor], torch.Tensor] = torch.relu


@dataclass(frozen=True)
class InitEntry(Entry):
    """`weight(n_in, n_out, gain, generator)`, (in, out); `bias(n_in, n_out, generator)`, (out,)."""

    weight: Callable[[int, int, float, torch.Generator], torch.Tensor] = None  # type: ignore
    bias: Callable[[int, int, torch.Generator], torch.Tensor] = None  # type: ignore


ACTIVATIONS: Registry[ActivationEntry] = Registry("activation")
INITS: Registry[InitEntry] = Registry("init")

for _entry in (
    ActivationEntry(
        "relu",
        "ReLU",
        r"\max(0, a)",
        "Piecewise linear: G folds and stretches z in straight pieces.",
        apply=torch.relu,
    ),
    ActivationEntry(
        "leaky_relu",
        "leaky ReLU",
        r"\max(a, 0.2\,a)",
        "ReLU that never dies: a gradient passes everywhere.",
        apply=lambda a: F.leaky_relu(a, 0.2),
    ),
    ActivationEntry(
        "tanh",
        "tanh",
        r"\tanh(a)",
        "Smooth and bounded: D is slow to become sharp, which hides collapse.",
        apply=torch.tanh,
    ),
):
    ACTIVATIONS.add(_entry)


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> torch.Tensor:
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


def _orthogonal(n_in: int, n_out: int, gain: float, generator: torch.Generator) -> torch.Tensor:
    weight = torch.empty(n_out, n_in)
    torch.nn.init.orthogonal_(weight, gain, generator=generator)
    return weight.T.contiguous()


INITS.add(
    InitEntry(
        "default",
        "PyTorch's default",
        r"W, b \sim \mathcal{U}\left[\pm \text{gain}/\sqrt{n_\text{in}}\right]",
        "What torch.nn.Linear does, the weights times the gain.",
        weight=lambda i, o, gain, g: _uniform((i, o), gain / math.sqrt(i), g),
        bias=lambda i, o, g: _uniform((o,), 1 / math.sqrt(i), g),
    )
)
INITS.add(
    InitEntry(
        "orthogonal",
        "orthogonal",
        r"W^\top W = \text{gain}^2 I,\ b = 0",
        "Keeps lengths through the layers; Metz et al. use a gain of 0.8.",
        cite="Saxe et al. 2014; Metz et al. 2017",
        weight=_orthogonal,
        bias=lambda i, o, g: torch.zeros(o),
    )
)


@dataclass(frozen=True)
class MLP:
    """x -> W_L s(... s(x W_1 + b_1) ...) + b_L, s the activation; sizes = (in, hidden..., out).

    `thin` is for compilers: layers of one or two inputs, or of one output, as sums, which fuse.
    """

    sizes: tuple[int, ...]
    activation: str
    thin: bool = False

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of W_1, b_1, W_2, b_2, ... in the flat vector; biases are (1, out)."""
        return tuple(s for i, o in pairwise(self.sizes) for s in ((i, o), (1, o)))

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Numbers of parameters, in the order of `shapes`."""
        return tuple(rows * columns for rows, columns in self.shapes)

    @property
    def size(self) -> int:
        """P, the length of the flat parameter vector."""
        return sum(self.counts)

    def init(self, scheme: str, gain: float, generator: torch.Generator) -> torch.Tensor:
        """Fresh flat parameters (P,)."""
        entry = INITS[scheme]
        parts = []
        for n_in, n_out in pairwise(self.sizes):
            parts += [entry.weight(n_in, n_out, gain, generator).reshape(-1)]
            parts += [entry.bias(n_in, n_out, generator)]
        return torch.cat(parts)

    def __call__(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(R, P), (R, B, in) -> (R, B, out): each run with its own parameters."""
        runs = flat.shape[0]
        apply = ACTIVATIONS[self.activation].apply
        # One split, whose backward is one cat: cheaper than a slice for each layer.
        parts = flat.split_with_sizes(self.counts, 1)
        last = len(parts) - 2
        for i in range(0, len(parts), 2):
            n_in, n_out = self.shapes[i]
            weight, bias = parts[i].view(runs, n_in, n_out), parts[i + 1].view(runs, 1, n_out)
            if self.thin and n_in <= 2:
                x = bias + sum(x[:, :, j : j + 1] * weight[:, j : j + 1] for j in range(n_in))
            elif self.thin and n_out == 1:
                x = (x * weight.mT).sum(2, keepdim=True) + bias
            elif self.thin and runs == 1:
                x = torch.addmm(bias[0], x[0], weight[0]).unsqueeze(0)
            else:
                x = torch.baddbmm(bias, x, weight)
            if i < last:
                x = apply(x)
        return x
