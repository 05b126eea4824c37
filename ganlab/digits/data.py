"""MNIST from a folder, from our cache, or (only when asked) from the net.

Contents are held against the MD5 of the plain files, since the gzips that go about differ.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ganlab.digits.download import MIRRORS, Progress, fetch
from ganlab.digits.idx import DataError, Known, read
from ganlab.digits.parts import PIXELS, Digits, Part
from ganlab.paths import kept

MNIST: dict[str, Known] = {
    "train_pixels": Known(
        "train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"
    ),
    "train_labels": Known("train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624"),
    "test_pixels": Known(
        "t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"
    ),
    "test_labels": Known("t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637"),
}
_INSIDE = ("", "mnist", "MNIST/raw")  # where it lies in a folder pointed to; last, torchvision's


class MissingData(DataError):
    """MNIST is not on this machine: offer to download it, or to be pointed to its folder."""


def cache_folder() -> Path:
    """Where downloaded files are kept."""
    return kept() / "mnist"


def find(
    folder: str | Path | None = None, files: Mapping[str, Known] = MNIST
) -> dict[str, Path] | None:
    """Where the files lie, all in one folder: in `folder`, else $GANLAB_DATA, else our cache.

    None if none of them has all. Looks at names only, so a page can ask at every rerun.
    """
    for place in _places(folder):
        found = {part: path for part, known in files.items() if (path := known.find(place))}
        if len(found) == len(files):
            return found
    return None


def load(
    folder: str | Path | None = None,
    download: bool = False,
    progress: Progress | None = None,
    *,
    files: Mapping[str, Known] = MNIST,
    mirrors: tuple[str, ...] = MIRRORS,
) -> Digits:
    """MNIST: 60,000 images and labels to train on, 10,000 to test.

    Looks where `find` does. If the files are nowhere (or damaged in the cache), `download=True`
    fetches them, 11 MB, into the cache, calling `progress(fraction, name)`; whatever that raises
    stops the download.
    Raises MissingData if they are nowhere and may not be, or cannot be, downloaded; DataError,
    naming the file, for one that is not MNIST's.
    """
    try:
        return _read(folder, files)
    except DataError as error:
        missing = isinstance(error, MissingData)
        # What is wrong in a folder of yours is yours to mend; our own cache we mend.
        if not download or not (missing or Path(error.name).parent == cache_folder()):
            raise
    try:
        fetch(cache_folder(), files.values(), mirrors, progress)
    except DataError as error:
        raise MissingData(error.name, str(error.value), error.allowed) from None
    return _read(folder, files)


def _read(folder: str | Path | None, files: Mapping[str, Known]) -> Digits:
    paths = find(folder, files)
    if paths is None:
        names = ", ".join(k.name for k in files.values())
        places = " or ".join(str(p) for p in dict.fromkeys(_pointed(folder) + [cache_folder()]))
        raise MissingData("MNIST", f"no complete set in {places}", f"{names} (.gz or not)")
    arrays = {part: read(paths[part], known) for part, known in files.items()}
    parts = (
        Part(arrays[f"{p}_pixels"].reshape(-1, PIXELS), arrays[f"{p}_labels"])
        for p in ("train", "test")
    )
    return Digits("MNIST", *parts, is_mnist=True)


def _pointed(folder: str | Path | None) -> list[Path]:
    chosen = folder or os.environ.get("GANLAB_DATA")
    if not chosen:
        return []
    try:
        return [Path(chosen).expanduser()]
    except RuntimeError:  # the home of a user that there is not
        return [Path(chosen)]


def _places(folder: str | Path | None) -> list[Path]:
    return [p / inside for p in _pointed(folder) for inside in _INSIDE] + [cache_folder()]
