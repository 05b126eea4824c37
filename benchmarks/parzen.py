"""Parzen scores of samples that come from no generator, and their time beside plain PyTorch.

    python benchmarks/parzen.py --data FOLDER
    python benchmarks/parzen.py --data FOLDER --rounds 5 --only speed

Without MNIST it measures digits drawn by ganlab, whose scores cannot be compared with others.
- plain: as a careful user would write it: 1,000 test images at a time, |x|^2 + |m|^2 - 2 x m^T once
  for all sigmas, torch.logsumexp. Rounds alternate; ratios are medians of the rounds' ratios.
- exact: the first test images in float64 without matrix products (SciPy's cdist and logsumexp).
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import numpy as np
import torch
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ganlab.digits import data, strokes
from ganlab.digits.images import Digits
from ganlab.mnist import parzen
from ganlab.mnist.nearest import nearest

SAMPLES = 10_000
_EXACT = 200  # test images


def kmeans(images: np.ndarray, k: int, rounds: int, seed: int = 0) -> np.ndarray:
    """Lloyd's centroids (k, d), from random images; an empty one does not move."""
    x = torch.from_numpy(images)
    start = np.random.default_rng(seed).choice(len(images), k, replace=False)
    centre = x[torch.from_numpy(np.sort(start))].clone()
    for _ in range(rounds):
        squares = (centre**2).sum(1)
        label = torch.cat([(squares - 2 * b @ centre.T).argmin(1) for b in x.split(2000)])
        total = torch.zeros_like(centre).index_add_(0, label, x)
        count = torch.bincount(label, minlength=k)[:, None]
        centre = torch.where(count > 0, total / count.clamp(min=1), centre)
    return centre.numpy()


def cases(digits: Digits, rounds: int) -> dict[str, np.ndarray]:
    """Samples by name."""
    train, labels = digits.train.images, digits.train.labels
    few = train[:SAMPLES]
    rng = np.random.default_rng(0)
    any_ = np.sort(rng.permutation(len(train))[:SAMPLES])
    return {
        f"real: the first {SAMPLES:,} training images": few,
        f"real: {SAMPLES:,} training images at random": train[any_],
        "real: the 1s of the first": few[labels[:SAMPLES] == 1],
        f"2,000 k-means centroids of the first ({rounds} rounds)": kmeans(few, 2000, rounds),
        f"2,000 k-means centroids of all ({rounds} rounds)": kmeans(train, 2000, rounds),
        "the mean image of the first": few.mean(0, keepdims=True),
        "uniform noise": rng.random((SAMPLES, train.shape[1]), np.float32),
        "digits drawn by ganlab": strokes.digits(SAMPLES, 0).train.images,
    }


def table(digits: Digits, rounds: int) -> None:
    """One line for each case."""
    print(f"{'samples':48} {'n':>6} {'mean':>8} {'SE':>5} {'sigma':>6} {'seconds':>8}")
    for name, samples in cases(digits, rounds).items():
        start = time.perf_counter()
        got = parzen.score(samples, digits)
        took = time.perf_counter() - start
        print(
            f"{name:48} {got.samples:6} {got.mean:8.2f} {got.se:5.2f} {got.sigma:6.3f} {took:8.1f}"
        )


def plain(samples: np.ndarray, digits: Digits) -> float:
    """The mean log-likelihood in plain PyTorch."""
    m = torch.from_numpy(samples)
    squares = (m**2).sum(1)

    def lls(x: np.ndarray, sigmas) -> torch.Tensor:
        out = []
        for b in torch.from_numpy(x).split(1000):
            distance = (b**2).sum(1)[:, None] + squares - 2 * b @ m.T
            out.append(torch.stack([torch.logsumexp(-distance / (2 * s**2), 1) for s in sigmas]))
        scale = [math.log(len(m)) + m.shape[1] / 2 * math.log(2 * math.pi * s**2) for s in sigmas]
        return torch.cat(out, 1) - torch.tensor(scale)[:, None]

    first = lls(digits.validation.images[: parzen.VALIDATION], parzen.SIGMAS).mean(1)
    return float(lls(digits.test.images, [parzen.SIGMAS[int(first.argmax())]]).mean())


def speed(digits: Digits, rounds: int) -> None:
    """Seconds side by side, and the error of each against the exact score."""
    samples = digits.train.images[:SAMPLES]
    few = Digits(digits.source, digits.train, digits.test[:_EXACT])
    ours, theirs = parzen.score(samples, few), plain(samples, few)
    square = cdist(few.test.images.astype(float), samples.astype(float), "sqeuclidean")
    s = ours.sigma
    exact = logsumexp(-square / (2 * s**2), axis=1).mean() - math.log(len(samples))
    exact -= samples.shape[1] / 2 * math.log(2 * math.pi * s**2)
    print(
        f"\n{_EXACT} test images: exact {exact:.5f}, ganlab {ours.mean - exact:+.1e}, "
        f"plain {theirs - exact:+.1e} nats"
    )

    times: dict[str, list[float]] = {"plain": [], "ganlab": []}
    cpu: dict[str, list[float]] = {"plain": [], "ganlab": []}
    for _ in range(rounds):
        for who, measure in (("plain", plain), ("ganlab", parzen.score)):
            start, began = time.perf_counter(), time.process_time()
            measure(samples, digits)
            times[who].append(time.perf_counter() - start)
            cpu[who].append(time.process_time() - began)
    for what, row in (("seconds", times), ("CPU seconds", cpu)):
        ratio = statistics.median(p / g for p, g in zip(row["plain"], row["ganlab"], strict=True))
        middle = {who: statistics.median(t) for who, t in row.items()}
        print(
            f"{what:12} plain {middle['plain']:.2f}, ganlab {middle['ganlab']:.2f}: "
            f"{ratio:.2f} times as fast"
        )
    start = time.perf_counter()
    nearest(digits.test[:1000].images, digits.train.images)
    print(f"nearest of {len(digits.train):,} to 1,000: {time.perf_counter() - start:.1f} s")


def main() -> None:
    """Print the table and the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="MNIST's folder; else $GANLAB_DATA, else ganlab's cache")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lloyd", type=int, default=10, help="rounds of k-means")
    parser.add_argument("--only", choices=("table", "speed"))
    options = parser.parse_args()
    try:
        digits = data.load(options.data)
    except data.MissingData as missing:
        print(missing)
        digits = strokes.digits()
    print(f"{digits.source}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    if options.only != "speed":
        table(digits, options.lloyd)
    if options.only != "table":
        speed(digits, options.rounds)


if __name__ == "__main__":
    main()
