"""Export: a run as a script with ganlab or without it, its Spec as JSON, its curves as CSV."""

from __future__ import annotations

from ganlab.export.plain import script
from ganlab.export.text import KINDS, as_json, call, curves, name, python

__all__ = ["KINDS", "as_json", "call", "curves", "name", "python", "script"]
