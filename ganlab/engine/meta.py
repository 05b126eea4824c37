"""The shapes of operations' results on meta tensors, without torch's own functions for that.

Those are decompositions in Python, which import torch's compiler and SymPy when they are first
called: a second of the interpreter lock and 70 MB, for the first visitor of a server whose Spec is
counted. Strides are not kept, as counting does not need them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

_META = torch.device("meta")
_Shape = Callable[..., Sequence[int]]


def result(
    func: torch._ops.OpOverload[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> torch.Tensor | None:
    """The result of `func`, of any shape, without memory; None if `func` is not known here."""
    name = func._schema.name.removeprefix("aten::")
    tensors = [x for x in (args[0] if name in _OF_LISTS else args) if isinstance(x, torch.Tensor)]
    if name == "arange":
        on_meta = len(args) == 1 and kwargs.get("device") == _META
    else:
        on_meta = any(x.device == _META for x in tensors)
    shape = _SHAPES.get(name)
    if shape is None or not on_meta or (name == "index" and len(_axes(args[1])) != 1):
        return None
    if name.endswith("_"):
        return tensors[0]  # changed in place
    dtype = _DTYPES.get(name) or kwargs.get("dtype")
    if dtype is None:
        floats = [x.dtype for x in tensors if x.dtype.is_floating_point]
        counts = name == "sum" and tensors[0].dtype == torch.bool
        dtype = floats[0] if floats else torch.int64 if counts else tensors[0].dtype
    return torch.empty(shape(*args, **kwargs), dtype=dtype, device=_META)


def _together(*args: Any, **_: Any) -> Sequence[int]:
    return np.broadcast_shapes(*(tuple(x.shape) for x in args if isinstance(x, torch.Tensor)))


def _first(x: torch.Tensor, *_: Any, **__: Any) -> Sequence[int]:
    return x.shape


def _sizes(_: torch.Tensor, sizes: Sequence[int], *__: Any) -> Sequence[int]:
    return sizes


def _product(a: torch.Tensor, b: torch.Tensor) -> Sequence[int]:
    return (*a.shape[:-1], b.shape[-1])


def _sum_of_product(_: torch.Tensor, a: torch.Tensor, b: torch.Tensor, **__: Any) -> Sequence[int]:
    return _product(a, b)


def _reduced(
    x: torch.Tensor, dim: Sequence[int] | int | None = None, keepdim: bool = False, **_: Any
) -> Sequence[int]:
    dims = range(x.ndim) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
    gone = {d % x.ndim for d in dims}
    kept = ((1 if d in gone else n) for d, n in enumerate(x.shape) if keepdim or d not in gone)
    return tuple(kept)


def _norm(x: torch.Tensor, _: float = 2, dim: Any = None, keepdim: bool = False) -> Sequence[int]:
    return _reduced(x, dim, keepdim)


def _cat(tensors: Sequence[torch.Tensor], dim: int = 0) -> Sequence[int]:
    shape = list(tensors[0].shape)
    shape[dim] = sum(x.shape[dim] for x in tensors)
    return shape


def _stack(tensors: Sequence[torch.Tensor], dim: int = 0) -> Sequence[int]:
    shape = list(tensors[0].shape)
    shape.insert(dim % (len(shape) + 1), len(tensors))
    return shape


def _axes(at: Sequence[torch.Tensor | None]) -> list[int]:
    return [axis for axis, index in enumerate(at) if index is not None]


def _index(x: torch.Tensor, at: Sequence[torch.Tensor]) -> Sequence[int]:
    (axis,) = _axes(at)
    return (*x.shape[:axis], *at[axis].shape, *x.shape[axis + 1 :])


_SHAPES: dict[str, _Shape] = {
    **dict.fromkeys(
        """add sub rsub mul div floor_divide pow lerp where maximum minimum eq ne lt le gt ge
        neg abs sgn sqrt rsqrt reciprocal exp exp2 log log1p sin cos clamp clamp_min clamp_max
        relu leaky_relu elu sigmoid softplus tanh threshold_backward leaky_relu_backward
        elu_backward sigmoid_backward softplus_backward tanh_backward""".split(),
        _together,
    ),
    **dict.fromkeys(
        """ones_like zeros_like _softmax _log_softmax _softmax_backward_data
        _log_softmax_backward_data index_put masked_fill
        masked_fill_ abs_ add_ neg_ exp_""".split(),
        _first,
    ),
    **dict.fromkeys(["sum", "mean", "amax", "argmax", "logsumexp"], _reduced),
    **dict.fromkeys(["slice_backward", "diagonal_backward"], _sizes),
    "linalg_vector_norm": _norm,
    "bmm": _product,
    "baddbmm": _sum_of_product,
    "cat": _cat,
    "stack": _stack,
    "index": _index,
    "arange": lambda end, **_: (end,),
}
_OF_LISTS = {"cat", "stack"}  # whose first argument is a list of tensors
_DTYPES = dict.fromkeys(["eq", "ne", "lt", "le", "gt", "ge"], torch.bool) | dict.fromkeys(
    ["argmax", "arange"], torch.int64
)
