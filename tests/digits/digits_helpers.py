"""Small files in MNIST's format, written without ganlab."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np

from ganlab.digits.data import MNIST
from ganlab.digits.idx import Known

RNG = np.random.default_rng(0)
PIXELS = {
    "train_pixels": RNG.integers(0, 256, (60, 28, 28), np.uint8),
    "train_labels": (np.arange(60) % 10).astype(np.uint8),
    "test_pixels": RNG.integers(0, 256, (10, 28, 28), np.uint8),
    "test_labels": np.arange(10, dtype=np.uint8),
}


def idx(array: np.ndarray, magic: int | None = None) -> bytes:
    """The uncompressed file of an array."""
    magic = 0x800 + array.ndim if magic is None else magic
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def known(name: str, array: np.ndarray) -> Known:
    """The `Known` of an array's file."""
    return Known(name, array.shape, hashlib.md5(idx(array)).hexdigest())


TINY = {part: known(MNIST[part].name, array) for part, array in PIXELS.items()}


def write_tiny(folder: Path, spelling: int = 2) -> None:
    """All four files under one of the four spellings of their names."""
    for part, array in PIXELS.items():
        path = folder / TINY[part].spellings[spelling]
        raw = idx(array)
        path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
