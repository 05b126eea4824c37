"""A run's two players as ordinary `torch.nn.Module`s, and samples of its generator."""

from __future__ import annotations

from collections.abc import Callable

import torch
from numpy.typing import ArrayLike
from torch import nn

from ganlab.engine.draws import generator as numbered
from ganlab.engine.game import Game
from ganlab.engine.state import State
from ganlab.estimators import gumbel, hard
from ganlab.networks import ACTIVATIONS, MLP, OUTPUTS, Discriminator, Generator
from ganlab.networks.entries import ActivationEntry
from ganlab.networks.labels import beside, one_hot, proportional
from ganlab.networks.norms import EPSILON
from ganlab.registry import Param, Registry, SpecError
from ganlab.spec import Spec

Labels = ArrayLike | torch.Tensor | None  # (n,) integers; None: with the shares p(label)

_PIECE = 2048  # samples generated at once, so that their activations stay in the cache
_N = Param("n", "n", 1, 1, 10**8, "int")
_SEED = Param("seed", "seed", 0, 0, 2**31 - 1, "int")


class Activation(nn.Module):
    """An entry of `ACTIVATIONS`, or of `OUTPUTS`, by its name."""

    def __init__(self, name: str, registry: Registry[ActivationEntry] = ACTIVATIONS):
        super().__init__()
        self.name, self._registry = name, registry

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """(n, width * pieces) -> (n, width)."""
        return self._registry[self.name].apply(a)

    def extra_repr(self) -> str:
        """The entry's name."""
        return self.name


class FixedNorm(nn.Module):
    """Normalises by the statistics of a reference batch, which are buffers.

    count: with virtual batch norm, the number of samples in the reference batch, to which each
    sample is added as one more; 0: the reference batch alone.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, width: int, count: int = 0):
        super().__init__()
        self.count = count
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """(n, width) -> (n, width)."""
        step: torch.Tensor | float = 0.0
        var = self.running_var
        if self.count:
            own = 1 / (self.count + 1)
            step = (h - self.running_mean) * own
            var = var * (1 - own) + step * step * self.count
        h = (h - self.running_mean - step) / (var + EPSILON).sqrt()
        return h * self.weight + self.bias

    def extra_repr(self) -> str:
        """The width, and the count if it is used."""
        return f"{len(self.weight)}" + (f", count={self.count}" if self.count else "")


class GeneratorModule(nn.Module):
    """G: layers[0], norms[0] (if any), the activation, layers[1], ..., then the output.

    With batch norm it is in evaluation mode, with the statistics used for drawing and measuring G:
    those of 2,048 latents that represent all latents.
    """

    def __init__(self, net: Generator, labels: int, reference: int):
        super().__init__()
        self.labels = labels
        self.layers = nn.ModuleList(nn.Linear(i, o, net.bias) for i, o in net.layers)
        norms: dict[str, Callable[[int], nn.Module]] = {
            "none": lambda width: nn.Identity(),
            "batch": lambda width: nn.BatchNorm1d(width, eps=EPSILON),
            "reference": FixedNorm,
            "virtual": lambda width: FixedNorm(width, reference),
        }
        norm = norms[net.norm]
        self.norms = nn.ModuleList(norm(o) for _, o in net.layers[:-1])
        self.activation = Activation(net.activation)
        self.output = Activation(net.output, OUTPUTS)

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Latents (n, latent_dim), and integer labels (n,) if there are labels -> x (n, dim).

        If x are symbols, the logits of their letters.
        """
        h = beside(z, _checked(labels, len(z), self.labels))
        for layer, norm in zip(self.layers[:-1], self.norms, strict=True):
            h = self.activation(norm(layer(h)))
        x: torch.Tensor = self.output(self.layers[-1](h))
        return x


class DiscriminatorModule(nn.Module):
    """D, without dropout unless it is in training mode; D(x) is the sigmoid of its logit.

    With classes the logit is the log of the sum of exp of `outputs`, one for each class.

    kernels: T (A, kernels, dims) of minibatch discrimination, whose outputs the last layer takes
    after the A features. norms: batch norms, which use the statistics of the given samples in
    either mode. With spectral norm the weights are already divided by their norms.
    """

    def __init__(self, net: Discriminator, labels: int, dropout: float, dropout_input: float):
        super().__init__()
        self.labels, self.pack, self.classes = labels, net.pack, net.classes
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(o, eps=EPSILON, track_running_stats=False)
            for _, o in (net.layers[:-1] if net.norm == "batch" else ())
        )
        self.layers = nn.ModuleList(nn.Linear(i, o, net.bias) for i, o in net.layers)
        self.dropout_input, self.dropout = nn.Dropout(dropout_input), nn.Dropout(dropout)
        self.activation = Activation(net.activation)
        self.kernels: nn.Parameter | None = None
        if net.kernels:
            self.kernels = nn.Parameter(torch.zeros(net.features, net.kernels, net.dims))

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """x (n, dim), and integer labels (n,) if there are labels -> logits (n / pack,).

        With joint inference x are pairs, x followed by z: (n, dim + latent_dim). With classes, see
        `outputs`.

        With packing, n is a multiple of the pack, and each `pack` consecutive samples are judged
        together. With minibatch discrimination or batch norm, all n samples are one minibatch.
        """
        out = self.outputs(x, labels)
        return out.logsumexp(1) if self.classes else out[:, 0]

    def outputs(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The outputs of the last layer, (n / pack, 1) or (n, classes); arguments as `forward`."""
        h = beside(x, _checked(labels, len(x), self.labels))
        h = self.dropout_input(h.reshape(len(h) // self.pack, -1))
        for i, layer in enumerate(self.layers[:-1]):
            h = layer(h)
            if self.norms:
                h = self.norms[i](h)
            h = self.dropout(self.activation(h))
        if self.kernels is not None:
            m = torch.einsum("na,akd->nkd", h, self.kernels)
            apart = (m.unsqueeze(1) - m.unsqueeze(0)).abs().sum(3)
            h = torch.cat([h, torch.exp(-apart).sum(1) - 1], 1)
        out: torch.Tensor = self.layers[-1](h)
        return out


class EncoderModule(nn.Module):
    """E: layers[0], the activation, layers[1], ..."""

    def __init__(self, net: MLP, labels: int):
        super().__init__()
        self.labels = labels
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in net.layers)
        self.activation = Activation(net.activation)

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Points (n, dim), and integer labels (n,) if there are labels -> E(x) (n, latent_dim)."""
        h = beside(x, _checked(labels, len(x), self.labels))
        for layer in self.layers[:-1]:
            h = self.activation(layer(h))
        z: torch.Tensor = self.layers[-1](h)
        return z


def _checked(labels: Labels, n: int, count: int) -> torch.Tensor | None:
    """One-hot (n, count) of integers (n,); None if the nets have no labels."""
    if not count:
        if labels is not None:
            raise SpecError("labels", labels, "None: these nets have no labels")
        return None
    if not isinstance(labels, torch.Tensor) or labels.shape != (n,):
        raise SpecError("labels", labels, f"{n} integers from 0 to {count - 1}")
    return one_hot(labels, count)


def _fill(
    module: GeneratorModule | DiscriminatorModule | EncoderModule,
    net: MLP,
    flat: torch.Tensor,
) -> list[torch.Tensor]:
    """Copy the layers' weights from flat parameters (P,); return the parameters after them."""
    parts = [p[0] for p in net.split(flat.detach()[None])]
    for layer in module.layers:
        layer.weight.data = parts.pop(0).T.clone(memory_format=torch.contiguous_format)
        bias = parts.pop(0)[0]
        if net.bias:
            layer.bias.data = bias.clone()
    return parts


def generator(game: Game, state: State, run: int, average: bool = False) -> GeneratorModule:
    """A copy of the current G of run number `run`, on its device.

    average: with the average of its weights. Raises `SpecError` if none is kept.
    """
    mean = game.average(state) if average else state.g
    if mean is None:
        raise SpecError("average", average, "False: no average of G's weights is kept")
    net, flat = game.G, mean[run]
    fixed = game.statistics(run)
    reference = 0 if fixed is None else fixed.shape[1]
    labels = game.rules.structure.labels
    module = GeneratorModule(net, labels, reference).to(flat.device)
    rest = _fill(module, net, flat)
    if fixed is not None:
        h = fixed[0].to(flat)
        for layer, norm in zip(module.layers[:-1], module.norms, strict=True):
            norm.weight.data, norm.bias.data = (rest.pop(0)[0].clone() for _ in range(2))
            kept = dict(norm.named_buffers())
            mean, var = kept["running_mean"], kept["running_var"]
            with torch.no_grad():
                h = layer(h)
                mean.copy_(h.mean(0))
                var.copy_(h.var(0, correction=0))
                h = (h - mean) / (var + EPSILON).sqrt()
                h = module.activation(h * norm.weight + norm.bias)
    return module.eval()


def discriminator(game: Game, state: State, spec: Spec, run: int) -> DiscriminatorModule:
    """A copy of the current D of run number `run`, on its device."""
    net, flat = game.D, state.d[run]
    module = DiscriminatorModule(net, spec.labels, spec.d_dropout, spec.d_dropout_input)
    rest = _fill(module.to(flat.device), net, flat)
    for norm in module.norms:
        norm.weight.data, norm.bias.data = (rest.pop(0)[0].clone() for _ in range(2))
    if module.kernels is not None:
        module.kernels.data = rest[0].view(module.kernels.shape).clone()
    return module.eval()


def encoder(game: Game, state: State, run: int) -> EncoderModule:
    """A copy of the current E of run number `run`, on its device.

    Raises `SpecError` if the run has none.
    """
    net, flat = game.G.encoder, state.g[run]
    if net is None:
        raise SpecError("inference", "none", "regression or joint: without it there is no encoder")
    module = EncoderModule(net, game.rules.structure.labels).to(flat.device)
    _fill(module, net, flat[game.G.own :])
    return module.eval()


def sample(
    game: Game, state: State, spec: Spec, run: int, n: int, seed: int, labels: Labels
) -> torch.Tensor:
    """Samples of p_g (n, dim), float32 on the CPU: see `Run.sample`."""
    n, seed = _N.check(n), _SEED.check(seed)
    z = spec.p_z.sample((n, spec.latent_dim), numbered(seed, "sample"))
    which = _labels(labels, n, spec.label_weights) if spec.labels else labels
    inputs, g = beside(z, _checked(which, n, spec.labels)), state.g[run : run + 1]
    with torch.no_grad():
        pieces = [game.make(g, piece[None].to(g.device), run)[0] for piece in inputs.split(_PIECE)]
    made = torch.cat(pieces).cpu()
    if (entry := game.rules.structure.symbols) is None:
        return made
    noise = gumbel(tuple(made.shape), numbered(seed, "sample_symbols")) if entry.samples else 0.0
    return hard(made + noise, spec.letters)


def _labels(given: Labels, n: int, weights: tuple[float, ...]) -> torch.Tensor:
    count = len(weights)
    if given is None:
        return proportional(n, weights)
    try:
        found = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        found = torch.empty(0)
    whole = not found.is_floating_point() and not found.is_complex() and found.dtype != torch.bool
    if found.shape != (n,) or not whole or not ((found >= 0) & (found < count)).all():
        raise SpecError("labels", given, f"{n} integers from 0 to {count - 1}")
    return found.long().cpu()
