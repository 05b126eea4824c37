"""The discriminator: an MLP with dropout, packed samples and minibatch discrimination."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from ganlab.networks.blocks import closeness
from ganlab.networks.entries import INITS
from ganlab.networks.labels import beside
from ganlab.networks.mlp import MLP
from ganlab.networks.norms import EPSILON, moments, spectral_norm

_MOST_PACKS = 8  # the number of random packs over which the shown logit of a point is averaged


@dataclass(frozen=True)
class Discriminator(MLP):
    """An MLP with one output, the logit. sizes[0] = pack * (dim + labels).

    classes: if not 0, the number of outputs l_k instead, one for each class. The logit is then
    log Z, Z = sum_k exp(l_k), so that D(x) = Z/(Z + 1): the probability that x is of any class, by
    K + 1 outputs of which the last is 0 (Salimans et al. 2016, section 5). The parameters of a net
    of the same shape, which learns the classes alone, follow all others.

    pack: the number of samples judged together (PacGAN, Lin et al. 2018), concatenated.
    kernels, dims: minibatch discrimination (Salimans et al. 2016). With the last hidden layer's
    f(x_i) (A,) and the tensor T (A, kernels, dims), M_i = f(x_i) T,
    c_b(i, j) = exp(-||M_ib - M_jb||_1), o(x_i)_b = sum over j != i of c_b(i, j); the last layer
    sees f and o. T follows the weights of all layers.
    drop: whether dropout applies to (the input, hidden layers).
    norm: an entry of `D_NORMS`. "batch": the scale and shift of each hidden layer follow the
    weights of all layers, before T. "spectral": weights are divided by their spectral norms on
    each use.
    level: whether the last bias has an effect. If the loss is invariant to shifts, no cost of D
    depends on it, and it keeps its initial value.
    """

    pack: int = 1
    kernels: int = 0
    dims: int = 0
    drop: tuple[bool, bool] = (False, False)
    level: bool = True
    norm: str = "none"
    classes: int = 0

    @cached_property
    def held(self) -> tuple[int, ...]:
        """Biases without effect: those before a batch norm, the last, and those that are absent."""
        if not self.bias:
            return super().held
        last = len(self.layers) - 1
        hidden = range(last if self.norm == "batch" else 0)
        return (*(2 * i + 1 for i in hidden), *(() if self.level else (2 * last + 1,)))

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """As for any MLP; with "spectral", the largest singular value of each weight is 1."""
        parts = super().split(flat)
        if self.norm == "spectral":
            for i in range(0, 2 * len(self.layers), 2):
                parts[i] = parts[i] / spectral_norm(parts[i])
        return parts

    @property
    def more_inputs(self) -> int:
        """The number of values in o(x), one for each kernel."""
        return self.kernels

    @property
    def features(self) -> int:
        """A, the width of the last hidden layer (of the input, if there is none)."""
        return self.sizes[-2]

    @property
    def more_shapes(self) -> tuple[tuple[int, int], ...]:
        """The shapes of the scale and shift of each normalised layer, then that of T."""
        norms = tuple(s for _, o in self.layers[:-1] for s in ((1, o), (1, o)))
        kernels = ((self.features, self.kernels * self.dims),) if self.kernels else ()
        return (*(norms if self.norm == "batch" else ()), *kernels, *self._beside)

    @property
    def _beside(self) -> tuple[tuple[int, int], ...]:
        """The shapes of the net beside D."""
        if not self.classes:
            return ()
        return tuple(s for i, o in self.layers for s in ((i, o), (1, o)))

    def more_init(self, scheme: str, gain: float, generator: torch.Generator) -> list[torch.Tensor]:
        """Scales of 1, shifts of 0, and T drawn like a layer's weights."""
        make, shapes = INITS[scheme].weight, self.more_shapes
        if self.classes:  # without norms and kernels
            return [MLP(self.sizes, self.activation, bias=self.bias).init(scheme, gain, generator)]
        kernels = shapes[-1:] if self.kernels else ()
        norms = shapes[: len(shapes) - len(kernels)]
        parts = [torch.full((o,), 1.0 - i % 2) for i, (_, o) in enumerate(norms)]
        return parts + [make(i, o, gain, generator).reshape(-1) for i, o in kernels]

    @cached_property
    def joint(self) -> bool:
        """Whether D(x) depends on other samples."""
        return self.pack > 1 or self.kernels > 0 or self.norm == "batch"

    @cached_property
    def droppable(self) -> tuple[int, ...]:
        """The number of units that dropout may drop: the input's, then each hidden layer's."""
        inputs, hidden = self.drop
        return (self.sizes[0],) * inputs + self.sizes[1:-1] * hidden

    def packed(self, x: torch.Tensor) -> torch.Tensor:
        """(R, B, n) -> (R, B / pack, pack * n)."""
        if self.pack == 1:
            return x
        return x.reshape(len(x), x.shape[1] // self.pack, self.pack * x.shape[2])

    def inputs(self, packs: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """D's inputs (R, n, in): packs of x (R, n, pack * dim), each x followed by its label.

        labels: in packs, (R, n, pack * count); or None.
        """
        if labels is None or self.pack == 1:
            return beside(packs, labels)
        each, told = (part.unflatten(2, (self.pack, -1)) for part in (packs, labels))
        return beside(each, told).flatten(2)

    def body(
        self,
        parts: list[torch.Tensor],
        x: torch.Tensor,
        keep: list[torch.Tensor] | None = None,
        group: int = 0,
        crowd: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """f(x), (R, n, in) -> (R, n, A). keep: the factors that dropout applies to `droppable`.

        Batch norm uses the statistics of each `group` of x (0: of all x), or those of `crowd`
        (R, m, in), which is normalised with its own.
        """
        keep, apply = list(keep or ()), self.activate
        inputs, hidden = self.drop if keep else (False, False)
        if inputs:
            x = x * keep.pop(0)
        last, batch = 2 * len(self.layers) - 2, self.norm == "batch"
        beside = 0
        if batch and crowd is not None:
            beside, x = crowd.shape[1], torch.cat([crowd, x], 1)
        for i in range(0, last, 2):
            x = self.linear(x, parts[i], parts[i + 1])
            if batch:
                scale, shift = parts[last + 2 + i], parts[last + 3 + i]
                x = self._normal(x, group, beside) * scale + shift
            x = apply(x)
            if hidden:
                x = x * keep.pop(0)
        return x[:, beside:] if beside else x

    @staticmethod
    def _normal(h: torch.Tensor, group: int, beside: int) -> torch.Tensor:
        """h normalised by its first `beside` samples if any, else by each `group` of its own."""
        if beside:
            mean, variance = moments(h[:, :beside])
            return (h - mean) / (variance + EPSILON).sqrt()
        parts: torch.Tensor = h.unflatten(1, (-1, group or h.shape[1]))
        mean, variance = moments(parts)
        return ((parts - mean) / (variance + EPSILON).sqrt()).flatten(1, 2)

    def closeness(self, mine: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """Sum over j of c_b(i, j), (N, kernels * dims, n), (N, ..., m) -> (N, n, kernels)."""
        return closeness(mine, others, self.dims).mT

    @staticmethod
    def projected(parts: list[torch.Tensor], f: torch.Tensor) -> torch.Tensor:
        """M = f(x) T with a column for each sample, (R, n, A) -> (R, kernels * dims, n).

        The samples are neighbours in memory, so that all pairs are compared fast.
        """
        return torch.bmm(parts[-1].mT, f.mT)

    def head(self, parts: list[torch.Tensor], f: torch.Tensor, group: int) -> torch.Tensor:
        """Logits (R, n) of features (R, n, A), where each `group` is one minibatch."""
        if self.kernels:
            m = self.projected(parts, f).unflatten(2, (-1, group)).movedim(2, 1).flatten(0, 1)
            # Every sample is at distance 0 from itself.
            f = torch.cat([f, (self.closeness(m, m) - 1).reshape(*f.shape[:2], -1)], 2)
        return self._logit(self._last(parts, f))

    def _last(self, parts: list[torch.Tensor], f: torch.Tensor) -> torch.Tensor:
        """The outputs (R, n, out) of the last layer, for its inputs."""
        last = 2 * len(self.layers) - 2
        return self.linear(f, parts[last], parts[last + 1])

    def _logit(self, out: torch.Tensor) -> torch.Tensor:
        """The logit (R, n) of outputs (R, n, out)."""
        return torch.logsumexp(out, 2) if self.classes else out.squeeze(2)

    def classify(self, flat: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The outputs l_k of D, and those of the net beside it, (R, n, dim) -> (R, n, classes)."""
        parts = self.split(flat)
        own = 2 * len(self.layers)
        both = (part for part in (parts[:own], parts[own:]))
        mine, beside = (self._last(of, self.body(of, x)) for of in both)
        return mine, beside

    def judge(
        self,
        flat: torch.Tensor,
        x: torch.Tensor,
        keep: list[torch.Tensor] | None = None,
        group: int = 0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (R, n) and features (R, n, A) of packs x (R, n, pack * dim).

        group: the number of packs in one minibatch, a divisor of n; 0 for all.
        """
        parts = self.split(flat)
        f = self.body(parts, x, keep, group)
        return self.head(parts, f, group or f.shape[1]), f

    def __call__(self, flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(R, P), packs (R, n, in) -> (R, n, 1)."""
        return self.judge(flat, x)[0].unsqueeze(2)

    def among(
        self, flat: torch.Tensor, x: torch.Tensor, others: torch.Tensor, batch: int
    ) -> torch.Tensor:
        """D's logit (R, n) at each x (R, n, dim), each alone among `others` (R, m, dim).

        If D judges each sample alone, this is its logit. If D judges packs, it is the mean over
        several packs of x and some of the others. With minibatch discrimination it uses x's mean
        closeness to the others, times their number in a minibatch of `batch` packs. With batch norm
        it uses the statistics of the others.
        """
        if not self.joint:
            return self.judge(flat, x)[0]
        parts, beside = self.split(flat), self.pack - 1
        packs = self.packed(others[:, : others.shape[1] // self.pack * self.pack])
        total, rounds = torch.zeros(()), min(_MOST_PACKS, packs.shape[1]) if beside else 1
        theirs = self.projected(parts, self.body(parts, packs)) if self.kernels else None
        for i in range(rounds):
            with_x = x
            if beside:
                rest = packs[:, i : i + 1, : beside * others.shape[2]]
                with_x = torch.cat([x, rest.expand(-1, x.shape[1], -1)], 2)
            f = self.body(parts, with_x, crowd=packs)
            if theirs is not None:
                close = self.closeness(self.projected(parts, f), theirs) / theirs.shape[2]
                f = torch.cat([f, close * (batch - 1)], 2)
            total = total + self._logit(self._last(parts, f))
        return total / rounds
