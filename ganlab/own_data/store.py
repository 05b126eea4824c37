"""The store: data by their names, in memory and in a folder that a server's processes share."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path

from ganlab.limits import limit
from ganlab.own_data.data import MOST_BYTES, Data, is_name
from ganlab.ownership import distrusted
from ganlab.paths import kept, private, replace

log = logging.getLogger(__name__)

_SUFFIX = ".data"
_MEMORY = 100_000_000  # bytes of data in memory
_MOST_FILES = 10_000
_FRESH = 3600.0  # seconds after which a file that is used counts as new again


class Store:
    """Data by their names. Those least recently used go first, from memory and from the folder."""

    def __init__(self) -> None:
        self._here: OrderedDict[str, Data] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, data: Data) -> str:
        """Keep data; returns their name. They are in memory even if no file can be written."""
        self._remember(data)
        try:
            self._write(data)
        except OSError as error:
            log.warning("Data could not be stored for other processes: %s", error)
        return data.name

    def get(self, name: str) -> Data | None:
        """The data of a name; None if they are not here."""
        with self._lock:
            if (known := self._here.get(name)) is not None:
                self._here.move_to_end(name)
                return known
        data = self._read(name) if is_name(name) else None
        if data is not None:
            self._remember(data)
        return data

    def forget(self) -> None:
        """Empty the memory, not the folder."""
        with self._lock:
            self._here.clear()

    def _remember(self, data: Data) -> None:
        with self._lock:
            self._here[data.name] = data
            self._here.move_to_end(data.name)
            total = sum(one.nbytes for one in self._here.values())
            while total > _MEMORY and len(self._here) > 1:
                total -= self._here.popitem(last=False)[1].nbytes

    # -- the folder ------------------------------------------------------------------------------

    def _write(self, data: Data) -> None:
        place = _place(data.name)
        if reason := distrusted(private(place.parent)):
            raise OSError(reason)
        if place.is_file():
            _use(place)
            return
        draft = place.with_name(f".{data.name}.{os.getpid()}.{threading.get_ident()}.partial")
        try:
            draft.write_bytes(data.encode())
            replace(draft, place)
        finally:
            draft.unlink(missing_ok=True)
        _prune(place.parent, 1e6 * limit("own_data_mb"))

    def _read(self, name: str) -> Data | None:
        place = _place(name)
        if distrusted(place, place.parent):
            return None
        try:
            with open(place, "rb") as file:
                content = file.read(MOST_BYTES + 1)
            data = Data.decode(content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            log.warning("Stored data are unreadable: %s", place, exc_info=True)
            return None
        if data.name != name:
            log.warning("Stored data have another hash than their name: %s", place)
            return None
        _use(place)
        return data


def _place(name: str) -> Path:
    return kept() / "own-data" / f"{name}{_SUFFIX}"


def _use(place: Path) -> None:
    """Mark a file as used, so that it is not deleted soon."""
    try:
        if time.time() - place.stat().st_mtime > _FRESH:
            os.utime(place)
    except OSError:
        pass  # it belongs to another user, or another process has just deleted it


def _prune(folder: Path, most: float) -> None:
    """Delete the least recently used files until the rest fits `most` bytes."""
    files = []
    for entry in os.scandir(folder):
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue  # another process has deleted it meanwhile
        files.append((found.st_mtime, found.st_size, entry.path))
    total, count = sum(size for _, size, _ in files), len(files)
    for _, size, path in sorted(files)[:-1]:
        if total <= most and count <= _MOST_FILES:
            break
        Path(path).unlink(missing_ok=True)
        total, count = total - size, count - 1


STORE = Store()
