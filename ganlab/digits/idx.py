"""Strict reading of IDX, the format of MNIST's files, gzipped or not."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.registry import SpecError

GZIP = b"\x1f\x8b"
_UBYTE = 0x0800  # the magic number of unsigned bytes; the number of dimensions is added


class DataError(SpecError):
    """Data that cannot be used: names the file, what was found and what was expected."""

    def __init__(self, name: str, found: str, expected: str):
        super().__init__(name, found, expected)
        self.words = _(
            "{name}: found {found}, expected {expected}", name=name, found=found, expected=expected
        )
        self.args = (str(self.words),)


@dataclass(frozen=True)
class Known:
    """A known file: its name, the shape of its bytes, the MD5 of its uncompressed contents."""

    name: str
    shape: tuple[int, ...]
    md5: str

    @property
    def size(self) -> int:
        """Bytes of the uncompressed file: 4 of magic, 4 for each dimension, 1 for each item."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names that are in use for the file."""
        dotted = self.name.replace("-idx", ".idx")
        return (self.name, dotted, f"{self.name}.gz", f"{dotted}.gz")

    def find(self, folder: Path) -> Path | None:
        """The file in `folder` under any of its names; None if there is none."""
        try:
            return next((p for s in self.spellings if (p := folder / s).is_file()), None)
        except (OSError, ValueError):  # a folder without permission, or an invalid name
            return None


def unwrapped(file: BinaryIO) -> BinaryIO:
    """The uncompressed contents of an open file, gzipped or not, whatever its name says."""
    start = file.read(2)
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if start == GZIP else file  # type: ignore[return-value]


def read(path: Path, known: Known) -> NDArray[np.uint8]:
    """The file's bytes in their shape, read-only.

    Raises DataError unless magic number, sizes, length and the MD5 of the uncompressed contents are
    those of `known`. Reads at most one byte more than expected, whatever a gzip contains.
    """
    try:
        with open(path, "rb") as file:
            raw = unwrapped(file).read(known.size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            str(path), _("a damaged gzip ({error})", error=str(error)), _whole(known)
        ) from None
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error), _("a readable file")) from None

    head = 4 + 4 * len(known.shape)
    magic = _UBYTE + len(known.shape)
    if len(raw) < head:
        raise DataError(str(path), _("{count} bytes", count=f"{len(raw):,}"), _whole(known))
    found, *shape = struct.unpack_from(f">{1 + len(known.shape)}I", raw)
    if found != magic:
        raise DataError(
            str(path), _("the magic number 0x{found}", found=f"{found:08x}"), f"0x{magic:08x}"
        )
    if tuple(shape) != known.shape:
        raise DataError(str(path), _("sizes {sizes}", sizes=_sizes(shape)), _sizes(known.shape))
    if len(raw) < known.size:
        raise DataError(str(path), _("only {count} bytes", count=f"{len(raw):,}"), _whole(known))
    if len(raw) > known.size:
        raise DataError(
            str(path), _("more than {count} bytes", count=f"{known.size:,}"), _whole(known)
        )
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    if digest != known.md5:
        raise DataError(
            str(path), _("contents with MD5 {digest}", digest=digest), f"MD5 {known.md5}"
        )
    return np.frombuffer(raw, np.uint8, offset=head).reshape(known.shape)


def read_any(path: Path, most: int) -> NDArray[np.uint8]:
    """An IDX file of bytes with at most `most` images (n, 28, 28) or labels (n,), read-only.

    Raises DataError, which names the file, for anything else. Reads no more than its header says.
    """
    expected = _("IDX of bytes, at most {most} images of 28 × 28 or labels", most=f"{most:,}")
    try:
        with open(path, "rb") as file:
            plain = unwrapped(file)
            head = plain.read(4)
            if len(head) < 4:
                raise DataError(str(path), _("{count} bytes", count=len(head)), expected)
            (magic,) = struct.unpack(">I", head)
            dims = magic - _UBYTE
            if dims not in (1, 3):
                raise DataError(
                    str(path), _("the magic number 0x{magic}", magic=f"{magic:08x}"), expected
                )
            sizes = plain.read(4 * dims)
            if len(sizes) < 4 * dims:
                raise DataError(str(path), _("{count} bytes", count=4 + len(sizes)), expected)
            shape = struct.unpack(f">{dims}I", sizes)
            if shape[0] > most or shape[1:] not in ((), (28, 28)):
                raise DataError(str(path), _("sizes {sizes}", sizes=_sizes(list(shape))), expected)
            size = math.prod(shape)
            raw = plain.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            str(path), _("a damaged gzip ({error})", error=str(error)), expected
        ) from None
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error), _("a readable file")) from None
    if len(raw) != size:
        many = _("only {count} bytes", count=f"{len(raw):,}")
        if len(raw) > size:
            many = _("more than {count} bytes", count=f"{size:,}")
        expected = _("{count} for sizes {sizes}", count=f"{size:,}", sizes=_sizes(list(shape)))
        raise DataError(str(path), many, expected)
    return np.frombuffer(raw, np.uint8).reshape(shape)


def digest(array: NDArray[np.uint8]) -> str:
    """The MD5 of an array of any shape as an uncompressed IDX file."""
    head = struct.pack(f">{1 + array.ndim}I", _UBYTE + array.ndim, *array.shape)
    return hashlib.md5(head + array.tobytes(), usedforsecurity=False).hexdigest()


def _whole(known: Known) -> str:
    return _("{count} bytes of IDX", count=f"{known.size:,}")


def _sizes(shape: tuple[int, ...] | list[int]) -> str:
    return " × ".join(f"{n:,}" for n in shape)
