"""How long programs take to compile on this machine, in CPU seconds and on the clock.

The last few are stored beside the programs. What compiling takes in CPU seconds hardly depends on
what else the machine does; the share of a core that the compiler gets depends on nothing else.
"""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import NamedTuple

from ganlab.paths import kept, replace

GUESS = 30.0  # CPU seconds, if nothing has been compiled here
_KEPT = 9
_FEW_SECONDS = 2.0  # for which a compiler's share of a core is taken from the last compilers
_LEAST_SHARE = 0.01


class Expected(NamedTuple):
    """What compiling is expected to take: `work` in CPU seconds, at `share` of a core."""

    work: float
    share: float

    def share_of(self, work: float, seconds: float) -> float:
        """The share of a core for a compiler that has used `work` in its first `seconds`."""
        return (work + _FEW_SECONDS * self.share) / (seconds + _FEW_SECONDS)

    def left(self, work: float, seconds: float) -> float | None:
        """The estimated seconds that it still takes; None if it has used more than expected."""
        if work > self.work:
            return None
        return (self.work - work) / self.share_of(work, seconds)


def _file() -> Path:
    return kept() / "compile-times.json"


def past() -> list[tuple[float, float]]:
    """CPU seconds and seconds of the last programs, the newest last; [] if none is known."""
    try:
        rows = json.loads(_file().read_text())
        found = [(float(work), float(seconds)) for work, seconds in rows]
    except (OSError, ValueError, TypeError, RecursionError):
        return []
    good = [row for row in found if all(math.isfinite(v) and 0 < v < 1e5 for v in row)]
    return good[-_KEPT:]


def expected() -> Expected:
    """The medians of the last ones."""
    rows = past() or [(GUESS, GUESS)]
    share = statistics.median(work / seconds for work, seconds in rows)
    return Expected(statistics.median(work for work, _ in rows), max(share, _LEAST_SHARE))


def add(work: float, seconds: float) -> None:
    """Record what a program took, unless the cache is not writable."""
    draft = _file().with_suffix(".draft")
    rows = [*past(), (round(work, 1), round(seconds, 1))][-_KEPT:]
    try:
        draft.write_text(json.dumps(rows))
        replace(draft, _file())
    except OSError:
        pass
