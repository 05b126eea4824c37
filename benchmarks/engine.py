"""Time per iteration of `Run.advance` beside a careful plain PyTorch loop, on one thread.

The plain loop has the same nets, batch and rates: nn.Sequential, fused Adam, softplus losses,
G's forward without a graph in D's update, no gradients for D in G's, its own sampling included.
Rounds alternate between the two, so that a busy machine slows both.

    python benchmarks/engine.py --rounds 15
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import softplus

from ganlab import Run, Spec
from ganlab.latents import LATENTS
from ganlab.targets import make_target

ITERATIONS = 200
SPECS = {"1-D default": Spec(), "ring": Spec(target="ring", latent_dim=2)}


def sequential(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with leaky ReLUs between."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def plain_loop(spec: Spec) -> Callable[[int], None]:
    """A function that makes some iterations of Algorithm 1 in plain PyTorch."""
    torch.manual_seed(spec.seed)
    G = sequential(spec.latent_dim, *spec.g_hidden, spec.dim)
    D = sequential(spec.dim, *spec.d_hidden, 1)
    g_params = list(G.parameters())
    by_g = torch.optim.Adam(g_params, lr=spec.g_lr, betas=spec.betas, fused=True)
    by_d = torch.optim.Adam(D.parameters(), lr=spec.d_lr, betas=spec.betas, fused=True)
    target = make_target(spec.target, spec.target_params)
    latent, draw = LATENTS[spec.latent].sample, torch.Generator().manual_seed(spec.seed)
    batch, shape = spec.batch, (spec.batch, spec.latent_dim)

    def advance(iterations: int) -> None:
        for _ in range(iterations):
            for _ in range(spec.k):
                real = target.sample(batch, draw)
                with torch.no_grad():
                    fake = G(latent(shape, draw))
                logits = D(torch.cat([real, fake]))
                cost = softplus(-logits[:batch]).mean() + softplus(logits[batch:]).mean()
                by_d.zero_grad()
                cost.backward()
                by_d.step()
            by_g.zero_grad()
            softplus(-D(G(latent(shape, draw)))).mean().backward(inputs=g_params)
            by_g.step()

    return advance


def measure(advance: Callable[[int], object]) -> float:
    """Microseconds per iteration of one round."""
    start = time.perf_counter()
    advance(ITERATIONS)
    return (time.perf_counter() - start) / ITERATIONS * 1e6


def main() -> None:
    """Print a table: medians and best of the rounds, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help=f"of {ITERATIONS} iterations each")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{rounds} rounds of {ITERATIONS} iterations, µs/iteration, torch {torch.__version__}")
    print(
        f"{'':12} {'plain median':>13} {'best':>7} {'ganlab median':>14} {'best':>7} {'ratio':>6}"
    )
    for name, spec in SPECS.items():
        contestants = {"plain": plain_loop(spec), "ganlab": Run(spec).advance}
        times: dict[str, list[float]] = {who: [] for who in contestants}
        for advance in contestants.values():
            advance(ITERATIONS)
        for _ in range(rounds):
            for who, advance in contestants.items():
                times[who].append(measure(advance))
        plain, ours = (statistics.median(t) for t in times.values())
        best = {who: min(t) for who, t in times.items()}
        print(
            f"{name:12} {plain:13.0f} {best['plain']:7.0f} {ours:14.0f} {best['ganlab']:7.0f}"
            f" {ours / plain:6.2f}"
        )


if __name__ == "__main__":
    main()
