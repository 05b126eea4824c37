"""A compiled program in this process: many updates per call, without the interpreter lock."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab import kernels
from ganlab.engine.native import build
from ganlab.engine.native.provide import provide
from ganlab.engine.native.shim import address, library
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure
from ganlab.engine.threads import cores, on_all_cores

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


class _Rows(ctypes.Structure):
    """As in runner.c."""

    _fields_ = [("data", c_void_p), ("pitch", c_int64)]


class _Job(ctypes.Structure):
    """As in runner.c."""

    _fields_ = [
        ("players", c_char_p),
        *((name, c_int64) for name in ("n", "runs", "next")),
        ("made", c_void_p),
        *((name, _Rows) for name in ("g", "d", "g_slots", "d_slots")),
        *((name, c_void_p) for name in ("inputs_d", "inputs_g")),
        *((name, c_int64) for name in ("count_d", "count_g")),
    ]


class Program:
    """The updates of one Structure, loaded from a folder that `build` filled.

    Raises OSError or AttributeError if the libraries are not valid.
    """

    def __init__(self, structure: Structure, folder: Path):
        self.structure = structure
        self.rules = rules = Rules(structure)
        self.inputs = {player: build.inputs(rules, player) for player in "DG"}
        sizes = [[high * wide for high, wide in of.values()] for of in self.inputs.values()]
        self.elements = max(map(sum, sizes))  # of an update's inputs, at most
        shim = library()
        runner = ctypes.CDLL(str(folder / build.RUNNER))
        provide(folder)
        self._play = runner.ganlab_play
        self._play.restype = None
        self._play.argtypes = [POINTER(_Program), POINTER(_Job)]
        self._libraries = {name: ctypes.CDLL(str(folder / f"{name}.so")) for name in "dg"}
        handles = {name: self._open(library) for name, library in self._libraries.items()}
        self._program = _Program(
            address(shim.aoti_torch_create_tensor_from_blob),
            address(shim.aoti_torch_get_data_ptr),
            address(shim.aoti_torch_delete_tensor_object),
            *(address(self._libraries[n].AOTInductorModelContainerRun) for n in "dg"),
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
        rows: Sequence[torch.Tensor],
        given: Mapping[str, Mapping[str, NDArray[np.uint64]]],
        alive: Sequence[bool] = (True,),
    ) -> list[int]:
        """Make the updates named in `players` (b"D", b"G") in place, for R runs on all cores.

        Returns how many each run has made: fewer only if the result of one is not finite, which is
        discarded, and none if it is not alive. rows: float32 for g (R, P_G), d (R, P_D), and each
        run's slots one after the other (R, slots * P), whose last axis has stride 1. given: by
        player, in the order of `build.inputs`, for each run the address of that input of the first
        of those updates, (R,); the others' follow, (n, rows, columns), except that "fixed" has one
        for all. Raises RuntimeError if a program fails.
        """
        runs = len(alive)
        for row in rows:
            if row.dtype != torch.float32 or len(row) != runs or row[:1].stride(1) > 1:
                raise ValueError("programs take rows of float32")
        made = np.array([0 if lives else -1 for lives in alive])
        inputs = []
        for player in "DG":
            found = given[player]
            mine = (_Input * len(found))()
            for one, (name, (high, wide)) in zip(mine, self.inputs[player].items(), strict=True):
                one.data, one.rows, one.columns = kernels.at(found[name]), high, wide
                one.step = 0 if name == "fixed" else high * wide
            inputs.append(mine)
        job = _Job(
            players,
            len(players),
            runs,
            0,
            kernels.at(made),
            *(_Rows(row.data_ptr(), row.stride(0)) for row in rows),
            *(ctypes.addressof(mine) for mine in inputs),
            *(len(mine) for mine in inputs),
        )

        def work(_: int) -> None:
            self._play(byref(self._program), byref(job))

        on_all_cores(work, min(runs, cores(), _AT_ONCE))
        if any(lives and count < 0 for lives, count in zip(alive, made, strict=True)):
            raise RuntimeError("a compiled program failed")
        return [max(0, int(count)) for count in made]
