"""Own data as arrays in the file of a run: `own_<hash>`, uint8 (n,), the encoded data."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ganlab.languages import _
from ganlab.own_data.data import MOST_BYTES, Data
from ganlab.own_data.examples import MissingOwnData
from ganlab.own_data.store import STORE
from ganlab.reading import Arrays
from ganlab.registry import SpecError

PREFIX = "own_"
_MOST = 8  # of a file


def nbytes(names: Iterable[str]) -> int:
    """The bytes that data of these names take in a file."""
    known = (STORE.get(name) for name in dict.fromkeys(names))
    return sum(data.nbytes for data in known if data is not None)


def arrays(names: Iterable[str]) -> dict[str, np.ndarray]:
    """The arrays, uint8 (n,), for data of these names. Raises `MissingOwnData`."""
    out = {}
    for name in dict.fromkeys(names):
        data = STORE.get(name)
        if data is None:
            raise MissingOwnData("data", name)
        out[PREFIX + name] = np.frombuffer(data.encode(), np.uint8)
    return out


def receive(file: Arrays, name: str) -> None:
    """Keep the data in the file called `name`, before its Specs are read.

    Raises `SpecError` for data that are damaged, too large, or have another hash than their name.
    """
    found = [array for array in file.heads if array.startswith(PREFIX)]
    if len(found) > _MOST:
        raise SpecError(
            "file",
            _("{count} data sets", count=len(found)),
            _("at most {most} (in {name})", most=_MOST, name=name),
        )
    made = []
    for array in found:
        dtype, shape = file.heads[array]
        if dtype != np.uint8 or len(shape) != 1 or shape[0] > MOST_BYTES:
            allowed = _(
                "uint8 of at most {most_bytes:,} bytes (in {name})",
                most_bytes=MOST_BYTES,
                name=name,
            )
            raise SpecError(array, _("{dtype} of shape {shape}", dtype=dtype, shape=shape), allowed)
        data = Data.decode(file.read(array).tobytes())
        if PREFIX + data.name != array:
            raise SpecError(
                array, data.name, _("data with the hash of their name (in {name})", name=name)
            )
        made.append(data)
    for data in made:
        STORE.put(data)
