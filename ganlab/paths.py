"""Where pages and front-end files are (beside the package in a checkout, inside it in a wheel);
where what is kept between runs of the program lies."""

from __future__ import annotations

import hashlib
import os
import time
from importlib.metadata import version
from pathlib import Path

import platformdirs

_HERE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    beside = _HERE.parent / name
    return beside if (_HERE.parent / "pyproject.toml").is_file() else _HERE / name


PAGES = _folder("pages")
ASSETS = _folder("assets")


def kept() -> Path:
    """Where programs, data and MNIST runs are kept: $GANLAB_CACHE, or the user's cache folder."""
    chosen = os.environ.get("GANLAB_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("ganlab", appauthor=False))


def replace(new: Path, place: Path) -> None:
    """Put a file in another's place in one step; Windows refuses while somebody reads that one."""
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
    return digest.hexdigest()[:12]


# The content's hash in the address keeps a browser from mixing old modules with new ones.
ASSETS_URL = f"ganlab-assets/{_version()}"
PLOTLY_URL = f"ganlab-plotly/{version('plotly')}"
