"""Bounded reading of input from others (JSON, .npz files): its size and shape are checked before
anything is decompressed, built or allocated."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from ganlab.languages import _
from ganlab.registry import SpecError

MOST_TEXT = 1_000_000  # characters of JSON
_MOST_MEMBERS = 64
_MOST_DIRECTORY = 64_000  # bytes of a zip file's directory
_MOST_HEAD = 4_000  # bytes of an array's header
_BRIEF = 80  # characters
_TAIL = 22 + 65_535 + 20  # bytes that contain a zip file's end record, comment and locator


def read_text(path: str | os.PathLike[str], most: int = MOST_TEXT) -> str:
    """The text of a file or pipe, in UTF-8. Raises `SpecError` if it is too long, or OSError."""
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise SpecError("file", Path(path).name, _("at most {most:,} bytes", most=most))
    return content.decode(errors="replace")


def parse_json(text: str, name: str, allowed: str, most: int = MOST_TEXT) -> Any:
    """Parsed JSON without duplicate names. Raises `SpecError` with `name` and `allowed`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        items = dict(pairs)
        if len(items) < len(pairs):
            names = [n for n, _ in pairs]
            twice = next(n for i, n in enumerate(names) if n in names[:i])
            raise SpecError(twice, _("given twice"), _("one value"))
        return items

    if not isinstance(text, str):
        raise SpecError(name, text, allowed)
    if len(text) > most:
        raise SpecError(
            name,
            text[:100],
            _("{allowed}, of at most {most:,} characters", allowed=allowed, most=most),
        )
    try:
        return json.loads(text, object_pairs_hook=once)
    except SpecError:
        raise
    except (ValueError, RecursionError):
        raise SpecError(name, text, allowed) from None


def _brief(words: object) -> str:
    """Words of an error, which may quote a file at length."""
    text = str(words)
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 3]}..."


def _regular(path: Path) -> BinaryIO:
    """An open ordinary file; reading a pipe or a device might never end."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(21, os.strerror(21), str(path))
        if not stat.S_ISREG(mode):
            raise SpecError("file", path.name, _("an ordinary file"))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


class Arrays:
    """An uncompressed .npz file: first the shapes and dtypes of its arrays, then the wanted arrays.

        with Arrays(path) as arrays:
            if arrays.heads.get("g") == (np.dtype("float32"), (2, 10)):
                g = arrays.read("g")

    source: a path, or an open file, which is closed at the end. most: bytes of the file. texts:
    names of members that hold text; each may be missing. Nothing in it can take more memory than
    the file has bytes. Raises ValueError if it is no such file, and OSError if it cannot be read.
    """

    def __init__(
        self, source: Path | BinaryIO, most: int | None = None, texts: Collection[str] = ()
    ):
        self._file = _regular(source) if isinstance(source, Path) else source
        self._allowed = frozenset(texts)
        try:
            self._size = size = self._file.seek(0, os.SEEK_END)
            if most is not None and size > most:
                raise ValueError(f"it has more than {most:,} bytes")
            self._file.seek(0)
            self._zip = self._opened(size)
            names = self._names()
            self.texts = self._allowed & set(names)
            self.heads = {name: self._head(name) for name in names if name not in self.texts}
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Arrays:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def text(self, name: str, most: int) -> str:
        """The text of a member. Raises ValueError if it is longer than `most` bytes or damaged."""
        if self._zip.getinfo(name).file_size > most:
            raise ValueError(f"its {name} has more than {most:,} bytes")
        with self._member(name) as member:
            content: bytes = member.read()
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ValueError(f"its {name} is not text in UTF-8") from None

    def read(self, name: str) -> np.ndarray:
        """The array `name`, of the shape in `heads`. Raises ValueError if it is damaged."""
        with self._member(f"{name}.npy") as member:
            array = npy.read_array(member, allow_pickle=False, max_header_size=_MOST_HEAD)
            if member.read(1):
                raise ValueError(f"its member {_brief(name)!r} is more than an array")
            return array

    @contextmanager
    def _member(self, name: str) -> Iterator[Any]:
        try:
            with self._zip.open(name) as member:
                yield member
        except (zipfile.BadZipFile, EOFError, NotImplementedError, KeyError, RuntimeError) as error:
            raise ValueError(f"its member {_brief(name)} is damaged ({_brief(error)})") from None
        except (OSError, struct.error) as error:
            if getattr(error, "errno", errno.EINVAL) != errno.EINVAL:  # an offset outside of it
                raise
            raise ValueError(f"its member {_brief(name)} is damaged ({_brief(error)})") from None

    def _opened(self, size: int) -> zipfile.ZipFile:
        tail = self._file.read() if size <= _TAIL else self._last(_TAIL)
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or end + 20 > len(tail):
            raise ValueError("it is no zip archive, or it is cut off")
        number, length = struct.unpack_from("<HI", tail, end + 10)
        locator = tail[max(0, end - 20) : end]
        if locator.startswith(b"PK\x06\x07"):
            # Beyond 4 GB, the directory's true size is in another record.
            (place,) = struct.unpack_from("<Q", locator, 8)
            self._file.seek(min(place, size))
            record = self._file.read(56)
            if len(record) < 56 or not record.startswith(b"PK\x06\x06"):
                raise ValueError("it is no zip archive: its directory is not where it says")
            number, length = struct.unpack_from("<QQ", record, 32)
        if number > _MOST_MEMBERS or length > _MOST_DIRECTORY:
            raise ValueError(f"too many members: at most {_MOST_MEMBERS} are allowed")
        try:
            return zipfile.ZipFile(self._file)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            struct.error,
            RuntimeError,
            EOFError,
            ValueError,
            OSError,
        ) as error:
            raise ValueError(f"its directory is damaged ({_brief(error)})") from None

    def _last(self, count: int) -> bytes:
        self._file.seek(-count, os.SEEK_END)
        return self._file.read()

    def _names(self) -> list[str]:
        members = self._zip.infolist()
        names = []
        for m in members:
            name = m.filename.removesuffix(".npy")
            if m.flag_bits & 1:
                raise ValueError(f"its member {_brief(m.filename)!r} is encrypted")
            if m.compress_type != zipfile.ZIP_STORED or m.file_size != m.compress_size:
                raise ValueError(f"its member {_brief(m.filename)!r} is compressed")
            if m.filename not in self._allowed and not m.filename.endswith(".npy"):
                raise ValueError(f"its member {_brief(m.filename)!r} is no array")
            if name in names:
                raise ValueError(f"it has two members {_brief(name)!r}")
            names.append(name)
        if sum(m.file_size for m in members) > self._size:
            raise ValueError("its members are larger than it is")
        return names

    def _head(self, name: str) -> tuple[np.dtype, tuple[int, ...]]:
        """An array's dtype and shape, which must fill its member exactly."""
        whole = self._zip.getinfo(f"{name}.npy").file_size
        with self._member(f"{name}.npy") as member:
            start = io.BytesIO(member.read(_MOST_HEAD))
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        try:
            read = readers[npy.read_magic(start)]
            shape, _, dtype = read(start, max_header_size=_MOST_HEAD)
        except Exception as error:  # NumPy passes on errors of Python's tokenizer
            raise ValueError(f"its member {_brief(name)!r} is no array ({_brief(error)})") from None
        count = 1
        for n in shape:
            count *= n
        if dtype.hasobject or any(n < 0 for n in shape):
            raise ValueError(f"its array {_brief(name)!r} holds objects")
        if count * dtype.itemsize != whole - start.tell():
            raise ValueError(f"its array {_brief(name)!r} has another size than it says")
        return dtype, shape


def load_arrays(path: Path, names: Iterable[str], most: int) -> dict[str, np.ndarray] | None:
    """All arrays of a small file, of any shapes, if they are exactly `names`.

    None if the file is missing or damaged.
    """
    try:
        with Arrays(path, most) as arrays:
            if set(arrays.heads) != set(names):
                return None
            return {name: arrays.read(name) for name in arrays.heads}
    except (OSError, ValueError):
        return None
