"""Paths of pages, front-end files and stored data.

The first two are beside the package in a checkout, and inside it in a wheel.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path

import platformdirs

from ganlab import theme
from ganlab.ownership import distrusted

log = logging.getLogger(__name__)

_HERE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    beside = _HERE.parent / name
    return beside if (_HERE.parent / "pyproject.toml").is_file() else _HERE / name


PAGES = _folder("pages")
ASSETS = _folder("assets")


def chosen() -> Path | None:
    """The folder for stored data: $GANLAB_CACHE, or the user's cache folder; None: no home."""
    named = os.environ.get("GANLAB_CACHE")
    try:
        if named:
            return Path(os.path.abspath(os.path.expanduser(named)))
        place = Path(platformdirs.user_cache_dir("ganlab", appauthor=False))
    except (RuntimeError, KeyError, OSError, ValueError):  # a user without an entry, a home, ...
        return None
    return place if place.is_absolute() else None


def kept() -> Path:
    """The folder for programs, data and MNIST runs: `chosen`, or `temporary` if read-only."""
    place = chosen()
    if place is not None and _can_be_written(place):
        return place
    place = temporary()
    _say_once(f"no folder for stored data is writable: {place} is used (see GANLAB_CACHE)")
    return place


@cache
def temporary() -> Path:
    """A private folder of this user in the system's temporary folder."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    place = Path(tempfile.gettempdir()) / f"ganlab{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        if not place.is_symlink() and not distrusted(place) and os.access(place, os.W_OK):
            return place
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="ganlab-"))


def private(folder: Path) -> Path:
    """Create a folder, and missing ones above it, for this user alone; returns it."""
    if not folder.is_dir():
        if folder.parent != folder:
            private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _can_be_written(place: Path) -> bool:
    """Whether files can be created in a folder, which is created if it does not exist yet.

    Only the attempt shows whether it can be: root may write everywhere, but not on a network drive
    or in a file system of the kernel's.
    """
    try:
        return os.access(private(place), os.W_OK | os.X_OK)
    except (OSError, ValueError):
        return False


@cache
def _say_once(words: str) -> None:
    log.warning(words)


def replace(new: Path, place: Path) -> None:
    """Replace a file atomically; retries on Windows, which refuses while the file is being read."""
    for wait in (0.01, 0.1, 0.5):
        try:
            return os.replace(new, place)
        except PermissionError:
            time.sleep(wait)
    os.replace(new, place)


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted((ASSETS / "live").glob("*")):
        digest.update(path.read_bytes())
    digest.update(theme.module().encode())
    return digest.hexdigest()[:12]


# The content's hash in the address keeps a browser from mixing old modules with new ones.
ASSETS_URL = f"ganlab-assets/{_version()}"
PLOTLY_URL = f"ganlab-plotly/{version('plotly')}"
ANSWERS_URL = "ganlab-answers"
