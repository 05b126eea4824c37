"""What the benchmarks share: their limits, the table that compares with them, and `--quick`.

A benchmark adds rows to a `Table` as it measures, and ends with `Table.finish`, which adds the time
that the benchmark itself took and exits with 1 if a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

LONGEST, QUICK = 480.0, 60.0  # seconds that a benchmark may take, and with --quick


class Limit(NamedTuple):
    """A bound of a measurement: the least value that is good, or the most."""

    bound: float
    most: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value keeps to the limit. NaN does not."""
        return value <= self.bound if self.most else value >= self.bound

    def __str__(self) -> str:
        return f"{'<=' if self.most else '>='} {self.bound:g}"


def least(bound: float) -> Limit:
    """The limit of a value that should be large."""
    return Limit(bound)


def most(bound: float) -> Limit:
    """The limit of a value that should be small."""
    return Limit(bound, most=True)


# One session alone, in Chromium at 60 Hz
FRESH_FRAMES = least(57)  # frames/s with a new iteration
SLOWDOWN = most(10)  # % of the training's speed, median
PICTURE_MS = {"one": most(0.5), "two": most(0.8)}
METRICS_MS = {"one": most(2), "two": most(8)}
SCRIPT_MS = most(6)  # JavaScript of a frame of the 2-D picture at 1280x720
LATENCY_MS = most(60)  # from a click to its effect in the picture, median
START_SECONDS = most(3)  # from `streamlit run` to the first trained frame, warm disk
COLD_START_SECONDS = most(6)  # the same with an empty disk cache

# A class of thirty: frames/s of the worst student and the median
ONE_SPEC = least(10), least(12)
MIXED = least(9), least(10)
CLICKING = least(6), least(9)  # and with churn
UNDER_ATTACK = least(0.8)  # of the worst frame rate without the attacker
WHILE_EXPORTING = least(0.667)  # of the worst frame rate, while all students press Export
FAIRNESS = most(1.3)  # the largest share of training / the least
CLASS_LATENCY_MS = most(250)  # 95 % of the clicks
CLASS_CPU = least(90)  # % that the server uses of the cores' time that others leave

# Many runs: % of the speed of the engine's own ensemble, or of two runs alone
MANY_SEEDS = least(70)
COMPARE = least(70)

# Sweeps: % of the engine's own rate without measures, and of the processes' rate
SWEEP_RATE = least(80)
CLUSTER_RATE = least(90)
MAP_MINUTES = most(20)  # 20 x 20 cells with 8 seeds of 2,000 iterations
SWEEP_MEMORY = most(1.1)  # times the memory that a quarter of the runs takes


def machine() -> str:
    """Cores, processor and load in one line."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*:\s*(.+)", info.read_text())
        processor = found[1] if found else processor
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {processor}, {platform.system()}{load}"


def parse(parser: argparse.ArgumentParser, quick: dict[str, Any]) -> argparse.Namespace:
    """The options. With `--quick`, those in `quick` are the defaults, and suffice for 60 s."""
    words = f"measure for at most {QUICK:g} s: a noisier result"
    parser.add_argument("--quick", action="store_true", help=words)
    if parser.parse_known_args()[0].quick:
        parser.set_defaults(**quick)
    return parser.parse_args()


class Table:
    """Rows of name, limit, measurement, verdict; printed as they are added."""

    def __init__(self, began: float | None = None) -> None:
        """began: the time of the benchmark's start by `time.monotonic()`, if that is not now."""
        self.failed: list[str] = []
        self._began = time.monotonic() if began is None else began
        self.add("what", "limit", "measured", None)
        print(f"|{'-' * 44}|{'-' * 12}|{'-' * 50}|-----|", flush=True)

    def add(self, what: str, limit: Limit | str, measured: str, good: bool | None) -> None:
        """good: whether the limit is kept; None if there is no limit."""
        verdict = {None: "", True: "ok", False: "NOT"}[good]
        if good is False:
            self.failed.append(what)
        print(f"| {what:<42} | {limit!s:<10} | {measured:<48} | {verdict:<3} |", flush=True)

    def row(self, what: str, value: float, limit: Limit | None = None, text: str = "") -> None:
        """A measured value beside its limit; text: what is printed, {} stands for the value."""
        good = None if limit is None else limit.holds(value)
        self.add(what, "" if limit is None else limit, (text or "{:.3g}").format(value), good)

    def finish(self, quick: bool) -> None:
        """Add the time since the table began; exit with 1 if a limit is exceeded."""
        took = time.monotonic() - self._began
        self.row("this benchmark, s", took, most(QUICK if quick else LONGEST), f"{took:.0f}")
        if self.failed:
            sys.exit("NOT within the limits: " + "; ".join(self.failed))
