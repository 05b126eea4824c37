"""Export: a run as a script with ganlab or without it, as a notebook, as tables and as data."""

from __future__ import annotations

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
    "name",
    "notebook",
    "parquet",
    "python",
    "script",
]
