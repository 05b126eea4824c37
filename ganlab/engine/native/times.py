"""How long compiling takes on this machine: the last few times, kept beside the programs."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

from ganlab.paths import kept, replace

GUESS = 30.0  # seconds, before anything was compiled here
_KEPT = 9


def _file() -> Path:
    return kept() / "compile-seconds.json"


def past() -> list[float]:
    """Seconds that the last programs took, the newest last; [] where none is known."""
    try:
        found = json.loads(_file().read_text())
        good = [float(v) for v in found if isinstance(v, (int, float)) and 0 < v < 1e5]
    except (OSError, ValueError, TypeError, RecursionError):
        return []
    return [v for v in good if math.isfinite(v)][-_KEPT:]


def expected() -> float:
    """Seconds that the next program will probably take: the median of the last ones."""
    return statistics.median(past() or [GUESS])


def add(seconds: float) -> None:
    """Remember how long one took; a cache that cannot be written remembers nothing."""
    draft = _file().with_suffix(".draft")
    try:
        draft.write_text(json.dumps([*past(), round(seconds, 1)][-_KEPT:]))
        replace(draft, _file())
    except OSError:
        pass
