"""Export: a run as a script with ganlab or without it, as a notebook, as tables and as data."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ganlab.export.notebook import notebook
from ganlab.export.plain import script
from ganlab.export.tables import curves, data, parquet
from ganlab.export.text import KINDS, OF_EACH, as_json, call, ending, name, python

__all__ = [
    "KINDS",
    "OF_EACH",
    "as_json",
    "call",
    "curves",
    "data",
    "ending",
    "film",
    "name",
    "notebook",
    "page",
    "parquet",
    "picture",
    "python",
    "script",
]

# What needs the rooms above this one, which import it.
_ABOVE = {
    "film": "ganlab.pictures",
    "page": "ganlab.standalone",
    "picture": "ganlab.pictures",
}


def __getattr__(name: str) -> Any:
    if name in _ABOVE:
        return getattr(import_module(_ABOVE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
