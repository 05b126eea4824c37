"""`Data`: arrays and a few texts in one canonical form, named by their hash."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ganlab.languages import _
from ganlab.registry import OWN_DATA_NAME, SpecError

MOST_BYTES = 12_000_000  # of encoded data: a million points in the plane take eight
_MAGIC = b"ganlab-data"
_VERSION = 1
_MOST_HEAD = 4_000  # bytes
_MOST_ARRAYS, _MOST_AXES = 8, 3
_LONGEST_TEXT = 200
_TYPES: dict[str, np.dtype[Any]] = {code: np.dtype(f"<{code}") for code in ("f4", "f8", "u1")}
_WORD = re.compile(r"[a-z][a-z0-9_]{0,19}")


@dataclass(frozen=True)
class Data:
    """Arrays by name, of dtype float32, float64 or uint8, with texts about them.

    kind: what they are ("points", "curve", "strokes", "image", ...), which the target that uses
    them checks together with the shapes. Arrays are copied, and read-only.
    Raises `SpecError` for other dtypes, for numbers that are not finite, and for too many bytes.
    """

    kind: str
    arrays: Mapping[str, np.ndarray]
    texts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {}
        for name in sorted(self.arrays):
            array = np.array(self.arrays[name], order="C")
            if _code(array.dtype) is None:
                raise SpecError("data", str(array.dtype), _("float32, float64 or uint8"))
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise SpecError("data", _("NaN or inf"), _("finite numbers"))
            array.flags.writeable = False
            arrays[name] = array
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(self, "texts", dict(sorted(self.texts.items())))
        self._check()

    def _check(self) -> None:
        words = (self.kind, *self.arrays, *self.texts)
        if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
            raise SpecError("data", words, _("names of lower-case letters, digits and underscores"))
        texts = self.texts.values()
        if not all(isinstance(t, str) and len(t) <= _LONGEST_TEXT for t in texts):
            raise SpecError(
                "data",
                list(texts),
                _("texts of at most {longest_text} characters", longest_text=_LONGEST_TEXT),
            )
        axes = max((a.ndim for a in self.arrays.values()), default=0)
        if not 1 <= len(self.arrays) <= _MOST_ARRAYS or axes > _MOST_AXES:
            raise SpecError(
                "data", len(self.arrays), _("1 to {most_arrays} arrays", most_arrays=_MOST_ARRAYS)
            )
        if len(self._head) > _MOST_HEAD or self.nbytes > MOST_BYTES:
            raise SpecError(
                "data",
                _("{nbytes:,} bytes", nbytes=self.nbytes),
                _("at most {most_bytes:,}", most_bytes=MOST_BYTES),
            )

    @cached_property
    def _head(self) -> bytes:
        shapes = [[n, _code(a.dtype), *a.shape] for n, a in self.arrays.items()]
        items = {"arrays": shapes, "kind": self.kind, "texts": self.texts}
        return json.dumps(items, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @property
    def nbytes(self) -> int:
        """The bytes that its encoded form has."""
        arrays = sum(array.nbytes for array in self.arrays.values())
        return len(_MAGIC) + 3 + len(self._head) + arrays

    def encode(self) -> bytes:
        """Its one canonical form: equal data have equal bytes."""
        start = _MAGIC + struct.pack("<BH", _VERSION, len(self._head)) + self._head
        little = (
            np.ascontiguousarray(a, _TYPES[_code(a.dtype) or ""]) for a in self.arrays.values()
        )
        return b"".join((start, *(array.tobytes() for array in little)))

    @cached_property
    def name(self) -> str:
        """Its hash: 32 hexadecimal digits, 128 bits of SHA-256, which nobody can guess."""
        return hashlib.sha256(self.encode()).hexdigest()[:32]

    @classmethod
    def decode(cls, content: bytes) -> Data:
        """The inverse of `encode`. Raises `SpecError` for anything that `encode` cannot write.

        Nothing is allocated before the sizes are checked against the number of bytes.
        """
        if len(content) > MOST_BYTES:
            raise _bad(_("at most {most_bytes:,} bytes", most_bytes=MOST_BYTES))
        at = len(_MAGIC) + 3
        if not content.startswith(_MAGIC) or len(content) < at:
            raise _bad(_("data that ganlab wrote"))
        version, length = struct.unpack_from("<BH", content, len(_MAGIC))
        if version != _VERSION:
            raise _bad(_("data of version {version}: a newer ganlab wrote these", version=_VERSION))
        if length > min(_MOST_HEAD, len(content) - at):
            raise _bad(_("complete data: these are cut off"))
        kind, heads, texts = _parsed(content[at : at + length])
        at += length
        sizes = [_TYPES[code].itemsize * _count(shape) for _, code, shape in heads]
        if sum(sizes) != len(content) - at:
            raise _bad(_("data with as many numbers as their header says"))
        arrays = {}
        for (name, code, shape), size in zip(heads, sizes, strict=True):
            dtype = _TYPES[code]
            array = np.frombuffer(content, dtype, size // dtype.itemsize, at).reshape(shape)
            arrays[name], at = array.astype(dtype.newbyteorder("="), copy=False), at + size
        data = cls(kind, arrays, texts)
        if data._head != content[len(_MAGIC) + 3 :][:length]:
            raise _bad(_("data in the one form that ganlab writes"))
        return data


def is_name(text: object) -> bool:
    """Whether a text is the name of data: their hash."""
    return isinstance(text, str) and OWN_DATA_NAME.fullmatch(text) is not None


def _bad(allowed: str) -> SpecError:
    return SpecError("data", _("these bytes"), allowed)


def _code(dtype: np.dtype[Any]) -> str | None:
    known = f"{dtype.kind}{dtype.itemsize}"
    return known if known in _TYPES else None


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count


def _parsed(
    head: bytes,
) -> tuple[str, list[tuple[str, str, tuple[int, ...]]], dict[str, str]]:
    """The kind, the arrays' names, types and shapes, and the texts of a head."""
    try:
        items = json.loads(head.decode())
        kind, texts = items["kind"], dict(items["texts"])
        heads = [(name, code, tuple(shape)) for name, code, *shape in items["arrays"]]
        good = set(items) == {"arrays", "kind", "texts"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _bad(_("data that ganlab wrote")) from None
    for name, code, shape in heads:
        whole = all(type(n) is int and 0 <= n <= MOST_BYTES for n in shape)
        good &= isinstance(name, str) and isinstance(code, str) and code in _TYPES and whole
        good &= len(shape) <= _MOST_AXES
    if not good or len({name for name, *_ in heads}) < len(heads) or len(heads) > _MOST_ARRAYS:
        raise _bad(_("data that ganlab wrote"))
    return kind, heads, texts
