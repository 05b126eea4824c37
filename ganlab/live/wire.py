"""Binary messages: a JSON header, then the arrays it names, each on an 8-byte boundary."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ganlab.languages import ENGLISH, into

MOST_TEXT = 4096  # characters of a browser's command
_CODES = {"<f4": "f4", "|u1": "u1", "<i2": "i2", "<i4": "i4"}


class Packed(bytes):
    """A message with its header, from which it can be made in another language."""

    header: Mapping[str, object]
    _made: tuple[str, bytes] | None = None  # the newest translation

    def into(self, language: str) -> bytes:
        """The message in `language`, with the same arrays."""
        if language == ENGLISH:
            return self
        made = self._made
        if made is None or made[0] != language:  # all who follow in one language get the same bytes
            text = _as_json(into(language, self.header))
            rest = 4 + int.from_bytes(self[:4], "little")
            made = language, b"".join([len(text).to_bytes(4, "little"), text, self[rest:]])
            self._made = made
        return made[1]


def encode(header: Mapping[str, object], arrays: Mapping[str, np.ndarray] | None = None) -> Packed:
    """uint32 length of the header, the header (padded), the arrays of any shapes (padded).

    Words in the header are English until the message is put into a reader's language.
    Floats are sent as float32; NaN and inf in the header become null, since JSON has neither.
    """
    named, parts = [], []
    for name, array in (arrays or {}).items():
        if array.dtype == np.float64:
            # Values beyond float32 are far outside any picture.
            array = array.clip(-3e38, 3e38).astype(np.float32)
        array = np.ascontiguousarray(array)
        named.append([name, _CODES[array.dtype.str], list(array.shape)])
        raw = array.tobytes()
        parts.append(raw + b"\0" * (-len(raw) % 8))
    whole = {**header, "arrays": named}
    text = _as_json(whole)
    made = Packed(b"".join([len(text).to_bytes(4, "little"), text, *parts]))
    made.header = whole
    return made


def _as_json(header: object) -> bytes:
    try:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        text = json.dumps(_clean(header), separators=(",", ":")).encode()
    return text + b" " * (-(4 + len(text)) % 8)


def decode(message: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays, with their shapes: the inverse of `encode`, up to float32."""
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    arrays, at = {}, 4 + size
    for name, code, shape in header.pop("arrays"):
        count = math.prod(shape)
        dtype = np.dtype("<" + code)
        arrays[name] = np.frombuffer(message, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
        at += -at % 8
    return header, arrays


def _clean(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return value
