"""Where pages and front-end files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    beside = _HERE.parent / name
    return beside if (_HERE.parent / "pyproject.toml").is_file() else _HERE / name


PAGES = _folder("pages")
ASSETS = _folder("assets")


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted((ASSETS / "live").glob("*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


# The content's hash in the address keeps a browser from mixing old modules with new ones.
ASSETS_URL = f"ganlab-assets/{_version()}"
PLOTLY_URL = f"ganlab-plotly/{version('plotly')}"
