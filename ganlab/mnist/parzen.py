"""Log-likelihood by a Parzen window, as the authors of 2014 measured it on MNIST.

p(x) = 1/n sum_i N(x; sample_i, sigma^2 I), with sigma chosen on validation images. A model can
score well without being good: 2,000 k-means centroids score above real images
(benchmarks/parzen.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.digits.images import Digits
from ganlab.languages import _
from ganlab.mnist.distances import BUDGET, Block, Images, blocks, plan, products
from ganlab.registry import SpecError

SIGMAS: tuple[float, ...] = tuple(np.logspace(-1, 0, 10).tolist())
VALIDATION = 1000  # the number of images on which sigma is chosen
T = TypeVar("T")
Walk = Generator[float, None, NDArray[np.float64]]


@dataclass(frozen=True)
class Parzen:
    """Mean log-likelihood of `n` test images in nats, and its standard error std/sqrt(n).

    validation: for each sigma tried, the mean over the validation images; the best was chosen.
    """

    mean: float
    se: float
    sigma: float
    n: int
    samples: int
    validation: tuple[tuple[float, float], ...]


def score(
    samples: Images,
    digits: Digits,
    *,
    sigmas: Sequence[float] = SIGMAS,
    budget: float = BUDGET,
    device: str = "cpu",
    progress: Callable[[float], object] | None = None,
) -> Parzen:
    """The paper's score for samples (n, 784) in [0, 1], of which the authors used 10,000.

    It takes about 2·10^11 multiplications: seconds. `progress` is called with the fraction done; an
    exception in it ends the computation. Raises SpecError as `steps` does.
    """
    first, test = digits.validation[:VALIDATION].images, digits.test.images
    walk = steps(samples, first, test, sigmas=sigmas, budget=budget, device=device)
    while True:
        try:
            done = next(walk)
        except StopIteration as end:
            found: Parzen = end.value
            return found
        if progress:
            progress(done)


def steps(
    samples: Images,
    validation: Images,
    test: Images,
    *,
    sigmas: Sequence[float] = SIGMAS,
    budget: float = BUDGET,
    device: str = "cpu",
) -> Generator[float, None, Parzen]:
    """Choose sigma on `validation` and measure `test`: a generator of the fraction done.

    All three are images, (n, d) each.

    Every step takes milliseconds, so that a caller may do other work in between, or stop.
    Raises SpecError for images that are not finite floats of one size, for a sigma that is not
    positive, and for a budget (bytes, besides the inputs) that is too small for a single row.
    """
    part = len(validation) / (len(validation) + len(test))
    tried = yield from portion(walk(validation, samples, sigmas, budget, device), 0.0, part)
    means = tried.mean(1)
    sigma = float(sigmas[int(means.argmax())])
    found = yield from portion(walk(test, samples, [sigma], budget, device), part, 1.0)
    return Parzen(
        mean=float(found.mean()),
        se=float(found.std() / math.sqrt(found.size)),
        sigma=sigma,
        n=found.size,
        samples=len(samples),
        validation=tuple((float(s), float(m)) for s, m in zip(sigmas, means, strict=True)),
    )


def portion(inner: Generator[float, None, T], low: float, high: float) -> Generator[float, None, T]:
    """A generator of the fraction done, mapped to the range from `low` to `high`."""
    while True:
        try:
            done = next(inner)
        except StopIteration as end:
            value: T = end.value
            return value
        yield low + (high - low) * done


def log_likelihoods(
    x: Images,
    samples: Images,
    sigmas: Sequence[float],
    budget: float = BUDGET,
    device: str = "cpu",
) -> NDArray[np.float64]:
    """Log-density in nats of each x (n, d) for each sigma: (sigmas, n)."""
    inner = walk(x, samples, sigmas, budget, device)
    while True:
        try:
            next(inner)
        except StopIteration as end:
            found: NDArray[np.float64] = end.value
            return found


def walk(x: Images, samples: Images, sigmas: Sequence[float], budget: float, device: str) -> Walk:
    """`log_likelihoods` of x (n, d), block by block: a generator of the fraction done.

    Distances are computed once for all sigmas. Terms are float32, relative to the nearest sample
    so far; sums are float64, rescaled when a nearer sample is found. Raises SpecError unless all
    sigmas are positive numbers.
    """
    if not len(sigmas) or not all(0 < s < math.inf for s in sigmas):
        raise SpecError("sigmas", tuple(sigmas), _("positive numbers"))
    sizes = plan(x, samples, budget, device)
    (n, d), count = x.shape, len(samples)
    rate = torch.tensor([0.5 / s**2 for s in sigmas], dtype=torch.float64, device=device)
    rates = rate.tolist()
    nearest = torch.full((n,), math.inf, dtype=torch.float64, device=device)
    total = torch.zeros(len(sigmas), n, dtype=torch.float64, device=device)
    squares = torch.empty(n, dtype=torch.float64, device=device)
    one, two = torch.empty(2, sizes.rows * sizes.columns, device=device)
    for columns in blocks(count, sizes.columns):
        m = Block.of(samples, columns, device)
        for rows in blocks(n, sizes.rows):
            row = Block.of(x, rows, device, squares[rows] if columns.start else None)
            squares[rows] = row.squares
            q = products(row, m, one)
            least = q.amin(1, keepdim=True)
            q -= least
            least = least[:, 0].double()
            near = torch.minimum(nearest[rows], least)
            term = two[: q.numel()].view_as(q)
            for i, r in enumerate(rates):
                torch.mul(q, -r, out=term).exp_()
                old = total[i, rows] * torch.exp(r * (near - nearest[rows]))
                total[i, rows] = old + term.sum(1).double() * torch.exp(r * (near - least))
            nearest[rows] = near
            yield (columns.start * n + rows.stop * (columns.stop - columns.start)) / (count * n)
    # If x is a sample, rounding may leave a distance slightly below zero.
    exponent = torch.clamp(squares + nearest, min=0.0) * rate[:, None]
    scale = math.log(count) + d / 2 * torch.log(math.pi / rate)[:, None]
    return (torch.log(total) - exponent - scale).cpu().numpy()
