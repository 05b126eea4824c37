"""Requests of buttons in a view that every kind of page can fulfil."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlab.comparison import LEAST, Comparison


def edited(comparison: Comparison, act: Mapping[str, Any]) -> Comparison | None:
    """The comparison after a button in a run's heading: copy, swap or drop.

    act: from a browser, which may send anything. None if it is something else, or not possible.
    """
    # Also values that cannot be dictionary keys.
    name, at, runs = str(act.get("act")), act.get("run"), len(comparison.specs)
    if type(at) is not int or not 0 <= at < runs:
        return None
    if name == "drop":
        return comparison.without_run(at) if runs > LEAST else None
    if at and name in ("copy", "swap"):
        return comparison.copied(at) if name == "copy" else comparison.swapped(at)
    return None
