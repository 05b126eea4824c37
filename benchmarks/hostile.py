"""A class and one attacker: the students' frame rates with and without the attacker, in turns.

Students watch the default 2-D run at full speed; hostile_attacker.py describes the attacks. Phases
with and without the attacker alternate, so that other load on the machine affects both. The limit:
the worst student's frame rate falls by at most a fifth. The program of the default run is compiled
ahead, as by `ganlab warm`.

    python benchmarks/hostile.py --students 30 --seconds 40
    python benchmarks/hostile.py --quick

With `--exports` there is no attacker: instead, every student asks for one file after the other.
The limit: the worst student's frame rate falls by at most a third.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.classroom_mix import warm
from benchmarks.classroom_phases import Class
from benchmarks.classroom_probes import CpuShares, memory
from benchmarks.limits import UNDER_ATTACK, WHILE_EXPORTING, Table, machine, most, parse
from tests.browser.server import ROOT, Server

JOBS = ("specs", "flood", "deaf", "crowd")
FILES = ("sizes", "script", "csv", "data", "run")


class Attacker:
    """The attacker's process, which is told when to start and to stop."""

    def __init__(self, url: str, options: argparse.Namespace):
        command = [sys.executable, "-m", "benchmarks.hostile_attacker", url]
        command += ["--sockets", str(options.sockets), "--every", str(options.every)]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def begin(self, jobs: Sequence[str]) -> None:
        """Start these of `JOBS`."""
        self._process.stdin.write(f"begin {' '.join(jobs)}\n")
        self._process.stdin.flush()

    async def end(self) -> None:
        """Stop the attack."""
        self._process.stdin.write("end\n")
        self._process.stdin.flush()
        assert await asyncio.to_thread(self._process.stdout.readline) == "done\n"

    async def close(self) -> dict[str, int]:
        """End the process; returns what it has done."""
        said, _ = await asyncio.to_thread(self._process.communicate, timeout=60)
        return json.loads(said)


class Exporters:
    """All students, who press Export in place of an attacker."""

    def __init__(self, room: Class):
        self._room, self._tasks = room, []

    def begin(self, jobs: Sequence[str]) -> None:
        """Let each of them download one file after the other."""
        self._tasks = [
            asyncio.create_task(student.take_home(itertools.cycle(FILES)))
            for student in self._room.students
        ]

    async def end(self) -> None:
        """Stop it."""
        for task in self._tasks:
            task.cancel()
        for error in await asyncio.gather(*self._tasks, return_exceptions=True):
            self._room.tally["errors"] += isinstance(error, TimeoutError)

    async def close(self) -> dict[str, int]:
        """How many files have come."""
        return {"files": self._room.tally["files"]}


class Watched(NamedTuple):
    """Each student's frames and iterations per second, and the longest time without a frame, s."""

    frames: list[float]
    iterations: list[float]
    longest: float


async def watch(room: Class, seconds: float) -> Watched:
    """What the students see for some seconds."""
    for student in room.students:
        student.frames = []
    start = time.time()
    await asyncio.sleep(seconds)
    end, frames, iterations, longest = time.time(), [], [], 0.0
    for student in room.students:
        seen = [(at, count) for at, count in student.frames if start <= at < end]
        times, counts = [at for at, _ in seen], [count for _, count in seen]
        frames.append(len(seen) / (end - start))
        iterations.append((counts[-1] - counts[0]) / (times[-1] - times[0]) if seen[1:] else 0.0)
        longest = max(longest, *np.diff([start, *times, end]))
    return Watched(frames, iterations, longest)


async def attack(options: argparse.Namespace, server: Server, table: Table) -> None:
    """Print rows without and with the attacker, in turn, and the verdict."""
    room = Class(options, server, table)
    start = (Exporters, room) if options.exports else (Attacker, server.url, options)
    coming = asyncio.create_task(asyncio.to_thread(*start))
    await room.visit([options.page])
    await room.join()
    for student in room.students:
        await student.click("speed", 0.0)
    await asyncio.sleep(options.rest)
    him = await coming
    cpu, worst = CpuShares(server.pid), []
    before, peak = memory(server.pid), 0.0
    rounds = [[job] for job in options.only] if options.each else [options.only]
    for turn in range(2 * options.pairs * len(rounds) + 1):
        hostile, jobs = turn % 2 == 1, rounds[turn // 2 % len(rounds)]
        if hostile:
            him.begin(jobs)
        await asyncio.sleep(options.rest)
        cpu.start()
        rates, iterations, longest = await watch(room, options.seconds)
        worst.append(min(rates))
        name = f"with {_him(options)}" if hostile else f"without {_him(options)}"
        name = f"by {jobs[0]} only" if hostile and options.each else name
        text = f"{min(rates):.2f} / {np.median(rates):.2f}, longest gap {longest:.1f} s"
        table.add(f"{name}: frames/s, worst / median", "", text, None)
        text = f"{min(iterations):.1f} / {np.median(iterations):.1f}"
        table.add("  iterations/s, worst / median", "", text, None)
        text, others = cpu.shares()
        table.add("  CPU, % of a core", "", text.replace("Chromium", "attacker"), None)
        table.add("  of others", "", f"{others:.0f}", None)
        table.add("  server's threads, % of a core", "", cpu.threads(), None)
        peak = max(peak, memory(server.pid)["MB"])
        if hostile:
            await him.end()
            await asyncio.sleep(options.rest)
    _verdict(options, table, worst)
    text = f"{before['MB']:.0f} before, {peak:.0f} at a phase's end"
    text += f", peak {memory(server.pid)['peak MB']:.0f}"
    table.add("memory of the server, MB", "", text, None)
    for name, count in sorted((await him.close()).items()):
        table.add(f"  {name}", "", f"{count:,}", None)
    lost = room.tally["dead sockets"] + room.tally["errors"]
    table.row("students disconnected", lost, most(0))
    table.row("tracebacks", server.log.count("Traceback"), most(0))
    for student in room.students:
        for error in student.errors[:3]:
            print(error)


def _verdict(options: argparse.Namespace, table: Table, worst: list[float]) -> None:
    """Each phase with the attacker compared with the mean of those before and after it."""
    if not options.pairs:
        return
    shares = [
        2 * worst[i] / max(worst[i - 1] + worst[i + 1], 1e-9) for i in range(1, len(worst), 2)
    ]
    middle = float(np.median(shares))
    him = _him(options)
    text = f"{middle:.2f} of it without {him} ({', '.join(f'{s:.2f}' for s in shares)})"
    limit = WHILE_EXPORTING if options.exports else UNDER_ATTACK
    table.row(f"the worst frame rate with {him}", middle, limit, text)


def _him(options: argparse.Namespace) -> str:
    return "exports" if options.exports else "him"


def main() -> None:
    """Execute the benchmark; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=40, help="of each phase")
    parser.add_argument("--rest", type=float, default=5, help="seconds after an attack")
    parser.add_argument("--pairs", type=int, default=3, help="attacked phases; one more without")
    parser.add_argument("--join", type=float, default=20, help="seconds over which students join")
    parser.add_argument("--every", type=float, default=8, help="seconds of each expensive Spec")
    parser.add_argument("--sockets", type=int, default=200, help="sockets to open at once")
    parser.add_argument("--only", nargs="+", choices=JOBS, default=JOBS, help="attacks to make")
    parser.add_argument("--exports", action="store_true", help="no attacker: all press Export")
    parser.add_argument("--each", action="store_true", help="one of these after the other")
    parser.add_argument("--page", choices=("one", "two"), default="two")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", help="write the server's log here")
    quick = {"students": 12, "join": 3.0, "seconds": 6.0, "pairs": 1, "rest": 2.0}
    options = parse(parser, quick)
    print(f"{machine()}; {options.students} students\n")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    if not options.eager:
        print(warm([(options.page, "")]), flush=True)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "log.txt") as server:
            try:
                asyncio.run(attack(options, server, table))
            finally:
                if options.log:
                    Path(options.log).write_text(server.log)
    table.finish(options.quick)


if __name__ == "__main__":
    main()
