"""What this process may use of the machine: cores and memory, also within a container."""

from __future__ import annotations

import math
import os
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")  # of this process, as a container sees it
_MEMINFO = Path("/proc/meminfo")
_MARKS = Path("/.dockerenv"), Path("/run/.containerenv")


def cores() -> float:
    """The cores that this process may use: of the machine, its affinity and its container."""
    affinity = getattr(os, "sched_getaffinity", None)
    count = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    quota, period = _numbers(_GROUP / "cpu.max", 2)
    return min(count, quota / period) if quota > 0 and period > 0 else count


def whole_cores() -> int:
    """The number of busy processes or threads that make use of `cores`, at least 1."""
    return max(1, math.ceil(cores() - 0.1))


def core_numbers(without_one: bool = False) -> set[int]:
    """The numbers of this process's cores, on Linux; without_one: leave one of several out."""
    affinity = getattr(os, "sched_getaffinity", None)
    numbers = sorted(affinity(0)) if affinity else []
    return set(numbers[:-1] if without_one and len(numbers) > 1 else numbers)


def free_mb() -> float | None:
    """The memory in MB that this process may still use; None if the system does not say."""
    try:
        lines = _MEMINFO.read_text().splitlines()
        (free,) = (float(line.split()[1]) / 1e3 for line in lines if "MemAvailable" in line)
    except (OSError, ValueError):  # not on Linux
        return None
    (most,), (used,) = (_numbers(_GROUP / f"memory.{name}", 1) for name in ("max", "current"))
    return min(free, max(0.0, most - used) / 1e6) if most == most and used == used else free


def in_container() -> bool:
    """Whether this process is in a container of Docker or Podman, which has its own network."""
    return any(mark.exists() for mark in _MARKS)


def _numbers(path: Path, count: int) -> list[float]:
    """The first numbers of a control group's file; NaN where there is none or no limit ("max")."""
    try:
        return [float(word) for word in path.read_text().split()[:count]]
    except (OSError, ValueError):
        return [math.nan] * count
