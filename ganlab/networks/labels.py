"""Labels as inputs of nets: one-hot, beside z in G and beside x in D."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional


def one_hot(which: torch.Tensor, count: int) -> torch.Tensor:
    """Integers from 0 to count - 1, (...), as (..., count), float32."""
    return functional.one_hot(which.long(), count).float()


def in_turn(n: int, count: int) -> torch.Tensor:
    """One-hot (n, count) of the labels 0, 1, ..., count - 1, 0, ... in turn."""
    return one_hot(torch.arange(n) % count, count)


@lru_cache(maxsize=16)
def proportional(n: int, weights: tuple[float, ...]) -> torch.Tensor:
    """n labels whose shares are `weights` in every prefix, up to one of each, (n,) int64.

    If the weights are equal: 0, 1, ..., 0, 1, ... in turn.
    """
    if min(weights) == max(weights):
        return torch.arange(n) % len(weights)
    lacks, out = np.zeros(len(weights)), []
    for _ in range(n):
        lacks += weights
        out.append(int(lacks.argmax()))
        lacks[out[-1]] -= 1
    return torch.tensor(out, dtype=torch.int64)


def beside(x: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    """The input of a net: x (..., n), followed by its labels (..., count) if there are any."""
    return x if labels is None else torch.cat([x, labels.to(x)], -1)
