"""Cells of a map arranged for blocks: a coarse grid first, and then neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COARSE = 2  # halvings of an axis in the coarse grid, which has up to five values on each
_BITS = 8  # of a cell's place along an axis: more than `MOST_VALUES` needs


def levels(length: int) -> NDArray[np.int64]:
    """For each of an axis's values how many halvings reach it: (length,).

    0: the ends; 1: the middle; 2: the middles of both halves, and so on.
    """
    out = np.zeros(length, int)
    parts = [(0, length - 1, 1)]
    while parts:
        low, high, level = parts.pop()
        if high - low > 1:
            middle = (low + high) // 2
            out[middle] = level
            parts += [(low, middle, level + 1), (middle, high, level + 1)]
    return out


def arranged(cells: Sequence[int], shape: tuple[int, ...]) -> list[int]:
    """Cells by number, arranged for blocks: those of the coarse grid first, level by level.

    The others follow along a Z-order curve, so that those of a block are neighbours.
    """
    at = np.array(np.unravel_index(np.asarray(cells, int), shape))
    level = np.stack([levels(n)[row] for n, row in zip(shape, at, strict=True)]).max(0)
    curve = np.zeros(at.shape[1], int)
    for bit in range(_BITS):
        for axis, row in enumerate(at):
            curve |= (row >> bit & 1) << (bit * len(shape) + axis)
    fine = np.minimum(level, COARSE + 1)
    return [cells[int(i)] for i in np.lexsort((curve, fine))]
