"""The multilayer perceptron (MLP) that the generator and the discriminator extend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import torch

from ganlab.networks.entries import ACTIVATIONS, INITS


@dataclass(frozen=True)
class MLP:
    """x -> W_L s(... s(x W_1 + b_1) ...) + b_L, s the activation; sizes = (in, hidden..., out).

    thin: computes layers of one or two inputs or outputs as sums, which compilers fuse.
    bias: if False, all b are 0 and stay 0.
    """

    sizes: tuple[int, ...]
    activation: str
    thin: bool = False
    bias: bool = field(default=True, kw_only=True)

    @cached_property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of each layer; the outputs of hidden maxout layers are pieces."""
        pieces = ACTIVATIONS[self.activation].pieces
        *hidden, (n_in, n_out) = pairwise(self.sizes)
        return (*((i, o * pieces) for i, o in hidden), (n_in + self.more_inputs, n_out))

    @property
    def more_inputs(self) -> int:
        """The number of inputs of the last layer besides the layer before it."""
        return 0

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of W_1, b_1, W_2, b_2, ... in the flat vector; biases are (1, out)."""
        return tuple(s for i, o in self.layers for s in ((i, o), (1, o))) + self.more_shapes

    @property
    def more_shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the parameters after the layers' weights in the flat vector."""
        return ()

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Numbers of elements, in the order of `shapes`."""
        return tuple(rows * columns for rows, columns in self.shapes)

    @property
    def size(self) -> int:
        """P, the length of the flat parameter vector."""
        return sum(self.counts)

    def init(self, scheme: str, gain: float, generator: torch.Generator) -> torch.Tensor:
        """New flat parameters (P,)."""
        entry = INITS[scheme]
        parts = []
        for n_in, n_out in self.layers:
            parts += [entry.weight(n_in, n_out, gain, generator).reshape(-1)]
            # Drawn in any case, so that the weights do not depend on whether there are biases.
            parts += [entry.bias(n_in, n_out, generator) * float(self.bias)]
        return torch.cat(parts + self.more_init(scheme, gain, generator))

    @property
    def given_size(self) -> int:
        """The number of values that `given` takes."""
        return sum((i + self.bias) * o for i, o in self.layers)

    def given(self, values: Sequence[float]) -> torch.Tensor:
        """Flat parameters (P,) from those of all layers in the order of a state_dict.

        For each layer: the weight (out, in) row by row, then the bias (out,) if there is one.
        """
        rest, parts = torch.tensor(values, dtype=torch.float32), []
        for n_in, n_out in self.layers:
            weight, bias, rest = rest.split_with_sizes(
                (n_in * n_out, n_out * self.bias, len(rest) - n_in * n_out - n_out * self.bias)
            )
            parts += [weight.view(n_out, n_in).T.reshape(-1)]
            parts += [bias if self.bias else torch.zeros(n_out)]
        return torch.cat(parts)

    def more_init(self, scheme: str, gain: float, generator: torch.Generator) -> list[torch.Tensor]:
        """Initial values of `more_shapes`, flat."""
        return []

    @property
    def held(self) -> tuple[int, ...]:
        """Which of `shapes` do not change: those without effect on any cost, or kept by choice.

        Autograd returns rounding errors for the former, which Adam would turn into full-size steps.
        """
        return () if self.bias else tuple(2 * i + 1 for i in range(len(self.layers)))

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """(R, P) -> the parameters, each (R, *shape); those that are held get no gradient."""
        # One split, whose backward is one cat, is faster than a slice for each layer.
        flat_parts = flat.split_with_sizes(self.counts, 1)
        parts = [p.view(len(flat), *s) for p, s in zip(flat_parts, self.shapes, strict=True)]
        for i in self.held:
            parts[i] = parts[i].detach()
        return parts

    def linear(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """(R, B, in), (R, in, out), (R, 1, out) -> (R, B, out)."""
        n_in, n_out = weight.shape[1:]
        if self.thin and n_in <= 2:
            return bias + sum(x[:, :, j : j + 1] * weight[:, j : j + 1] for j in range(n_in))
        if self.thin and n_out <= 2:
            columns = weight.mT.unsqueeze(2).unbind(1)
            parts = [(x * column).sum(2, keepdim=True) for column in columns]
            return (parts[0] if n_out == 1 else torch.cat(parts, 2)) + bias
        if self.thin and len(x) == 1:
            # The bias is added apart: it fuses with the activation, while addmm copies it first.
            return torch.mm(x[0], weight[0]).unsqueeze(0) + bias
        return torch.baddbmm(bias, x, weight)

    @property
    def activate(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """The activation, elementwise but for maxout: see `ACTIVATIONS`."""
        return ACTIVATIONS[self.activation].apply

    def __call__(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(R, P), (R, B, in) -> (R, B, out): each run with its own parameters."""
        parts, apply = self.split(flat), self.activate
        last = 2 * len(self.layers) - 2
        for i in range(0, last, 2):
            x = apply(self.linear(x, parts[i], parts[i + 1]))
        return self.linear(x, parts[last], parts[last + 1])
