"""The generator: an MLP whose hidden layers may be normalised over a batch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import torch

from ganlab.networks.entries import ACTIVATIONS, OUTPUTS
from ganlab.networks.mlp import MLP
from ganlab.networks.norms import EPSILON, moments


@dataclass(frozen=True)
class Generator(MLP):
    """An MLP. With a norm each hidden layer has a scale and a shift, after all layers' weights.

    norm: an entry of `NORMS`. "virtual" (Salimans et al. 2016) uses the mean and mean square over
    the reference batch (N samples) and the sample itself, weighted N : 1.
    output: an entry of `OUTPUTS`. The inputs are z, or z and a one-hot label beside it.
    weights_learn: if False, only biases and the scales and shifts of a norm change.
    e_sizes: those of the encoder E: x -> z, an MLP with G's activation whose parameters follow all
    others, so that whatever keeps G keeps E; () if there is none.
    """

    norm: str = "none"
    output: str = "linear"
    weights_learn: bool = field(default=True, kw_only=True)
    e_sizes: tuple[int, ...] = field(default=(), kw_only=True)

    @cached_property
    def encoder(self) -> MLP | None:
        """E; None if there is none."""
        return MLP(self.e_sizes, self.activation, self.thin) if self.e_sizes else None

    @cached_property
    def own(self) -> int:
        """The number of parameters without E's."""
        return self.size - (self.encoder.size if self.encoder else 0)

    def encode(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """E(x) for parameters (R, P) of both nets: x (R, n, dim), with its label -> (R, n, z)."""
        assert self.encoder is not None
        return self.encoder(flat[:, self.own :], x)

    def paced(
        self, old: torch.Tensor, new: torch.Tensor, ratio: torch.Tensor | float
    ) -> torch.Tensor:
        """`new` parameters (R, P), with E's step from `old` multiplied by `ratio`."""
        step = new[:, self.own :] - old[:, self.own :]
        return torch.cat([new[:, : self.own], old[:, self.own :] + ratio * step], 1)

    @property
    def more_shapes(self) -> tuple[tuple[int, int], ...]:
        """The shapes of the scale and shift of each hidden layer, then those of E."""
        norms = tuple(s for _, o in self.layers[:-1] for s in ((1, o), (1, o)))
        return (() if self.norm == "none" else norms) + (
            self.encoder.shapes if self.encoder else ()
        )

    @property
    def bounded(self) -> bool:
        """Whether x is bounded for all z."""
        hidden = len(self.layers) > 1 and ACTIVATIONS[self.activation].bounded
        return OUTPUTS[self.output].bounded or hidden

    @cached_property
    def held(self) -> tuple[int, ...]:
        """Biases without effect (before a norm, or absent), and weights that do not learn."""
        count = len(self.layers)
        weights = () if self.weights_learn else tuple(2 * i for i in range(count))
        hidden = 0 if self.norm == "none" else count - 1
        biases = tuple(2 * i + 1 for i in range(hidden)) if self.bias else super().held
        return weights + biases

    def more_init(self, scheme: str, gain: float, generator: torch.Generator) -> list[torch.Tensor]:
        """Scales of 1, shifts of 0. E's are drawn apart, so that G's do not depend on them."""
        widths = [] if self.norm == "none" else [o for _, o in self.layers[:-1]]
        return [torch.full((o,), value) for o in widths for value in (1.0, 0.0)]

    def __call__(
        self, flat: torch.Tensor, x: torch.Tensor, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(R, P), inputs (R, B, in) -> (R, B, out).

        reference: inputs (R, N, in) whose statistics normalise x. With norm "batch", None stands
        for x itself, as in training.
        """
        made = self._body(flat, x, reference)
        if self.output != "linear":
            made = OUTPUTS[self.output].apply(made)
        return made

    def starting_at(self, flat: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Parameters (P,) with the last layer's bias replaced by `bias` (out,)."""
        parts = list(flat.split_with_sizes(self.counts))
        parts[2 * len(self.layers) - 1] = bias.to(flat)
        return torch.cat(parts)

    def _body(
        self, flat: torch.Tensor, x: torch.Tensor, reference: torch.Tensor | None
    ) -> torch.Tensor:
        if self.norm == "none":
            return super().__call__(flat, x)
        parts, apply = self.split(flat), self.activate
        last = 2 * len(self.layers) - 2
        fixed = 0 if reference is None else reference.shape[1]
        if reference is not None:
            x = torch.cat([reference, x], 1)
        for i in range(0, last, 2):
            x = self.linear(x, parts[i], parts[i + 1])
            scale, shift = parts[last + 2 + i], parts[last + 3 + i]
            x = apply(self._normal(x, fixed) * scale + shift)
        return self.linear(x[:, fixed:], parts[last], parts[last + 1])

    @property
    def folds(self) -> bool:
        """Whether a given batch determines all statistics, so that `folded` applies."""
        return self.norm in ("batch", "reference")

    @cached_property
    def plain(self) -> Generator:
        """The same net without its norm; its biases have the place of the statistics."""
        return replace(self, norm="none", bias=True)

    def folded(self, flat: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
        """Parameters of `plain` by which it equals this net normalised by `reference`.

        (R, P), inputs (R, N, in) -> (R, P'). With mean μ and variance σ² of a layer's h over the
        reference, scale γ and shift β: W' = W γ/√(σ² + ε), b' = (b - μ) γ/√(σ² + ε) + β.
        """
        parts, x, made = self.split(flat), reference, []
        last = 2 * len(self.layers) - 2
        for i in range(0, last, 2):
            h = self.linear(x, parts[i], parts[i + 1])
            mean, variance = moments(h)
            factor = parts[last + 2 + i] / (variance + EPSILON).sqrt()
            shift = parts[last + 3 + i]
            made += [parts[i] * factor, (parts[i + 1] - mean) * factor + shift]
            x = self.activate((h - mean) * factor + shift)
        # The last layer, and E's after the scales and shifts.
        made += parts[last : last + 2] + parts[2 * last + 2 :]
        return torch.cat([part.flatten(1) for part in made], 1)

    def _normal(self, h: torch.Tensor, fixed: int) -> torch.Tensor:
        """h normalised; its first `fixed` samples are the reference batch, if there is one."""
        mean, variance = moments(h[:, :fixed] if fixed else h)
        if self.norm != "virtual":
            return (h - mean) / (variance + EPSILON).sqrt()
        first, x = h[:, :fixed], h[:, fixed:]
        own = 1 / (fixed + 1)
        # Over the N samples and x: mean + (x - mean)/(N + 1), N/(N + 1) of var + (that step)^2 N.
        step = (x - mean) * own
        spread = variance * (1 - own) + step * step * fixed
        x = (x - mean - step) / (spread + EPSILON).sqrt()
        return torch.cat([(first - mean) / (variance + EPSILON).sqrt(), x], 1)
