"""Sets of images under a folder: four IDX files, or Keras's mnist.npz, by the names in use.

A set is found by file names alone. It is named after its folder, but MNIST only by its contents.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ganlab.digits.idx import DataError, digest, read_any
from ganlab.digits.images import SIDE
from ganlab.languages import _

PARTS = ("train_pixels", "train_labels", "test_pixels", "test_labels")
MOST_IMAGES = 1_000_000
_DEPTH, _MOST_FOLDERS = 4, 500  # how deep, and in how many folders, to search for sets
_PREFERRED = ("", "mnist", "MNIST/raw")  # the first places to search; the last is torchvision's
_PLAIN = {"raw", "processed", "gzip", "data", ""}  # folder names that do not name a set
# emnist-digits-train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte, train-images-idx3-ubyte (1).gz
_FILE = re.compile(
    r"(?P<prefix>.*?)(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx[13]-ubyte"
    r"(?: \(\d+\))?(?:\.gz)?(?: \(\d+\))?",
    re.IGNORECASE,
)
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Set:
    """The files of a set: `paths` by part (all the same for an .npz), and the set's name."""

    paths: dict[str, Path]
    name: str

    @property
    def place(self) -> Path:
        """The folder of its files."""
        return next(iter(self.paths.values())).parent

    @property
    def turned(self) -> bool:
        """Whether its images are transposed, as EMNIST's are."""
        return "emnist" in f"{self.name} {next(iter(self.paths.values())).name}".lower()

    def read(self) -> tuple[dict[str, NDArray[np.uint8]], dict[str, str]]:
        """Its arrays, pixels (n, 28, 28) and labels (n,), and the MD5 of each as a plain IDX file.

        Raises DataError, which names the file and what is wrong with it.
        """
        first = self.paths["train_pixels"]
        if first.suffix == ".npz":
            arrays = _read_npz(first)
        else:
            arrays = {part: read_any(self.paths[part], MOST_IMAGES) for part in PARTS}
        for part, array in arrays.items():
            _check(self.paths[part], part, array, len(arrays[part.replace("pixels", "labels")]))
        md5 = {part: digest(array) for part, array in arrays.items()}
        if self.turned:
            for part in ("train_pixels", "test_pixels"):
                arrays[part] = np.ascontiguousarray(arrays[part].transpose(0, 2, 1))
        return arrays, md5


def _check(path: Path, part: str, array: NDArray[np.uint8], labels: int) -> None:
    if part.endswith("pixels"):
        if array.shape[1:] != (SIDE, SIDE):
            raise DataError(
                str(path),
                _("sizes {sizes}", sizes=array.shape),
                _("images of {side} × {side}", side=SIDE),
            )
        if len(array) != labels:
            raise DataError(
                str(path),
                _("{count} images", count=f"{len(array):,}"),
                _("one for each of {labels} labels", labels=f"{labels:,}"),
            )
    elif array.ndim != 1 or len(array) < 6 or set(np.unique(array)) - set(range(10)):
        found = sorted(set(np.unique(array).tolist()))[:20] if array.ndim == 1 else array.shape
        raise DataError(
            str(path), _("labels {found}", found=found), _("at least 6, each from 0 to 9")
        )


def search(folder: Path) -> Set | None:
    """The set in `folder`, else the first one below it; None if there is none."""
    return next(_sets(folder), None)


def missing(folder: Path) -> str:
    """What the best candidate under `folder` lacks, in words; "" if there is no candidate."""
    best: tuple[int, str] = (0, "")
    for place in _places(folder):
        for prefix, found in _groups(place).items():
            lack = [_words(prefix, part) for part in PARTS if part not in found]
            if lack and len(found) > best[0]:
                best = len(found), f"{', '.join(lack)} in {place}"
    return best[1]


def _words(prefix: str, part: str) -> str:
    which, kind = part.split("_")
    kind = {"pixels": "images-idx3", "labels": "labels-idx1"}[kind]
    return f"{prefix}{'train' if which == 'train' else 't10k'}-{kind}-ubyte"


def _sets(folder: Path) -> Iterator[Set]:
    for place in _places(folder):
        for prefix, found in _groups(place).items():
            if len(found) == len(PARTS):
                yield Set(found, prefix.strip("-_. ") or _called(place))
        for path in _files(place):
            if path.name.lower() == "mnist.npz":
                yield Set(dict.fromkeys(PARTS, path), _called(place))


def _called(place: Path) -> str:
    names = [part for part in reversed(place.absolute().parts) if part.lower() not in _PLAIN]
    return names[0] if names and names[0] != place.anchor else "images"


def _groups(place: Path) -> dict[str, dict[str, Path]]:
    """The IDX files of a folder by the prefix before `train`, then by part; exact names first."""
    groups: dict[str, dict[str, Path]] = {}
    for path in _files(place):
        if match := _FILE.fullmatch(path.name):
            part = "train" if match["part"].lower() == "train" else "test"
            kind = "pixels" if match["kind"].lower() == "images" else "labels"
            groups.setdefault(match["prefix"], {}).setdefault(f"{part}_{kind}", path)
    return dict(sorted(groups.items()))


def _files(place: Path) -> list[Path]:
    try:
        found = [Path(entry.path) for entry in os.scandir(place) if entry.is_file()]
    except (OSError, ValueError):  # a folder without permission, or an invalid name
        return []
    # An uncompressed file before its gzip, both before a copy; t10k before test.
    return sorted(
        found, key=lambda p: (" (" in p.name, p.suffix == ".gz", "test" in p.name, p.name)
    )


def _places(folder: Path) -> Iterable[Path]:
    """`folder`, the usual places in it, then everything below it, nearest first."""
    seen: set[Path] = set()
    for inside in _PREFERRED:
        seen.add(folder / inside)
        yield folder / inside
    level, count = [folder], 0
    for _level in range(_DEPTH):
        below: list[Path] = []
        for place in level:
            try:
                entries = sorted(
                    (e for e in os.scandir(place) if e.is_dir(follow_symlinks=False)),
                    key=lambda e: e.name,
                )
            except (OSError, ValueError):
                continue
            below += [Path(e.path) for e in entries if not e.name.startswith(".")]
        for place in below:
            count += 1
            if count > _MOST_FOLDERS:
                return
            if place not in seen:
                yield place
        level = below


def _read_npz(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Keras's file: each array's header first, then no more than it says. No pickle."""
    out = {}
    try:
        with zipfile.ZipFile(path) as file:
            for part, name in zip(PARTS, _ARRAYS, strict=True):
                with file.open(f"{name}.npy") as member:
                    version = npy.read_magic(member)
                    read = npy.read_array_header_1_0 if version == (1, 0) else None
                    shape, fortran, dtype = (read or npy.read_array_header_2_0)(member)
                    if dtype != np.uint8 or fortran or not 1 <= len(shape) <= 3:
                        raise ValueError(f"{name} is {dtype} of shape {shape}")
                    size = int(np.prod(shape, dtype=object))
                    if shape[0] > MOST_IMAGES or size > MOST_IMAGES * SIDE * SIDE:
                        raise ValueError(f"{name} has the shape {shape}")
                    raw = member.read(size + 1)
                    if len(raw) != size:
                        raise ValueError(f"{name} has {len(raw):,} bytes instead of {size:,}")
                    out[part] = np.frombuffer(raw, np.uint8).reshape(shape)
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error), _("a readable file")) from None
    except (ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        expected = _("{names} of bytes, as Keras writes them", names=", ".join(_ARRAYS))
        raise DataError(str(path), str(error).strip("'\""), expected) from None
    return out
