"""Compile times on this machine: the last few, stored beside the programs."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

from ganlab.paths import kept, replace

GUESS = 30.0  # seconds, if nothing has been compiled here
_KEPT = 9


def _file() -> Path:
    return kept() / "compile-seconds.json"


def past() -> list[float]:
    """Compile times of the last programs in seconds, the newest last; [] if none is known."""
    try:
        found = json.loads(_file().read_text())
        good = [float(v) for v in found if isinstance(v, (int, float)) and 0 < v < 1e5]
    except (OSError, ValueError, TypeError, RecursionError):
        return []
    return [v for v in good if math.isfinite(v)][-_KEPT:]


def expected() -> float:
    """The expected compile time in seconds: the median of the last ones."""
    return statistics.median(past() or [GUESS])


def add(seconds: float) -> None:
    """Record a compile time in seconds, unless the cache is not writable."""
    draft = _file().with_suffix(".draft")
    try:
        draft.write_text(json.dumps([*past(), round(seconds, 1)][-_KEPT:]))
        replace(draft, _file())
    except OSError:
        pass
