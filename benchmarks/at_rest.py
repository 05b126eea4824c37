"""CPU time of a server, and waiting until it has nothing to do."""

from __future__ import annotations

import os
import time
from pathlib import Path

IDLE = 0.1  # of a core: what a server at rest uses at most
_EVERY = 0.5  # seconds between two looks
_LONGEST = 15.0


def cpu_seconds(pid: int) -> tuple[float, float]:
    """CPU seconds so far of a process, and of those that it started (Linux; elsewhere NaN)."""
    used = {pid: 0.0} if Path("/proc/self/stat").exists() else {pid: float("nan")}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        who, parent = int(path.parent.name), int(fields[1])
        if pid in (who, parent):
            used[who] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    own = used.pop(pid)
    return own, sum(used.values())


def rest(pid: int) -> None:
    """Wait until a server has measured what it kept for the curves of a paused run.

    What is measured beside it would be slower until then.
    """
    before, end = sum(cpu_seconds(pid)), time.monotonic() + _LONGEST
    while time.monotonic() < end:
        time.sleep(_EVERY)
        before, last = sum(cpu_seconds(pid)), before
        if not before - last > IDLE * _EVERY:  # NaN where it is unknown
            return
