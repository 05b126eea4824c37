"""Time per iteration, side by side: plain PyTorch, ganlab's backends, JAX, and the GEMMs alone.

All contestants train the same nets on the same target with the same batch and learning rates,
including their own sampling, on one thread; ensembles use all cores. Rounds alternate between the
contestants, so that a busy machine slows all of them; ratios are medians of the rounds' ratios.

    python benchmarks/engine.py --rounds 15
    python benchmarks/engine.py --target spiral --g 64,64 --d 64 --batch 128 --loss minimax

- plain: as a careful user would write it: nn.Sequential, fused Adam, softplus losses, G's forward
  without a graph in D's update, no gradients for D in G's. Unrolled: functional Adam, create_graph.
- eager, compiled: `Run.advance` before and after `Run.compile`.
- jax: jit of lax.scan over the iterations, vmap over the runs of an ensemble (if jax is installed).
- floor: the iteration's GEMMs through torch.mm(out=), and nothing else.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import time
from collections.abc import Callable

import torch
from contestants import floor, floor_flops, plain_loop, plain_unrolled

from ganlab import Run, Spec
from ganlab.engine.native import play

CORES = os.cpu_count() or 1


def timed(advance: Callable[[int], object], iterations: int) -> float:
    """Microseconds per iteration of one round."""
    start = time.perf_counter()
    advance(iterations)
    return (time.perf_counter() - start) / iterations * 1e6


def compiled(specs: Spec | list[Spec]) -> Callable[[int], int]:
    """`Run.advance` with a compiled program."""
    run = Run(specs)
    run.compile()
    return run.advance


def race(
    title: str, contestants: dict[str, tuple[Callable[[int], object], int]], rounds: int, base: str
) -> None:
    """Print medians, minima and ratios to `base` of (advance, iterations per round)."""
    times: dict[str, list[float]] = {who: [] for who in contestants}
    for advance, iterations in contestants.values():
        advance(iterations)
    for _ in range(rounds):
        for who, (advance, iterations) in contestants.items():
            times[who].append(timed(advance, iterations))
    print(f"\n{title}\n{'':10} {'median µs':>10} {'best':>8} {'× ' + base:>12}")
    for who, row in times.items():
        ratio = statistics.median(b / t for t, b in zip(row, times[base], strict=True))
        print(f"{who:10} {statistics.median(row):10.0f} {min(row):8.0f} {ratio:12.2f}")


def single(spec: Spec, rounds: int) -> None:
    """One run."""
    contestants = {
        "plain": (plain_loop(spec), 60),
        "eager": (Run(spec).advance, 60),
        "compiled": (compiled(spec), 600),
        "floor": (floor(spec), 600),
    }
    jax = _jax()
    if jax:
        contestants["jax"] = (jax.scan(spec, 1), 600)
    title = f"{spec.target}, G {spec.g_hidden}, D {spec.d_hidden}, batch {spec.batch}, {spec.loss}"
    race(title, contestants, rounds, "plain")
    print(f"GEMMs: {floor_flops(spec) / 1e6:.2f} MFLOP an iteration")


def unrolled(spec: Spec, rounds: int, steps: int = 5) -> None:
    """One run with an unrolled D."""
    spec = spec.replace(unroll=steps)
    contestants = {
        "plain": (plain_unrolled(spec), 10),
        "eager": (Run(spec).advance, 10),
        "compiled": (compiled(spec), 100),
    }
    race(f"{spec.target}, D unrolled by {steps}", contestants, rounds, "plain")


def ensemble(spec: Spec, rounds: int, runs: int = 64) -> None:
    """Many runs on all cores; microseconds are of one iteration of one run."""
    specs = [spec.replace(seed=s) for s in range(runs)]
    advance = compiled(specs)
    contestants: dict[str, tuple[Callable[[int], object], int]] = {
        "plain": (plain_loop(spec), 60),
        "compiled": (lambda n: advance(n // runs), 100 * runs),
    }
    jax = _jax()
    if jax:
        contestants["jax"] = (jax.scan(spec, runs), 100 * runs)
    race(
        f"{spec.target}, {runs} runs on {CORES} cores, a run-iteration",
        contestants,
        rounds,
        "plain",
    )


def parts(spec: Spec, rounds: int) -> None:
    """The parts of a compiled iteration's time."""
    run = Run(spec)
    run.compile()
    state, program, n = run.state, run.program, 100
    players = (b"D" * spec.k + b"G") * n
    given, owners = play.given_for(program, run.game, run.draws, players, state)
    rows = [state.g.clone(), state.d.clone()]
    rows += [torch.cat(slots, 1) for slots in (state.g_slots, state.d_slots)]
    fresh = Run(spec)
    at = 0

    def draw(iterations: int) -> None:
        nonlocal at
        moved = dataclasses.replace(state, d_updates=at * spec.k, g_updates=at)
        play.given_for(program, fresh.game, fresh.draws, players, moved)
        at += iterations

    contestants = {
        "all": (run.advance, n),
        "draws": (draw, n),
        "updates": (lambda _: program.play(players, rows, given), n),
        "floor": (floor(spec), n),
        "GEMMs left": (floor(spec, thin=False), n),
    }
    race(f"{spec.target}: parts of a compiled iteration", contestants, rounds, "all")
    del owners  # of the memory at the addresses in `given`
    for name, thin in (("floor", True), ("GEMMs left", False)):
        each = min(timed(floor(spec, thin), 500) for _ in range(5))
        rate = floor_flops(spec, thin) / each / 1e3
        print(f"{name}: {floor_flops(spec, thin) / 1e6:.2f} MFLOP at {rate:.1f} GFLOP/s")


def _jax():
    try:
        import contestants_jax
    except ImportError:
        return None
    return contestants_jax


RACES = {"single": single, "parts": parts, "unrolled": unrolled, "ensemble": ensemble}


def main() -> None:
    """Print a table for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--target", default="ring")
    parser.add_argument("--g", default="32,32", help="G's hidden widths")
    parser.add_argument("--d", default="32,32", help="D's hidden widths")
    parser.add_argument("--latent", type=int, default=2, help="dimensions of z")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--loss", default="non-saturating")
    parser.add_argument("--races", default=",".join(RACES))
    options = parser.parse_args()
    torch.set_num_threads(1)

    def widths(text: str) -> tuple[int, ...]:
        return tuple(int(w) for w in text.split(",") if w)

    spec = Spec(
        target=options.target,
        latent_dim=options.latent,
        g_hidden=widths(options.g),
        d_hidden=widths(options.d),
        batch=options.batch,
        loss=options.loss,
        g_lr=1e-3,
        d_lr=1e-3,
        betas=(0.5, 0.999),
    )
    print(f"torch {torch.__version__}, {options.rounds} rounds")
    for name in options.races.split(","):
        RACES[name](spec, options.rounds)


if __name__ == "__main__":
    main()
