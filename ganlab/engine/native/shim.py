"""The C interface of the torch in this process, which compiled programs use."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import torch


@cache
def library() -> ctypes.CDLL:
    """The library with torch's C interface; torch has loaded it already."""
    folder = Path(torch.__file__).parent / "lib"
    (path,) = [p for p in folder.iterdir() if p.stem in ("libtorch_cpu", "torch_cpu")]
    return ctypes.CDLL(str(path))


def address(function: Any) -> int:
    """The address of a function of a library."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0
