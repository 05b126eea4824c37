"""The contestants of `benchmarks/engine.py` in PyTorch: plain loops, and GEMMs alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import softplus

from ganlab import Spec
from ganlab.latents import LATENTS
from ganlab.targets import make_target

_ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh}


def sequential(activation: str, *sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with activations between."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), _ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


def _nets(spec: Spec) -> tuple[nn.Sequential, nn.Sequential]:
    torch.manual_seed(spec.seed)
    G = sequential(spec.g_activation, spec.latent_dim, *spec.g_hidden, spec.dim)
    return G, sequential(spec.d_activation, spec.dim, *spec.d_hidden, 1)


def _sampler(spec: Spec) -> tuple[Callable, Callable]:
    target = make_target(spec.target, spec.target_params)
    draw = torch.Generator().manual_seed(spec.seed)
    shape, latent = (spec.batch, spec.latent_dim), LATENTS[spec.latent].sample
    return lambda: target.sample(spec.batch, draw), lambda: latent(shape, draw)


def _g_cost(spec: Spec, fake: torch.Tensor) -> torch.Tensor:
    return -softplus(fake).mean() if spec.loss == "minimax" else softplus(-fake).mean()


def plain_loop(spec: Spec) -> Callable[[int], None]:
    """A function that makes iterations of Algorithm 1, written as a careful user would write it."""
    G, D = _nets(spec)
    g_params = list(G.parameters())
    by_g = torch.optim.Adam(g_params, lr=spec.g_lr, betas=spec.betas, fused=True)
    by_d = torch.optim.Adam(D.parameters(), lr=spec.d_lr, betas=spec.betas, fused=True)
    data, latent = _sampler(spec)
    batch = spec.batch

    def advance(iterations: int) -> None:
        for _ in range(iterations):
            for _ in range(spec.k):
                real = data()
                with torch.no_grad():
                    fake = G(latent())
                logits = D(torch.cat([real, fake]))
                cost = softplus(-logits[:batch]).mean() + softplus(logits[batch:]).mean()
                by_d.zero_grad()
                cost.backward()
                by_d.step()
            by_g.zero_grad()
            _g_cost(spec, D(G(latent()))).backward(inputs=g_params)
            by_g.step()

    return advance


def plain_unrolled(spec: Spec) -> Callable[[int], None]:
    """The same with D unrolled: functional calls, Adam written out, create_graph."""
    G, D = _nets(spec)
    data, latent = _sampler(spec)
    (b1, b2), batch = spec.betas, spec.batch
    g, d = (dict(net.named_parameters()) for net in (G, D))

    def zeros(params):
        return {n: torch.zeros_like(p) for n, p in params.items()}

    slots = {"g": (zeros(g), zeros(g)), "d": (zeros(d), zeros(d))}
    count = {"g": 0, "d": 0}

    def adam(params, grads, m, v, t, lr):
        m = {n: b1 * m[n] + (1 - b1) * grads[n] for n in params}
        v = {n: b2 * v[n] + (1 - b2) * grads[n] ** 2 for n in params}
        new = {}
        for n, p in params.items():
            root = (v[n] / (1 - b2**t) + 1e-16).sqrt()
            new[n] = p - lr * m[n] / (1 - b1**t) / (root + 1e-8)
        return new, m, v

    def d_cost(d, real, fake):
        logits = torch.func.functional_call(D, d, (torch.cat([real, fake]),))
        return softplus(-logits[:batch]).mean() + softplus(logits[batch:]).mean()

    def gradients(cost, params, create_graph=False):
        grads = torch.autograd.grad(cost, list(params.values()), create_graph=create_graph)
        return dict(zip(params, grads, strict=True))

    def fresh(params):
        return {n: p.detach().requires_grad_() for n, p in params.items()}

    def advance(iterations: int) -> None:
        nonlocal g, d
        for _ in range(iterations):
            for _ in range(spec.k):
                with torch.no_grad():
                    fake = torch.func.functional_call(G, g, (latent(),))
                d = fresh(d)
                grads = gradients(d_cost(d, data(), fake), d)
                count["d"] += 1
                with torch.no_grad():
                    d, *slots["d"] = adam(d, grads, *slots["d"], count["d"], spec.d_lr)
            g, ahead = fresh(g), fresh(d)
            fake, real = torch.func.functional_call(G, g, (latent(),)), data()
            m, v = slots["d"]
            for i in range(spec.unroll):
                grads = gradients(d_cost(ahead, real, fake), ahead, True)
                ahead, m, v = adam(ahead, grads, m, v, count["d"] + 1 + i, spec.d_lr)
            cost = _g_cost(spec, torch.func.functional_call(D, ahead, (fake,)))
            grads = gradients(cost, g)
            count["g"] += 1
            with torch.no_grad():
                g, *slots["g"] = adam(g, grads, *slots["g"], count["g"], spec.g_lr)

    return advance


def _gemms(spec: Spec, thin: bool) -> list[tuple[int, int, int]]:
    """(m, k, n) of every matrix product in one iteration of Algorithm 1 (k updates of D).

    Without `thin`, only those of a compiled program, which computes layers of one or two
    inputs, or of one output, as sums.
    """
    g = list(pairwise((spec.latent_dim, *spec.g_hidden, spec.dim)))
    d = list(pairwise((spec.dim, *spec.d_hidden, 1)))
    batch = spec.batch

    def kept(layers):
        return [(i, o) for i, o in layers if thin or (i > 2 and o > 1)]

    def forward(layers, rows):
        return [(rows, i, o) for i, o in kept(layers)]

    def by_weights(layers, rows):
        return [(i, rows, o) for i, o in kept(layers)]

    def by_inputs(layers, rows):
        return [(rows, o, i) for i, o in kept(layers)]

    both = 2 * batch
    d_update = forward(g, batch) + forward(d, both) + by_weights(d, both) + by_inputs(d[1:], both)
    g_update = forward(g, batch) + forward(d, batch) + by_inputs(d, batch)
    return d_update * spec.k + g_update + by_weights(g, batch) + by_inputs(g[1:], batch)


def floor_flops(spec: Spec, thin: bool = True) -> float:
    """Floating-point operations of an iteration's GEMMs; `thin`: including those of thin layers."""
    return float(sum(2 * m * k * n for m, k, n in _gemms(spec, thin)))


def floor(spec: Spec, thin: bool = True) -> Callable[[int], None]:
    """A function that computes the GEMMs of some iterations, through torch.mm(out=)."""
    shapes = _gemms(spec, thin)
    parts = [(torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)) for m, k, n in shapes]

    def advance(iterations: int) -> None:
        mm = torch.mm
        with torch.no_grad():
            for _ in range(iterations):
                for a, b, out in parts:
                    mm(a, b, out=out)

    return advance
