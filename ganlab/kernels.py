"""Parts of `metrics` in C, once a compiled program's library has provided them.

`metrics` uses them where they are, and NumPy where not: the results are the same bit for bit.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


class Kernels:
    """The functions of measures.c in a loaded library. Arrays are C-contiguous float64.

    Raises AttributeError if the library lacks one.
    """

    def __init__(self, library: ctypes.CDLL):
        self._library = library  # which must stay loaded
        here, whole = c_void_p, c_int64
        self._pushforward = library.ganlab_pushforward
        self._pushforward.argtypes = [here, here, whole, here, whole, here, here]
        self._pushforward.restype = whole
        self._histogram = library.ganlab_histogram
        self._histogram.argtypes = [here, whole, here, whole, here, whole, here]
        self._histogram.restype = None
        self._modes = library.ganlab_modes
        self._modes.argtypes = [here, whole, whole, here, here, whole, c_double, here, here]
        self._modes.restype = None

    def pushforward(self, x: Array, mass: Array, edges: Array) -> Array | None:
        """See `metrics.pushforward_1d`: (R, N+1) -> (R, E+1); None if x is not finite."""
        out = np.zeros((len(x), len(edges) + 1))
        for row, result in zip(x, out, strict=True):
            work = np.zeros(5 * len(result))
            given = at(row), at(mass), len(mass), at(edges), len(edges)
            if self._pushforward(*given, at(result), at(work)):
                return None
        return out

    def histogram(self, points: Array, x_edges: Array, y_edges: Array) -> Array:
        """Counts of points (R, n, 2) in uniform cells and outside: (R, nx*ny + 1)."""
        nx, ny = len(x_edges) - 1, len(y_edges) - 1
        out = np.zeros((len(points), nx * ny + 1))
        for row, result in zip(points, out, strict=True):
            edges = at(x_edges), nx, at(y_edges), ny
            self._histogram(at(row), len(row), *edges, at(result))
        return out

    def modes(
        self, samples: Array, centers: Array, std: Array, most: float
    ) -> tuple[Counts, Counts]:
        """For each mode (m,) the samples (R, n, d) nearest to it, and those within `most` sigma.

        Both (R, m).
        """
        all_, good = (np.zeros((len(samples), len(std)), np.int64) for _ in range(2))
        for row, a, b in zip(samples, all_, good, strict=True):
            modes = at(centers), at(std), len(std), most
            self._modes(at(row), *row.shape, *modes, at(a), at(b))
        return all_, good


def at(array: NDArray[Any]) -> int:
    """The address of the first number of an array (n, ...); the array must outlive its use."""
    address: int = array.ctypes.data
    return address


_provided: list[Kernels] = []


def provide(library: ctypes.CDLL) -> None:
    """Use the kernels of this library from now on, unless there are some."""
    if not _provided:
        _provided.append(Kernels(library))


def kernels() -> Kernels | None:
    """The kernels; None if no library has provided them."""
    return _provided[0] if _provided else None
