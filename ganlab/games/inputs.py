"""The values of a game as inputs of a trace, so that one trace serves all values."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch

from ganlab.games.entry import Values


class Inputs:
    """Values of which those that are numbers, and not 0, become tensors.

    0 stays a number: it turns a part of a game off, and has its own trace. key: all that a trace
    depends on besides the numbers. tensor: the numbers (n,).
    """

    def __init__(self, values: Values):
        self._values = values
        self._names = [n for n, v in values.items() if isinstance(v, float) and v != 0]
        fixed = tuple((n, v) for n, v in values.items() if n not in self._names)
        self.key: Hashable = (fixed, tuple(self._names))
        self.tensor = torch.tensor([values[n] for n in self._names], dtype=torch.float64)

    def values(self, tensor: torch.Tensor) -> dict[str, Any]:
        """The values with the numbers of `tensor` (n,)."""
        return {**self._values, **dict(zip(self._names, tensor.unbind(), strict=True))}


def on(number: Any) -> bool:
    """Whether a value is not 0, without asking a tensor for it."""
    return torch.is_tensor(number) or number != 0
