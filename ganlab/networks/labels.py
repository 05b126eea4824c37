"""Labels as inputs of nets: one-hot, beside z in G and beside x in D."""

from __future__ import annotations

import torch
from torch.nn import functional


def one_hot(which: torch.Tensor, count: int) -> torch.Tensor:
    """Integers from 0 to count - 1, (...), as (..., count), float32."""
    return functional.one_hot(which.long(), count).float()


def in_turn(n: int, count: int) -> torch.Tensor:
    """One-hot (n, count) of the labels 0, 1, ..., count - 1, 0, ... in turn."""
    return one_hot(torch.arange(n) % count, count)


def beside(x: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    """The input of a net: x (..., n), followed by its labels (..., count) if there are any."""
    return x if labels is None else torch.cat([x, labels.to(x)], -1)
