"""The training image nearest to each sample, which shows whether G copies its training set."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlab.mnist.distances import BUDGET, Block, Images, blocks, plan, products, slack

_CANDIDATES = 4


@dataclass(frozen=True, eq=False)
class Nearest:
    """For each sample, index (n,) of the nearest training image and Euclidean distance (n,)."""

    index: NDArray[np.int64]
    distance: NDArray[np.float64]


def nearest(
    samples: Images,
    train: Images,
    *,
    budget: float = BUDGET,
    device: str = "cpu",
    progress: Callable[[float], object] | None = None,
) -> Nearest:
    """The exact nearest neighbour in `train` (m, d) of each of `samples` (n, d); the first of ties.

    Float32 products find a few candidates, and float64 differences decide among them. If rounding
    could hide a nearer image, all of `train` is compared in float64. `progress` is called with
    the fraction done. Raises SpecError as `parzen.steps` does.
    """
    sizes = plan(samples, train, budget, device)
    index = np.empty(len(samples), np.int64)
    distance = np.empty(len(samples))
    buffer = torch.empty(sizes.rows * sizes.columns, device=device)
    for rows in blocks(len(samples), sizes.rows):
        x = Block.of(samples, rows, device)
        q, found, off = _candidates(x, train, sizes.columns, buffer, device)
        square = torch.stack([_squares(x, train, at, device) for at in found.T], 1)
        # The first of equally near ones: sort by index, then (stably) by distance.
        order = found.argsort(1)
        found, square = found.gather(1, order), square.gather(1, order)
        best = square.argmin(1, keepdim=True)
        near = square.gather(1, best)[:, 0]
        at = found.gather(1, best)[:, 0]
        if len(train) > found.shape[1]:
            # All others have at least this q, up to rounding.
            unsure = near - x.squares >= q.amax(1) - off
            for i in torch.nonzero(unsure)[:, 0].tolist():
                near[i], at[i] = _search(x.values[i], train, sizes.columns, device)
        index[rows], distance[rows] = at.cpu().numpy(), near.sqrt().cpu().numpy()
        if progress:
            progress(rows.stop / len(samples))
    return Nearest(index, distance)


def _candidates(
    x: Block, train: Images, size: int, buffer: Tensor, device: str
) -> tuple[Tensor, Tensor, Tensor]:
    """The smallest q (rows, k), their indices, and the largest error of q (rows,)."""
    q = torch.empty(len(x.values), 0, device=device)
    index = torch.empty(len(x.values), 0, dtype=torch.int64, device=device)
    off = torch.zeros(len(x.values), dtype=torch.float64, device=device)
    for columns in blocks(len(train), size):
        m = Block.of(train, columns, device)
        off = torch.maximum(off, slack(x, m))
        here = products(x, m, buffer)
        few, at = here.topk(min(_CANDIDATES, here.shape[1]), 1, largest=False)
        q, index = torch.cat([q, few], 1), torch.cat([index, at + columns.start], 1)
        q, at = q.topk(min(_CANDIDATES, q.shape[1]), 1, largest=False)
        index = index.gather(1, at)
    return q, index, off


def _squares(x: Block, train: Images, index: Tensor, device: str) -> Tensor:
    """Squared distance of each row to its own candidate, in float64."""
    which = index.cpu()
    part = train[which] if torch.is_tensor(train) else train[which.numpy()]
    return (x.values.double() - _doubles(part, device)).square_().sum(1)


def _search(row: Tensor, train: Images, size: int, device: str) -> tuple[float, int]:
    """The smallest squared distance of one row to all of `train`, and its index."""
    best, where = math.inf, 0
    for columns in blocks(len(train), size):
        square = (_doubles(train[columns], device) - row.double()).square_().sum(1)
        least, at = square.min(0)
        if float(least) < best:
            best, where = float(least), columns.start + int((square == least).nonzero()[0, 0])
    return best, where


def _doubles(images: Images, device: str) -> Tensor:
    # By way of float32, as in the products, so that both compare the same images.
    values = images if torch.is_tensor(images) else torch.from_numpy(np.array(images, np.float32))
    return values.detach().to(device, torch.float32).double()
