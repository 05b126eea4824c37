"""Squared distances between many images by matrix products, in blocks, within a memory budget.

|x - m|^2 = |x|^2 + q with q = |m|^2 - 2 x.m. Products are float32, squares and sums float64. The
error of q is at most `slack`, and in practice about 1e-7 of |x|^2 + |m|^2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganlab.languages import _
from ganlab.registry import SpecError

BUDGET = 2 * 10**9  # bytes
# Two buffers of this many distances stay in a CPU's cache while in use; a GPU needs larger blocks
# to be busy.
_CPU, _ELSEWHERE = (2048, 1024), (4096, 8192)

Images = np.ndarray | Tensor


@dataclass(frozen=True)
class Plan:
    """The numbers of rows (of x) and columns (of m) in a block."""

    rows: int
    columns: int

    def bytes(self, d: int) -> int:
        """Bytes in use: two buffers of distances, and images as float32 and twice as float64."""
        return 4 * (2 * self.rows * self.columns + (5 * d + 16) * (self.rows + self.columns))


def plan(x: Images, m: Images, budget: float, device: str) -> Plan:
    """The largest useful blocks within `budget` bytes, not counting the inputs and results.

    Raises SpecError for images that are not (n, d) floats with one d, and a budget below one row.
    """
    for name, images in (("x", x), ("samples", m)):
        floats = images.dtype.is_floating_point if torch.is_tensor(images) else _floats(images)
        if images.ndim != 2 or not floats or 0 in images.shape:
            found = _("{dtype} of shape {tuple}", dtype=images.dtype, tuple=tuple(images.shape))
            raise SpecError(name, found, _("at least one image, (n, d) floating-point numbers"))
    d = x.shape[1]
    if d != m.shape[1]:
        raise SpecError("samples", tuple(m.shape), _("images of {d} pixels, like those of x", d=d))
    rows, columns = _CPU if torch.device(device).type == "cpu" else _ELSEWHERE
    best = Plan(min(rows, len(x)), min(columns, len(m)))
    while best.bytes(d) > budget:
        if best == Plan(1, 1):
            raise SpecError("budget", budget, _("at least {bytes:,} bytes", bytes=best.bytes(d)))
        if best.columns >= best.rows:
            best = Plan(best.rows, math.ceil(best.columns / 2))
        else:
            best = Plan(math.ceil(best.rows / 2), best.columns)
    return best


def _floats(images: np.ndarray) -> bool:
    return np.issubdtype(images.dtype, np.floating)


def blocks(n: int, size: int) -> Iterator[slice]:
    """Ranges of at most `size` that cover 0 to n."""
    return (slice(at, min(at + size, n)) for at in range(0, n, size))


@dataclass(frozen=True)
class Block:
    """Some images on the device: values (b, d) float32, squares (b,) float64."""

    values: Tensor
    squares: Tensor

    @classmethod
    def of(cls, images: Images, which: slice, device: str, squares: Tensor | None = None) -> Block:
        """The block `which` of images (n, d); `squares` (b,) are computed if not given.

        Raises SpecError for values that are not finite.
        """
        part = images[which]
        if not torch.is_tensor(part):
            part = torch.from_numpy(np.array(part, np.float32))  # a copy: it may be read-only
        values = part.detach().to(device, torch.float32)
        if squares is not None:
            return cls(values, squares)
        squares = values.double().square_().sum(1)
        if not torch.isfinite(squares).all():
            raise SpecError("images", _("NaN or inf"), _("finite numbers"))
        return cls(values, squares)


def products(x: Block, m: Block, buffer: Tensor) -> Tensor:
    """q = |m|^2 - 2 x.m for all pairs, (rows, columns) float32, in `buffer`."""
    out = buffer[: len(x.values) * len(m.values)].view(len(x.values), len(m.values))
    return torch.addmm(m.squares.float()[None], x.values, m.values.T, alpha=-2, out=out)


def slack(x: Block, m: Block) -> Tensor:
    """The largest possible error of q, (rows,): d float32 terms summed in any order."""
    unit = (x.values.shape[1] + 8) * 2.0**-24
    longest = m.squares.max()
    return unit * (2 * torch.sqrt(x.squares * longest) + longest)
