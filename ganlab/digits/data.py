"""MNIST from a folder, from the cache, or (only on request) from the internet.

The MD5 of the uncompressed contents decides whether it is MNIST, since gzip files differ. Other
sets of 28 × 28 bytes with ten labels, such as Fashion-MNIST, are named after their folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ganlab.digits.download import MIRRORS, Progress, fetch
from ganlab.digits.idx import DataError, Known, read
from ganlab.digits.images import PIXELS, Digits, Split
from ganlab.digits.sets import PARTS, Set, missing, search
from ganlab.languages import _
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


class MissingData(DataError):
    """MNIST is not on this machine: it can be downloaded, or its folder can be given."""


def cache_folder() -> Path:
    """The folder of downloaded files."""
    return kept() / "mnist"


def find(
    folder: str | Path | None = None, files: Mapping[str, Known] = MNIST
) -> dict[str, Path] | None:
    """The paths of the files, all in one folder: in `folder`, else $GANLAB_DATA, else the cache.

    None if no folder has all of them. It reads names only, so a page can call it at each rerun.
    """
    found = _search(folder, files)
    return None if found is None else found.paths


def called(found: Mapping[str, Path], files: Mapping[str, Known] = MNIST) -> str:
    """The name of the set that `find` found: MNIST if its contents are MNIST's; they are read once.

    Raises DataError if it is damaged or not a set of images.
    """
    kept = []
    for path in dict.fromkeys(found.values()):
        about = path.stat()
        kept.append((path, about.st_size, about.st_mtime_ns))
    return _called(tuple(kept), next(iter(found.values())).parent, tuple(files.values()))


@lru_cache(maxsize=16)
def _called(kept: tuple[tuple[Path, int, int], ...], place: Path, files: tuple[Known, ...]) -> str:
    if place == cache_folder():
        return "MNIST"
    return _read(place, dict(zip(PARTS, files, strict=True))).source


def _search(folder: str | Path | None, files: Mapping[str, Known]) -> Set | None:
    for place in _pointed(folder):
        if found := search(place):
            return found
    kept = {part: path for part, known in files.items() if (path := known.find(cache_folder()))}
    return Set(kept, "MNIST") if len(kept) == len(files) else None


def load(
    folder: str | Path | None = None,
    download: bool = False,
    progress: Progress | None = None,
    *,
    files: Mapping[str, Known] = MNIST,
    mirrors: tuple[str, ...] = MIRRORS,
) -> Digits:
    """Images with labels: MNIST, or another set of 28 × 28 bytes and ten labels in `folder`.

    It searches where `find` does. The set is named MNIST if its contents are, else after its
    folder. If the files are not found (or damaged in the cache), `download=True` downloads MNIST,
    11 MB, into the cache, calling `progress(fraction, name)`; an exception in `progress` stops the
    download. Raises MissingData if the files are not found and may not be, or cannot be,
    downloaded; raises DataError, which names the file, if one is damaged or not of such a set.
    """
    try:
        return _read(folder, files)
    except DataError as error:
        missing = isinstance(error, MissingData)
        # Only the cache is repaired, not a folder of the user's.
        if not download or not (missing or Path(error.name).parent == cache_folder()):
            raise
    try:
        fetch(cache_folder(), files.values(), mirrors, progress)
    except DataError as error:
        raise MissingData(error.name, str(error.value), error.allowed) from None
    return _read(folder, files)


def _read(folder: str | Path | None, files: Mapping[str, Known]) -> Digits:
    found = _search(folder, files)
    if found is None:
        names = ", ".join(k.name for k in files.values())
        places = " or ".join(str(p) for p in dict.fromkeys(_pointed(folder) + [cache_folder()]))
        lack = "; ".join(text for place in _pointed(folder) if (text := missing(place)))
        lack = f" (missing: {lack})" if lack else ""
        raise MissingData(
            "MNIST",
            _("no complete set in {places}{lack}", places=places, lack=lack),
            _("{names} (.gz or not)", names=names),
        )
    if found.place == cache_folder():  # which holds MNIST, possibly damaged
        arrays = {part: read(found.paths[part], known) for part, known in files.items()}
        known = True
    else:
        arrays, md5 = found.read()
        known = md5 == {part: file.md5 for part, file in files.items()}
    train, test = (
        Split(arrays[f"{p}_pixels"].reshape(-1, PIXELS), arrays[f"{p}_labels"])
        for p in ("train", "test")
    )
    name = found.name if found.name != "MNIST" else _("MNIST, but not the published files")
    return Digits("MNIST" if known else name, train, test, is_mnist=known)


def _pointed(folder: str | Path | None) -> list[Path]:
    chosen = folder or os.environ.get("GANLAB_DATA")
    if not chosen:
        return []
    try:
        return [Path(chosen).expanduser()]
    except RuntimeError:  # the home directory of an unknown user
        return [Path(chosen)]
