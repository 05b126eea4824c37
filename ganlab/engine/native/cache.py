"""Compiled programs on disk: a folder for each Structure, code version, torch version and CPU.

Several processes share them. A complete program is never replaced, so readers never find a partial
one; `.lock` is held while a folder is moved into place or removed. A process that compiles holds
the lock of its draft, and drafts without an owner are removed. A process that has loaded a program
holds a shared lock on it, so that the program is not pruned.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ganlab.engine.native import build
from ganlab.engine.native.program_key import key
from ganlab.engine.structure import Structure
from ganlab.limits import limit
from ganlab.ownership import distrusted
from ganlab.paths import chosen, kept, private, temporary

try:
    import fcntl
except ImportError:  # Windows, which refuses to remove a library that is loaded
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

_MOST = 300  # programs kept; the least recently used are removed first
_ALMOST = 0.9  # the share of the allowed bytes at which the cache counts as full
_DRAFT = "draft-"
_OWNER = "owner.lock"
_MANIFEST = "manifest.json"
_ABANDONED = 3600.0  # seconds after which a draft has no owner, if its lock cannot tell
_HELD = 64  # programs that this process holds shared locks on, each an open file
# What a compiled update is made of, as files and as whole folders of the package.
_held: OrderedDict[Path, BinaryIO] = OrderedDict()
_holding = threading.Lock()


def _manifest(structure: Structure, folder: Path) -> dict[str, str]:
    """The manifest of a complete folder: its key, and the SHA-256 of each part."""
    digests = {p: hashlib.sha256((folder / p).read_bytes()).hexdigest() for p in build.PARTS}
    return {"key": key(structure), **digests}


def find(structure: Structure) -> Path | None:
    """The folder with the program of `structure`, complete and unchanged; None if there is none.

    Folders in which another user could have put files are not used; the log says so once.
    """
    return next((f for f in _folders(structure) if _whole(structure, f)), None)


def there(structure: Structure) -> bool:
    """Whether a program of `structure` seems to be on disk, without reading or marking it."""
    return any((f / _MANIFEST).is_file() for f in _folders(structure) if not _refused(f.parent))


def _folders(structure: Structure) -> list[Path]:
    """The folders where the program of `structure` may be."""
    try:
        places = dict.fromkeys(p / "programs" for p in (chosen(), kept(), temporary()) if p)
    except OSError:  # no folder is writable
        return []
    return [place / key(structure) for place in places]


def full() -> bool:
    """Whether one more program could evict another."""
    try:
        entries, shared = _contents(kept() / "programs")
    except OSError:
        return True
    total = sum(size for _, size, _ in entries + shared)
    return len(entries) >= _MOST or total > _ALMOST * limit("cache_gb") * 1e9


def store(structure: Structure, make: Callable[[Path], None]) -> Path:
    """Let `make` fill a new folder and move it into place, unless a complete one is there.

    Raises OSError if nothing can be written, and whatever `make` raises.
    """
    programs = _place("programs")
    with _alone(programs):
        _sweep(programs)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=programs))
        owner = FileLock(draft / _OWNER)
        owner.acquire(timeout=0)
    try:
        make(draft)
        (draft / _MANIFEST).write_text(json.dumps(_manifest(structure, draft)))
        place = programs / key(structure)
        with _alone(programs):
            owner.release()
            (draft / _OWNER).unlink(missing_ok=True)
            if not _whole(structure, place):
                _remove(place)
                os.replace(draft, place)
            _prune(programs, place)
        return place
    finally:
        owner.release()
        shutil.rmtree(draft, ignore_errors=True)


def sweep() -> None:
    """Remove drafts whose process has ended."""
    try:
        programs = kept() / "programs"
        if programs.is_dir() and not _refused(programs):
            with _alone(programs):
                _sweep(programs)
    except OSError:
        pass  # another process may succeed


def compiler_folder() -> Path:
    """The folder for what the compiler shares between programs, which is code as well."""
    return _place("inductor")


def _place(name: str) -> Path:
    """A folder to keep code in: one that belongs to this user if the usual one is not safe."""
    folder = kept() / name
    if folder.is_symlink() and not folder.exists():
        folder.unlink()
    if reason := _refused(folder):
        _warn(reason)
        folder = temporary() / name
    return private(folder)


def _refused(folder: Path) -> str:
    """Why a folder of the cache is not used; "" if it is."""
    return distrusted(folder.parent) or distrusted(folder)


@cache
def _warn(reason: str) -> None:
    log.warning("no compiled programs from a folder that is not safe: %s", reason)


def _alone(programs: Path) -> FileLock:
    """The lock that is held while folders are moved."""
    return FileLock(programs / ".lock", timeout=60)


def _whole(structure: Structure, folder: Path) -> bool:
    """Whether a folder holds the program of `structure`; if so, mark it as used."""
    programs, names = folder.parent, (_MANIFEST, *build.PARTS)
    if not os.path.lexists(folder):
        return False
    reasons = (distrusted(folder / name, programs) for name in names)
    if reason := _refused(programs) or next(filter(None, reasons), ""):
        _warn(reason)
        return False
    try:
        manifest = open(folder / _MANIFEST, "rb")
    except OSError:
        return False
    try:
        if fcntl is not None:
            fcntl.flock(manifest, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if json.loads(manifest.read(10_000)) != _manifest(structure, folder):
            raise ValueError("damaged, or of another program")
    except (OSError, ValueError, RecursionError):
        manifest.close()
        return False
    try:
        os.utime(folder)
    except OSError:
        pass  # a cache that cannot be written can still be read
    with _holding:
        for file in (_held.pop(folder, None), _held.popitem(False)[1] if _full() else None):
            if file is not None:
                file.close()
        _held[folder] = manifest
    return True


def _full() -> bool:
    return len(_held) >= _HELD


def _in_use(folder: Path) -> bool:
    """Whether a process, this one included, has loaded the program of a folder lately."""
    if fcntl is None:
        return False
    try:
        with open(folder / _MANIFEST, "rb") as manifest:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _remove(place: Path) -> None:
    """Remove the program in a folder, atomically for readers."""
    if place.is_dir() and not place.is_symlink():
        gone = place.with_name(f"{_DRAFT}{place.name}-{secrets.token_hex(4)}")
        os.replace(place, gone)
        shutil.rmtree(gone, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def _drafts(programs: Path) -> list[Path]:
    return [p for p in programs.glob(f"{_DRAFT}*") if not _abandoned(p)]


def _sweep(programs: Path) -> None:
    for draft in programs.glob(f"{_DRAFT}*"):
        if _abandoned(draft):
            shutil.rmtree(draft, ignore_errors=True)


def _abandoned(draft: Path) -> bool:
    """Whether the process that made a draft has ended."""
    try:
        if (draft / _OWNER).exists():
            with FileLock(draft / _OWNER).acquire(timeout=0):
                return True
    except Timeout:
        return False
    except (OSError, NotImplementedError):
        pass
    try:
        return time.time() - draft.stat().st_mtime > _ABANDONED
    except OSError:
        return False


Entry = tuple[float, int, Path]  # time of last use, bytes, place


def _contents(programs: Path) -> tuple[list[Entry], list[Entry]]:
    """The programs, and the files that their compilers share."""

    def entries(places: Iterable[Path]) -> list[Entry]:
        return [(p.stat().st_mtime, _size(p), p) for p in places]

    shared = programs.with_name("inductor")
    folders = programs.iterdir() if programs.is_dir() else ()
    kinds = [p for p in folders if p.is_dir() and not p.name.startswith(_DRAFT)]
    return entries(kinds), entries(shared.iterdir() if shared.is_dir() else ())


def _prune(programs: Path, newest: Path) -> None:
    """Remove the least recently used programs until the bounds in number and bytes hold."""
    entries, shared = _contents(programs)
    number = len(entries)
    if not _drafts(programs):  # a running compiler may read any of them
        entries += shared
    total = sum(size for _, size, _ in entries)
    entries = [entry for entry in entries if entry[2] != newest]
    most = limit("cache_gb") * 1e9
    for _, size, place in sorted(entries):
        ours = place.parent == programs
        if total <= most and (number <= _MOST or not ours):
            continue
        if ours and _in_use(place):
            continue
        try:
            _remove(place)
        except OSError:  # the system does not remove open files
            continue
        number, total = number - ours, total - size


def _size(place: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    size = 0
    for path in (place, *place.rglob("*")):
        try:
            size += path.lstat().st_size
        except OSError:
            pass  # removed meanwhile
    return size
