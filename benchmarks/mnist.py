"""The 2014 paper's MNIST model: time per iteration beside a plain loop and its GEMMs alone.

    python benchmarks/mnist.py --rounds 9                 # on the CPU
    python benchmarks/mnist.py --device cuda --iterations 500 --tf32

- plain: as a careful user would write it: nn.Linear, dropout, torch.optim.SGD with momentum
  (foreach), G without a graph in D's update, no gradients for D in G's; images on the device.
- ganlab: `Run.advance`; captured: the same after `Run.capture()` (CUDA graphs).
- floor: the iteration's matrix products through torch.mm(out=), and nothing else.

Images are noise of MNIST's shape, since their values do not affect the time. Rounds alternate, so
that a busy machine slows all contestants; ratios are medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `ganlab mnist` does

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ganlab import Run
from ganlab.digits.images import PIXELS, Digits, Split
from ganlab.mnist.devices import title
from ganlab.mnist.recipes import RECIPES
from ganlab.targets import make_target

SPEC = RECIPES["paper"].spec
Advance = Callable[[int], object]


def noise() -> Digits:
    """60,000 images of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (60_000, PIXELS), np.uint8)
    labels = np.zeros(60_000, np.uint8)
    return Digits("noise", Split(pixels, labels), Split(pixels[:10_000], labels[:10_000]))


class Maxout(nn.Module):
    """A linear layer with five pieces, whose maximum is the output."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.linear = nn.Linear(n_in, 5 * n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).unflatten(-1, (-1, 5)).amax(-1)


def plain(device: torch.device, pixels: torch.Tensor) -> Advance:
    """The paper's training as a loop in PyTorch."""
    z_dim, (g1, g2), (d1, d2), batch = SPEC.latent_dim, SPEC.g_hidden, SPEC.d_hidden, SPEC.batch
    G = nn.Sequential(
        nn.Linear(z_dim, g1),
        nn.ReLU(),
        nn.Linear(g1, g2),
        nn.ReLU(),
        nn.Linear(g2, PIXELS),
        nn.Sigmoid(),
    ).to(device)
    D = nn.Sequential(
        nn.Dropout(0.2),
        Maxout(PIXELS, d1),
        nn.Dropout(0.5),
        Maxout(d1, d2),
        nn.Dropout(0.5),
        nn.Linear(d2, 1),
    ).to(device)
    by_g = torch.optim.SGD(G.parameters(), lr=0.1, momentum=0.5)
    by_d = torch.optim.SGD(D.parameters(), lr=0.05, momentum=0.5)
    t = 0

    def latent() -> torch.Tensor:
        return torch.empty(batch, z_dim, device=device).uniform_(-(3**0.5), 3**0.5)

    def advance(iterations: int) -> None:
        nonlocal t
        for _ in range(iterations):
            for optimizer, rate in ((by_g, 0.1), (by_d, 0.05)):
                optimizer.param_groups[0]["lr"] = rate / 1.000004**t
            t += 1
            real = pixels[torch.randint(len(pixels), (batch,), device=device)].float() / 255
            with torch.no_grad():
                fake = G(latent())
            logits = D(torch.cat([real, fake]))
            cost = F.softplus(-logits[:batch]).mean() + F.softplus(logits[batch:]).mean()
            by_d.zero_grad()
            cost.backward()
            by_d.step()
            D.requires_grad_(False)
            cost = F.softplus(-D(G(latent()))).mean()
            by_g.zero_grad()
            cost.backward()
            by_g.step()
            D.requires_grad_(True)

    return advance


def products() -> list[tuple[int, int, int]]:
    """(rows, inner, columns) of every matrix product of an iteration."""
    B = SPEC.batch
    g = [(SPEC.latent_dim, 1200), (1200, 1200), (1200, PIXELS)]
    d = [(PIXELS, 1200), (240, 1200), (240, 1)]
    out = [(B, i, o) for i, o in g]  # D's update: G forward,
    out += [(2 * B, i, o) for i, o in d] + [(i, 2 * B, o) for i, o in d]  # D there, its weights,
    out += [(2 * B, o, i) for i, o in d[1:]]  # and back
    out += [(B, i, o) for i, o in g + d]  # G's update: forward,
    out += [(B, o, i) for i, o in d] + [(i, B, o) for i, o in g] + [(B, o, i) for i, o in g[1:]]
    return out


def floor(device: torch.device) -> Advance:
    """The matrix products alone."""
    work = []
    for rows, inner, columns in products():
        a, b = torch.randn(rows, inner, device=device), torch.randn(inner, columns, device=device)
        work.append((a, b, torch.empty(rows, columns, device=device)))

    def advance(iterations: int) -> None:
        for _ in range(iterations):
            for a, b, out in work:
                torch.mm(a, b, out=out)

    return advance


def timed(advance: Advance, iterations: int, device: torch.device) -> float:
    """Milliseconds per iteration."""
    start = time.perf_counter()
    advance(iterations)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / iterations * 1e3


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--iterations", type=int, default=10, help="of a round")
    parser.add_argument("--tf32", action="store_true", help="TF32 products, on a GPU that has them")
    options = parser.parse_args()
    if options.tf32:
        torch.set_float32_matmul_precision("high")
    device = torch.device(options.device)
    target = make_target("mnist", {})
    target._loaded = noise()
    run = Run(SPEC, device)
    contestants = {"plain": plain(device, target.pixels.to(device)), "ganlab": run.advance}
    if device.type == "cuda":
        captured = Run(SPEC, device)
        captured.capture()
        contestants["captured"] = captured.advance
    contestants["floor"] = floor(device)
    times: dict[str, list[float]] = {who: [] for who in contestants}
    for advance in contestants.values():
        timed(advance, 3, device)
    for _ in range(options.rounds):
        for who, advance in contestants.items():
            times[who].append(timed(advance, options.iterations, device))
    work = sum(2 * m * k * n for m, k, n in products())
    print(f"{title(device)}, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    print(f"{work / 1e9:.2f} GFLOP an iteration; batch {SPEC.batch}, {options.rounds} rounds")
    heads = ("median ms", "best", "images/s", "plain / it", "it / floor")
    print(" " * 10 + "".join(f"{head:>12}" for head in heads))
    for who, row in times.items():
        to_plain = statistics.median(p / t for p, t in zip(times["plain"], row, strict=True))
        to_floor = statistics.median(t / f for t, f in zip(row, times["floor"], strict=True))
        middle = statistics.median(row)
        print(
            f"{who:10}{middle:12.2f}{min(row):12.2f}{SPEC.batch / middle * 1e3:12,.0f}"
            f"{to_plain:12.2f}{to_floor:12.2f}"
        )
    rate = work / statistics.median(times["floor"]) / 1e6
    print(f"floor: {rate:,.0f} GFLOP/s")


if __name__ == "__main__":
    main()
