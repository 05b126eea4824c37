"""What a program's libraries contain for pictures and metrics, in use from then on.

That are parts of `metrics` (measures.c, see `ganlab.kernels`), and an MLP at many points as one
operation of torch (layers.c), which traces use.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from ctypes import byref, c_char_p, c_int32, c_uint32, c_void_p
from functools import cache
from pathlib import Path

import torch

from ganlab import kernels
from ganlab.engine import fusing, tracing
from ganlab.engine.native import build
from ganlab.engine.native.shim import address, library

log = logging.getLogger(__name__)

_NAMESPACE = b"ganlab"
_MOST = 8  # layers, as in layers.c
_lock = threading.Lock()


class _Torch(ctypes.Structure):
    """As in layers.c."""

    _fields_ = [
        *((name, c_void_p) for name in ("sizes", "strides", "data", "empty", "drop", "check")),
        ("float32", c_int32),
        ("cpu", c_int32),
    ]


def provide(folder: Path) -> None:
    """Use the kernels in a program's folder from now on, unless there are some.

    Raises OSError or AttributeError if the libraries are not valid.
    """
    with _lock:
        if kernels.kernels() is None:
            kernels.provide(ctypes.CDLL(str(folder / build.RUNNER)))
        _provide_layers(folder / build.LAYERS)


def _provide_layers(path: Path) -> None:
    if fusing.layers:
        return
    try:
        tracing.use_layers(operations(path))
    except (AttributeError, RuntimeError) as error:
        log.info("MLPs are evaluated layer by layer: %s", error)


@cache  # torch keeps an operation for as long as the process lives
def operations(path: Path) -> dict[int, fusing.Function]:
    """The operations of layers.c, compiled as `path`, by their number of layers.

    x (R, n, in); of each layer weight (R, in, out) and bias (R, 1, out); the slope -> (R, n, out).
    Those of the first library are used for good. Raises OSError, AttributeError or RuntimeError if
    the library is not valid, or this torch cannot have them.
    """
    space = getattr(torch.ops, _NAMESPACE.decode())
    if not hasattr(space, "layers1"):
        _register(ctypes.CDLL(str(path)))
    return {n: getattr(space, f"layers{n}").default for n in range(1, _MOST + 1)}


def _register(layers: ctypes.CDLL) -> None:
    shim = library()
    names = "get_sizes", "get_strides", "get_data_ptr", "empty_strided", "delete_tensor_object"
    used = [address(getattr(shim, f"aoti_torch_{name}")) for name in (*names, "check")]
    kinds = shim.aoti_torch_dtype_float32(), shim.aoti_torch_device_type_cpu()
    layers.ganlab_layers_use(byref(_Torch(*used, *kinds)))
    schemas, kernels_of = c_void_p(), c_void_p()
    define, implement = shim.aoti_torch_library_def, shim.aoti_torch_library_impl
    define.argtypes = [c_void_p, c_char_p]
    implement.argtypes = [c_void_p, c_char_p, c_void_p]
    here = b"layers.c", c_uint32(0)
    failed = shim.aoti_torch_library_init_fragment(_NAMESPACE, *here, byref(schemas))
    failed |= shim.aoti_torch_library_init_impl(_NAMESPACE, b"CPU", *here, byref(kernels_of))
    made = address(layers.ganlab_layers)
    for count in range(1, _MOST + 1):
        name = f"layers{count}"
        parts = ", ".join(f"Tensor w{i}, Tensor b{i}" for i in range(count))
        schema = f"{name}(Tensor x, {parts}, float slope) -> Tensor"
        failed |= define(schemas, schema.encode())
        failed |= implement(kernels_of, name.encode(), made)
    if failed:
        raise RuntimeError("torch did not register the operations")
