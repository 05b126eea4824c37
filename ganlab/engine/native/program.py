"""A compiled program in this process: many updates per call, without the interpreter lock."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import torch

from ganlab.engine.native import build
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure

_AT_ONCE = 8  # the most threads that may execute one program at the same time


class _Program(ctypes.Structure):
    """As in runner.c."""

    _fields_ = [
        *((name, c_void_p) for name in ("from_blob", "data_of", "drop", "run_d", "run_g")),
        ("d", c_void_p),
        ("g", c_void_p),
        ("float32", c_int32),
        ("cpu", c_int32),
        *((name, c_int64) for name in ("size_g", "size_d", "slots_g", "slots_d")),
    ]


class _Input(ctypes.Structure):
    """As in runner.c."""

    _fields_ = [("data", c_void_p), *((name, c_int64) for name in ("rows", "columns", "step"))]


@cache
def _torch() -> ctypes.CDLL:
    """The library whose C interface compiled programs use; torch has loaded it already."""
    folder = Path(torch.__file__).parent / "lib"
    (path,) = [p for p in folder.iterdir() if p.stem in ("libtorch_cpu", "torch_cpu")]
    return ctypes.CDLL(str(path))


def _address(function: Any) -> int:
    return ctypes.cast(function, c_void_p).value or 0


class Program:
    """The updates of one Structure, loaded from a folder that `build` filled.

    Raises OSError or AttributeError if the libraries are not valid.
    """

    def __init__(self, structure: Structure, folder: Path):
        self.structure = structure
        self.rules = rules = Rules(structure)
        self.inputs = {player: build.inputs(rules, player) for player in "DG"}
        shim = _torch()
        runner = ctypes.CDLL(str(folder / "runner.so"))
        self._play = runner.ganlab_play
        self._play.restype = c_int64
        inputs: list[Any] = [POINTER(_Input), c_int64]
        self._play.argtypes = [POINTER(_Program), c_char_p, c_int64, *[c_void_p] * 4, *inputs * 2]
        self._libraries = {name: ctypes.CDLL(str(folder / f"{name}.so")) for name in "dg"}
        handles = {name: self._open(library) for name, library in self._libraries.items()}
        self._program = _Program(
            _address(shim.aoti_torch_create_tensor_from_blob),
            _address(shim.aoti_torch_get_data_ptr),
            _address(shim.aoti_torch_delete_tensor_object),
            *(_address(self._libraries[n].AOTInductorModelContainerRun) for n in "dg"),
            *(handles[n] for n in "dg"),
            shim.aoti_torch_dtype_float32(),
            shim.aoti_torch_device_type_cpu(),
            rules.G.size,
            rules.D.size,
            *(len(rules.slots(player)) for player in "GD"),
        )

    @staticmethod
    def _open(library: ctypes.CDLL) -> int:
        create = library.AOTInductorModelContainerCreateWithDevice
        create.argtypes = [POINTER(c_void_p), c_size_t, c_char_p, c_char_p]
        create.restype = c_int32
        handle = c_void_p()
        if create(byref(handle), _AT_ONCE, b"cpu", None) or not handle.value:
            raise OSError("a compiled program could not be opened")
        return handle.value

    def play(
        self,
        players: bytes,
        g: torch.Tensor,
        d: torch.Tensor,
        g_slots: torch.Tensor,
        d_slots: torch.Tensor,
        given: Mapping[str, Mapping[str, torch.Tensor]],
    ) -> int:
        """Make the updates named in `players` (b"D", b"G") in place; return how many were made.

        Fewer are made only if the result of one is not finite; that update is discarded. g (P_G,),
        d (P_D,), slots (slots, P): contiguous float32. given: by player, the inputs named by
        `build.inputs` for those updates in order, (n, rows, columns) each, except "fixed" (rows,
        columns). Raises RuntimeError if a program fails.
        """
        tensors = [g, d, g_slots, d_slots, *(t for p in "DG" for t in given[p].values())]
        for tensor in tensors:
            if tensor.dtype != torch.float32 or not tensor.is_contiguous():
                raise ValueError("programs take contiguous float32")
        rows: list[Any] = []
        for player in "DG":
            shapes = self.inputs[player]
            inputs = (_Input * len(shapes))()
            for i, (name, (high, wide)) in enumerate(shapes.items()):
                step = 0 if name == "fixed" else high * wide
                inputs[i] = _Input(given[player][name].data_ptr(), high, wide, step)
            rows += [inputs, len(shapes)]
        pointers = [tensor.data_ptr() for tensor in tensors[:4]]
        made: int = self._play(byref(self._program), players, len(players), *pointers, *rows)
        if made < 0:
            raise RuntimeError("a compiled program failed")
        return made
