"""Many seeds and comparisons while they are watched, beside the engine alone; table and limits.

A client without a browser (classroom_student.py) watches a page at full speed and acknowledges its
frames. Windows in which it plays alternate with windows in which it is paused while processes of
their own train the same runs with `Run.advance`: an ensemble of all seeds on all cores, or one
process for each run of a comparison, at the same time. Shares compare neighbouring windows, since
the machine's speed drifts. Programs are compiled ahead.

    python benchmarks/seeds.py --windows 8 --cases 16,64
    python benchmarks/seeds.py --query "target=spiral&g_hidden=128,128&d_hidden=128,128"
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.at_rest import cpu_seconds, rest
from benchmarks.classroom_mix import warm
from benchmarks.classroom_student import Student
from benchmarks.limits import COMPARE, LATENCY_MS, MANY_SEEDS, Limit, Table, least, machine, parse
from ganlab import Spec
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.presets import DEFAULTS
from tests.browser.server import Server

FRAMES = least(10)  # frames/s of the tiles
SETTLE = 0.5  # seconds from a click to the window

# Trains for the seconds in the line it has read; prints iterations/s of all its runs together.
_ALONE = """
import sys, time, torch
from ganlab import Run
from ganlab.experiment import Experiment
torch.set_num_threads(1)
run = Run(Experiment.from_query(sys.argv[1]).rows(0))
run.compile()
count, runs = 1, len(run.specs)
for line in sys.stdin:
    start, done = time.perf_counter(), 0
    while (began := time.perf_counter()) < start + float(line):
        done += run.advance(count)
        count = max(1, min(2 * count, int(count * 0.1 / (time.perf_counter() - began))))
    print(runs * done / (time.perf_counter() - start), flush=True)
"""


class Alone:
    """The runs of an experiment without a page, idle between windows."""

    def __init__(self, experiment: Experiment):
        pipe = subprocess.PIPE
        each = [Experiment.of(spec, experiment.seeds) for spec in experiment.specs]
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-c", _ALONE, one.to_query()], stdin=pipe, stdout=pipe, text=True
            )
            for one in each
        ]
        self.rate(1)

    def rate(self, seconds: float) -> float:
        """Run-iterations/s of the slowest process: runs side by side wait for each other."""
        for process in self._processes:
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        return min(float(process.stdout.readline()) for process in self._processes)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.stdin.close()
            process.wait(10)


class Case(NamedTuple):
    """An experiment that is watched: its page, and the limit of its share."""

    name: str
    page: str
    make: Callable[[Spec], Experiment]
    limit: Limit


CASES = {
    "16": Case("16 seeds", "many", lambda spec: Experiment.of(spec, 16), MANY_SEEDS),
    "64": Case("64 seeds", "many", lambda spec: Experiment.of(spec, 64), MANY_SEEDS),
    "compare": Case(
        "compare", "compare", lambda spec: Comparison((spec, spec.replace(d_lr=2 * spec.d_lr)),
        ("d_lr",)), COMPARE,
    ),
}  # fmt: skip


class Watched:
    """A student at full speed on the page of an experiment."""

    def __init__(self, base: str, page: str, experiment: Experiment):
        self.runs = experiment.seeds
        self.student = Student(base, page, experiment.to_query(), 0, Counter())

    async def join(self) -> None:
        """Open the page, and wait until the runs are compiled; then pause."""
        await self.student.join()
        await self.student.click("speed", 0.0)
        async with asyncio.timeout(120):
            while self.student.status.get("backend", {}).get("state") != "compiled":
                await asyncio.sleep(0.1)
        await self.student.click("pause")

    async def window(self, seconds: float) -> tuple[float, list[float]]:
        """Play for a while: run-iterations/s, and seconds between frames with new iterations."""
        student = self.student
        await student.click("play")
        await asyncio.sleep(SETTLE)
        student.frames.clear()
        await asyncio.sleep(seconds)
        frames = list(student.frames)
        await student.click("pause")
        await asyncio.sleep(SETTLE)
        fresh = frames[:1]
        for when, iteration in frames[1:]:
            if iteration != fresh[-1][1]:
                fresh.append((when, iteration))
        if len(fresh) < 2:
            return 0.0, [seconds]
        (t0, i0), (t1, i1) = fresh[0], fresh[-1]
        gaps = [b[0] - a[0] for a, b in zip(fresh[:-1], fresh[1:], strict=True)]
        return self.runs * (i1 - i0) / (t1 - t0), gaps

    async def delays(self, repeats: int) -> dict[str, list[float]]:
        """Milliseconds from a click to the first message that shows it."""
        student = self.student
        for i in range(repeats):
            await student.click("play")
            await asyncio.sleep(SETTLE + 0.1 * i)
            await student.click("pause")
            await asyncio.sleep(SETTLE)
            await student.click("step")
        return {
            kind: [took for name, _, took in student.clicks if name == kind][-repeats:]
            for kind in ("pause", "step")
        }


async def measure(
    base: str, pid: int, case: Case, spec: Spec, table: Table, options: argparse.Namespace
) -> None:
    """The rows of one case."""
    experiment, seconds = case.make(spec), options.seconds
    watched = Watched(base, case.page, experiment)
    await watched.join()
    alone = Alone(experiment)
    await asyncio.to_thread(rest, pid)
    free, rates, gaps, cpu = [alone.rate(seconds)], [], [], []
    for _ in range(options.windows):
        before, began = cpu_seconds(pid), time.perf_counter()
        rate, found = await watched.window(seconds)
        took = time.perf_counter() - began - SETTLE  # it is idle after the window
        cpu.append([100 * (b - a) / took for a, b in zip(before, cpu_seconds(pid), strict=True)])
        rates.append(rate)
        gaps += found
        await asyncio.to_thread(rest, pid)
        free.append(await asyncio.to_thread(alone.rate, seconds))
    alone.close()
    delays = await watched.delays(options.clicks)
    await watched.student.leave()
    shares = sorted(
        200 * rate / (a + b) for rate, a, b in zip(rates, free[:-1], free[1:], strict=True)
    )
    middle = statistics.median
    table.row(f"{case.name}: run-iterations/s alone", middle(free), text=f"{middle(free):.0f}")
    table.row(f"{case.name}: watched", middle(rates), text=f"{middle(rates):.0f}")
    text = f"{middle(shares):.0f} ({shares[0]:.0f} to {shares[-1]:.0f})"
    table.row(f"{case.name}: share, %", middle(shares), case.limit, text)
    text = (
        f"{len(gaps) / sum(gaps):.1f} (gaps: {1000 * middle(gaps):.0f}, {1000 * max(gaps):.0f} ms)"
    )
    table.row(f"{case.name}: frames/s", len(gaps) / sum(gaps), FRAMES, text)
    server, processes = (middle(values) for values in zip(*cpu, strict=True))
    text = f"{server:.0f}, {processes:.0f}"
    table.row(f"{case.name}: CPU of server, of processes, %", server, text=text)
    for kind, values in delays.items():
        text = f"{middle(values):.0f} / {max(values):.0f}" if values else "lost"
        value = middle(values) if values else float("nan")
        table.row(f"{case.name}: {kind}, ms median / max", value, LATENCY_MS, text)
    errors = watched.student.errors
    table.add(f"{case.name}: errors", "0", "; ".join(errors)[:48] or "0", not errors)


async def lesson(options: argparse.Namespace, server: Server, table: Table, spec: Spec) -> None:
    """All cases, one after the other."""
    for name in options.cases.split(","):
        case = CASES[name]
        await measure(server.url, server.pid, case, spec, table, options)


def main() -> None:
    """Measure; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="of each window")
    parser.add_argument("--windows", type=int, default=8, help="watched, each between others")
    parser.add_argument("--clicks", type=int, default=7, help="of each kind")
    parser.add_argument("--cases", default="16,64,compare", help=f"of {', '.join(CASES)}")
    parser.add_argument("--query", default="", help="of another Spec than the 2-D lab's default")
    options = parse(parser, {"seconds": 1.5, "windows": 2, "clicks": 3, "cases": "64,compare"})
    if options.seconds <= 0 or options.windows < 1 or not set(options.cases.split(",")) <= {*CASES}:
        parser.error(f"seconds and windows above 0, and cases of {', '.join(CASES)}")
    os.environ |= {"GANLAB_COMPILE": "on", "GANLAB_IDLE_PROGRAMS": "0"}
    spec = Spec.from_query(options.query) if options.query else DEFAULTS[2]
    print(f"{machine()}\n{warm([('two', spec.to_query())])}")
    print(f"{options.windows} windows of {options.seconds:g} s\n")
    table = Table()
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "log.txt") as server:
        asyncio.run(lesson(options, server, table, spec))
        table.add(
            "tracebacks", "0", str(server.log.count("Traceback")), "Traceback" not in server.log
        )
    table.finish(options.quick)


if __name__ == "__main__":
    main()
