"""The published tables of mode collapse, reproduced at their settings: trials, standard errors.

Each trial is a run whose seed is its number, saved every few thousand iterations to
FOLDER/NAME-SEED.npz. With the same FOLDER it continues from there, bit for bit, and more trials are
added to those that are done. Scores follow PacGAN: of 2,500 samples, the modes with one within 3
sigma, the share within 3 sigma of a mode, and the reverse KL of the modes' histogram.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ganlab import Run, Spec


@dataclass(frozen=True)
class Experiment:
    """A Spec, the length of its training, and the values in the paper's table."""

    spec: Spec
    iterations: int
    modes: int
    published: str
    source: str


METZ = Spec(
    target="ring",
    target_params={"count": 8, "radius": 2.0, "std": 0.02},
    latent_dim=256,
    g_hidden=(128, 128),
    d_hidden=(128,),
    g_activation="relu",
    d_activation="relu",
    init="orthogonal",
    init_gain=0.8,
    loss="minimax",
    g_lr=1e-4,
    d_lr=1e-4,
    betas=(0.5, 0.999),
    batch=512,
)
PACGAN = Spec(
    target="ring",
    target_params={"count": 8, "radius": 1.0, "std": 0.01},
    latent_dim=2,
    g_hidden=(400,) * 4,
    d_hidden=(200,) * 3,
    g_activation="relu",
    d_activation="maxout",
    g_norm="batch",
    init="gaussian",
    init_gain=0.02,
    loss="non-saturating",
    g_lr=1e-4,
    d_lr=1e-4,
    betas=(0.8, 0.999),
    batch=100,
)

# The 4×4 grid of two notebooks, in the three regimes that they show.
_GRID = {"side": 4, "spacing": 1.0, "std": 0.02}
MURPHY = Spec(
    target="grid",
    target_params=_GRID,
    latent_dim=32,
    g_hidden=(25, 25),
    d_hidden=(25, 25),
    g_activation="relu",
    d_activation="relu",
    optimizer="sgd",
    g_lr=0.05,
    d_lr=0.05,
    batch=512,
)
BALDUZZI = Spec(
    target="grid",
    target_params=_GRID,
    latent_dim=64,
    g_hidden=(64,) * 4,  # the notebook has six layers of 384, which take too long on two cores
    d_hidden=(64,) * 4,
    g_activation="relu",
    d_activation="relu",
    rule="simultaneous",
    optimizer="rmsprop",
    g_lr=1e-4,
    d_lr=1e-4,
    batch=256,
)


def experiments() -> dict[str, Experiment]:
    """Every row that can be computed here, by name."""
    ours = "our re-run, 3 seeds"
    out = {
        "metz-0": Experiment(METZ, 25_000, 8, "0-1 modes, hopping", ours),
        "metz-5": Experiment(METZ.replace(unroll=5), 25_000, 8, "8 / 88.5 / .003", ours),
    }
    # Both notebooks show pictures only.
    pictures = "pictures only"
    out["murphy"] = Experiment(MURPHY, 20_000, 16, pictures, "Murphy's notebook")
    for name, rule in (("without", "simultaneous"), ("with", "sga")):
        own, said = BALDUZZI.replace(rule=rule), "collapses" if name == "without" else "all 16"
        out[f"sga-{name}"] = Experiment(own, 10_000, 16, said, "SGA's notebook, its comment")
    ring = {1: "6.3±.5 / 98.2±.2 / .45±.09", 2: "7.9±.1 / 95.6±2.0 / .07±.03"}
    ring |= {3: "7.8±.1 / 97.7±.3 / .10±.02", 4: "7.8±.1 / 95.9±1.4 / .07±.02"}
    grid = {1: "17.3±.8 / 94.8±.7 / .70±.07", 2: "23.8±.7 / 91.3±.8 / .13±.04"}
    grid |= {3: "24.6±.4 / 94.2±.4 / .06±.02", 4: "24.8±.2 / 93.6±.6 / .04±.01"}
    square = PACGAN.replace(target="grid", target_params={"side": 5, "spacing": 2.0, "std": 0.05})
    for name, spec, modes, rows in (("ring", PACGAN, 8, ring), ("grid", square, 25, grid)):
        for pack, row in rows.items():
            # 400 epochs of 100,000 points; a pack of m uses m batches.
            batch = {"packing": pack, "batch": 100 * pack}
            out[f"pacgan-{name}-{pack}"] = Experiment(
                spec.replace(**batch), 400_000 // pack, modes, row, "PacGAN, 10 trials"
            )
    return out


def train(name: str, it: Experiment, seed: int, folder: Path, most: int, every: int) -> Run:
    """One trial with `it`'s settings, from its state in the folder up to `most` iterations."""
    path = folder / f"{name}-{seed}.npz"
    run = Run.load(path) if path.exists() else Run(it.spec.replace(seed=seed))
    try:
        run.compile()
    except RuntimeError as error:
        print(f"  {error}")
    end, started, first = min(it.iterations, most), time.monotonic(), run.iteration
    while run.iteration < end and not run.stopped:
        run.advance(min(every, end - run.iteration))
        run.save(path)
        each = (time.monotonic() - started) / (run.iteration - first)
        print(
            f"  {name}, seed {seed}: {run.iteration:,} of {end:,}, {1e3 * each:.1f} ms each; "
            f"{row([run])}",
            flush=True,
        )
    return run


def _pm(values: np.ndarray, scale: float = 1.0, digits: int = 1) -> str:
    """Mean ± standard error, with the number of runs if a measure is not defined for all."""
    known = values[np.isfinite(values)]
    if not len(known):
        return "none"
    error = known.std(ddof=1) / math.sqrt(len(known)) if len(known) > 1 else math.nan
    text = f"{scale * known.mean():.{digits}f}±{scale * error:.{digits}f}"
    return text if len(known) == len(values) else f"{text} (of {len(known)})"


def row(runs: list[Run]) -> str:
    """Modes, % high quality and reverse KL, mean ± standard error over the runs."""
    found = [run.snapshot(picture=False).metrics for run in runs]
    m = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
    return f"{_pm(m['modes'])} / {_pm(m['hq'], 100)} / {_pm(m['reverse_kl'], digits=3)}"


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = experiments()
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}; all if none")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first trial")
    parser.add_argument("--folder", type=Path, default=Path("build/published"))
    parser.add_argument("--most", type=int, default=10**9, help="iterations, if fewer than theirs")
    parser.add_argument("--every", type=int, default=2500, help="iterations between two files")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    seeds = range(options.first, options.first + options.trials)
    for name in options.names or known:
        it = known[name]
        given = (options.folder, options.most, options.every)
        runs = [train(name, it, seed, *given) for seed in seeds]
        least = min(run.iteration for run in runs)
        part = "" if least >= it.iterations else f" at {least:,} of {it.iterations:,}"
        rows.append(
            f"| {name}{part} | {options.trials} | {row(runs)} | {it.published} | {it.source} |"
        )
    print("\nmodes / % high quality / reverse KL, mean ± standard error\n")
    print("| experiment | trials | ours | published | source |\n|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
