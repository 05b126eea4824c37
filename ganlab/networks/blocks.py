"""Functions of pairs evaluated block by block, so that no tensor of all pairs is ever in memory.

Backward passes recompute each block instead of storing it, to any order of differentiation.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch

MOST_ELEMENTS = 2**22  # differences in a block, of all dimensions together: 16 MB in float32

Tensors = tuple[torch.Tensor, ...]


class Block(Protocol):
    """f(rows, wholes) -> (rows, wholes): `rows` are cut along axis 1, `wholes` are passed whole.

    row_results: the number of rows it returns.
    """

    row_results: int

    def __call__(self, rows: Tensors, wholes: Tensors) -> tuple[Tensors, Tensors]: ...


_counting = threading.local()


def weight() -> float:
    """The number of blocks that the one evaluated on meta tensors stands for (see `cost`)."""
    return getattr(_counting, "weight", 1.0)


@contextmanager
def _standing_for(blocks: float) -> Iterator[None]:
    before = weight()
    _counting.weight = before * blocks
    try:
        yield
    finally:
        _counting.weight = before


def blocked(f: Block, rows: Tensors, wholes: Tensors, size: int) -> tuple[Tensors, Tensors]:
    """f over blocks of `size` along axis 1 of `rows`: rows are concatenated, wholes summed."""
    # torch leaves `apply` without types.
    out: Tensors = _Blocked.apply(f, len(rows), size, *rows, *wholes)  # type: ignore[no-untyped-call]
    return out[: f.row_results], out[f.row_results :]


def _evaluate(f: Block, rows: Tensors, wholes: Tensors, size: int) -> tuple[Tensors, Tensors]:
    length = rows[0].shape[1]
    if rows[0].is_meta and length > 2 * size:
        # On meta tensors the work is only counted: one block stands for all of them.
        with _standing_for(length / size):
            made, added = f(tuple(r[:, :size] for r in rows), wholes)
        return tuple(m.new_empty(m.shape[0], length, *m.shape[2:]) for m in made), added
    parts: list[Tensors] = []
    total: Tensors = ()
    for at in range(0, length, size):
        made, added = f(tuple(r[:, at : at + size] for r in rows), wholes)
        parts.append(made)
        total = tuple(a + b for a, b in zip(total, added, strict=True)) if at else added
    return tuple(torch.cat(p, 1) for p in zip(*parts, strict=True)), total


class _Gradient:
    """The vector-Jacobian product of a Block, which is again a Block.

    Rows: those of f, then a cotangent for each row result; the same for wholes. Results: the
    gradients of f.
    """

    def __init__(self, f: Block, rows: int, wholes: int):
        self.f, self.rows, self.wholes = f, rows, wholes
        self.row_results = rows

    def __call__(self, rows: Tensors, wholes: Tensors) -> tuple[Tensors, Tensors]:
        outer = torch.is_grad_enabled()
        with torch.enable_grad():
            own = [
                t if t.requires_grad else t.detach().requires_grad_()
                for t in (*rows[: self.rows], *wholes[: self.wholes])
            ]
            made, added = self.f(tuple(own[: self.rows]), tuple(own[self.rows :]))
            cotangents = (*rows[self.rows :], *wholes[self.wholes :])
            grads = torch.autograd.grad(
                (*made, *added), own, cotangents, create_graph=outer, materialize_grads=True
            )
        return grads[: self.rows], grads[self.rows :]


class _Blocked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, f: Block, rows: int, size: int, *args: torch.Tensor) -> Tensors:
        # Detached from each other: outside, one may be a function of another in the graph.
        apart = tuple(a.detach() for a in args)
        made, added = _evaluate(f, apart[:rows], apart[rows:], size)
        ctx.f, ctx.rows, ctx.size, ctx.made = f, rows, size, len(made)
        ctx.save_for_backward(*args)
        return (*made, *added)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        args = ctx.saved_tensors
        rows, wholes = args[: ctx.rows], args[ctx.rows :]
        gradient = _Gradient(ctx.f, len(rows), len(wholes))
        by_rows, by_wholes = blocked(
            gradient, (*rows, *grads[: ctx.made]), (*wholes, *grads[ctx.made :]), ctx.size
        )
        return None, None, None, *by_rows, *by_wholes


class _Closeness:
    row_results = 1

    def __init__(self, dims: int):
        self.dims = dims

    def __call__(self, rows: Tensors, wholes: Tensors) -> tuple[Tensors, Tensors]:
        # (N, k, dims, n) and (N, k, dims, m)
        mine, others = (t.unflatten(1, (-1, self.dims)) for t in (rows[0].mT, wholes[0]))
        # One dimension after the other of all pairs, (N, k, n, m): sums over a last axis of a few
        # dimensions are slow, eagerly and compiled.
        total = None
        for a, b in zip(mine.unbind(2), others.unbind(2), strict=True):
            apart = (a.unsqueeze(-1) - b.unsqueeze(-2)).abs_()
            total = apart if total is None else total.add_(apart)
        assert total is not None
        return (total.neg_().exp_().sum(-1).mT,), ()


def closeness(mine: torch.Tensor, others: torch.Tensor, dims: int) -> torch.Tensor:
    """Sum over j of exp(-|mine_i - others_j|_1) in groups of `dims` rows.

    (N, k * dims, n), (N, k * dims, m) -> (N, k, n). Salimans et al. 2016, section 3.2.
    """
    n, (lead, rows, m) = mine.shape[2], others.shape
    each = lead * m * rows
    if n * each <= MOST_ELEMENTS:
        return _Closeness(dims)((mine.mT,), (others,))[0][0].mT
    if lead > 1 and each > MOST_ELEMENTS:
        pairs = zip(mine.split(1), others.split(1), strict=True)
        return torch.cat([closeness(a, b, dims) for a, b in pairs])
    size = max(1, MOST_ELEMENTS // each)
    return blocked(_Closeness(dims), (mine.mT,), (others,), size)[0][0].mT
