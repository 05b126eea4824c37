"""The class of the classroom benchmark: what its students do together, and the table's rows."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks.classroom_mix import MIX
from benchmarks.classroom_probes import CpuShares
from benchmarks.classroom_student import PARTS, Student
from benchmarks.limits import (
    CLASS_CPU,
    CLASS_LATENCY_MS,
    CLICKING,
    FAIRNESS,
    MIXED,
    ONE_SPEC,
    Table,
    most,
)
from tests.browser.server import Server

# The least and the median frames/s of each phase
FRAMES = {"one Spec": ONE_SPEC, "mixed": MIXED, "clicking": CLICKING, "churn": CLICKING}
OTHERS = most(20)  # % of a core that other processes may use for a valid result
STALL_SECONDS = 10.0  # a visible, playing student without a frame for this long is stalled
CALM_WINDOW = 5.0  # seconds of undisturbed watching that count for frames/s while others click
SILENT_SECONDS = 45.0  # half of those who vanish are silent this long; others reset connections
AWAY = (1.0, 20.0)  # seconds that a student who left stays away
TROUBLE = (OSError, TimeoutError, WebSocketException)


class Class:
    """The students of one server, and the phases that they go through."""

    def __init__(self, options: argparse.Namespace, server: Server, table: Table):
        self.options, self.server, self.table = options, server, table
        self.tally: Counter = Counter()
        self.random = random.Random(options.seed)
        self.students = [
            Student(server.url, options.page, "", options.seed + i, self.tally)
            for i in range(options.students)
        ]
        self.cpu = CpuShares(server.pid)
        self.lag = 0.0  # the longest delay of a message in this process
        self.windows: list[tuple[str, float, float]] = []
        self.samples: list[float] = []  # frames/s of calm students while others click

    # -- measuring ---------------------------------------------------------------------------

    async def window(self, name: str, seconds: float) -> tuple[float, float]:
        """Let the class continue for some seconds; then add rows of frames, clicks and CPU."""
        await asyncio.sleep(1)
        for student in self.students:
            student.frames, student.clicks, student.figures = [], [], []
        self.samples, self.lag = [], 0.0
        self.cpu.start()
        start = time.time()
        while time.time() < start + seconds:
            before, due = time.time(), min(CALM_WINDOW, start + seconds - time.time())
            await asyncio.sleep(due)
            self._sample(before, time.time())
        end = time.time()
        self.windows.append((name, start, end))
        self._clicks(name)
        figures = [ms for s in self.students for ms in s.figures]
        if figures:
            self.table.add(f"{name}: still figures, ms p50 / max", "", _spread(figures), None)
        text, others = self.cpu.shares()
        self.table.add(f"{name}: CPU, % of a core", "", text, None)
        self.table.row("  of others: the run counts if at most", others, OTHERS, "{:.0f}")
        use = self.cpu.use()
        self.table.row("  of the server, % of what others leave", use, CLASS_CPU, "{:.0f}")
        self.table.add(f"{name}: server's threads, % of a core", "", self.cpu.threads(), None)
        self.table.add(f"{name}: longest wait in this process, ms", "", f"{self.lag:.0f}", None)
        return start, end

    def _sample(self, start: float, end: float) -> None:
        for student in self.students:
            if student.joined and student.visible and student.calm and student.calm < start:
                frames = sum(start <= at < end for at, _ in student.frames)
                self.samples.append(frames / (end - start))

    def frames(self, name: str, values: list[float]) -> None:
        """The row of frames/s, over sessions or over calm stretches."""
        low, middle = FRAMES[name]
        limit, what = f"{low} / {middle.bound:g}", f"{name}: frames/s, min / median"
        if not values:
            self.table.add(what, limit, "none", False)
            return
        found = min(values), float(np.median(values))
        text = f"{found[0]:.1f} / {found[1]:.1f} (of {len(values)})"
        self.table.add(what, limit, text, low.holds(found[0]) and middle.holds(found[1]))

    def fairness(self, name: str, what: str, shares: list[float]) -> None:
        """The row of max/min."""
        ratio = max(shares) / min(shares) if shares and min(shares) > 0 else float("inf")
        low, high = (min(shares), max(shares)) if shares else (0, 0)
        text = f"{ratio:.2f} ({low:.3g} to {high:.3g})"
        self.table.row(f"{name}: {what}, max/min", ratio, FAIRNESS, text)

    def _clicks(self, name: str) -> None:
        kinds: dict[str, list[float]] = {}
        for student in self.students:
            for kind, _, ms in student.clicks:
                kinds.setdefault(kind, []).append(ms)
        every = [ms for values in kinds.values() for ms in values]
        if not every:
            return
        p50, p95 = np.percentile(every, (50, 95))
        text = f"{p50:.0f} / {p95:.0f} / {max(every):.0f} (of {len(every)})"
        self.table.row(f"{name}: clicks, ms p50 / p95 / max", p95, CLASS_LATENCY_MS, text)
        for kind, values in sorted(kinds.items()):
            self.table.add(f"  {kind}", "", _spread(values), None)

    # -- phases ------------------------------------------------------------------------------

    async def each(self, do: Callable[[Student], Coroutine[Any, Any, Any]], seconds: float) -> list:
        """Let every student do something, spread over some seconds; returns the results."""

        async def one(i: int, student: Student) -> Any:
            await asyncio.sleep(i * seconds / len(self.students))
            try:
                return await do(student)
            except TROUBLE as error:
                self.failure(student, do.__name__, error)
                student.vanish()
                return None

        done = await asyncio.gather(*(one(i, s) for i, s in enumerate(self.students)))
        return [result for result in done if result is not None]

    def failure(self, student: Student, what: str, error: BaseException) -> None:
        """Count an action that failed."""
        student.errors.append(f"{what}: {type(error).__name__}: {error}")
        self.tally["errors"] += 1

    async def join(self) -> None:
        """Everyone loads the page."""
        took = await self.each(Student.join, self.options.join)
        total = len(self.students)
        self.table.add("joined", f"{total}", f"{len(took)}", len(took) == total)
        for i, name in enumerate(PARTS if took else ()):
            spread = _spread([1000 * parts[i] for parts in took])
            self.table.add(f"  {name}, ms p50 / max", "", spread, None)

    async def steady(self, name: str, seconds: float, costs: list[float] | None) -> None:
        """Full speed for everyone, with clicks that do not change the cost of an update.

        `costs`: CPU seconds per iteration for each Spec of the mix, if the mix is on.
        """
        # A lab that tells its story would train at the story's speed.
        await self.each(lambda student: student.send(cmd="speed", value=0.0), 1)
        clicking = self._background(self._clicking(Student.harmless_click, self.options.every))
        start, end = await self.window(name, seconds)
        await _stop(clicking)
        rates, done = [], []
        for student in self.students:
            inside = [(at, i) for at, i in student.frames if start <= at < end]
            rates.append(len(inside) / (end - start))
            done.append(0.0)
            if len(inside) > 1:
                (t0, i0), (t1, i1) = inside[0], inside[-1]
                done[-1] = (i1 - i0) / (t1 - t0)
        self.frames(name, rates)
        if not self.options.eager:
            there = sum(
                s.status.get("backend", {}).get("state") == "compiled" for s in self.students
            )
            total = len(self.students)
            self.table.add(f"{name}: compiled", f"{total}", f"{there}", there == total)
        if costs is None:
            self.fairness(name, "iterations/s", done)
        else:
            shares = [100 * n * costs[i % len(MIX)] for i, n in enumerate(done)]
            self.fairness(name, "% of a core trained", shares)
            for i, cost in enumerate(costs[: len(rates)]):
                mine = slice(i, None, len(MIX))
                text = f"{min(rates[mine]):.1f}, {np.mean(shares[mine]):.2f} %"
                name = f"  {1000 * cost:.2f} ms each: frames/s min, trained"
                self.table.add(name, "", text, None)

    async def busy(self, seconds: float) -> None:
        """Everyone clicks on all controls."""
        clicking = self._background(self._clicking(Student.busy_click, self.options.every))
        await self.window("clicking", seconds)
        await _stop(clicking)
        self.frames("clicking", self.samples)
        # Some were stopped while they paused.
        await self.each(lambda student: student.send(cmd="play"), 1)

    async def churn(self, seconds: float) -> None:
        """Join, leave, reload, vanish, hide, click: each student does something now and then."""
        self.tally.update({"joins": -self.tally["joins"]})
        alarms = self._background([self._alarm()])
        living = self._background([self._live(s) for s in self.students])
        await self.window("churn", seconds)
        await _stop(living + alarms)
        self.frames("churn", self.samples)
        names = ("joins", "reloads", "vanished", "left", "hidden", "blinks")
        text = ", ".join(f"{self.tally[name]} {name}" for name in names)
        self.table.add("churn: events", "", text, None)

    async def _clicking_one(self, student: Student, do: Callable, every: float) -> None:
        while True:
            await asyncio.sleep(student.random.expovariate(1 / every))
            if student.joined and student.status:
                student.calm = student.calm if do is Student.harmless_click else 0.0
                try:
                    await do(student)
                except TROUBLE as error:
                    self.failure(student, "click", error)

    def _clicking(self, do: Callable, every: float) -> list[Coroutine]:
        return [self._clicking_one(student, do, every) for student in self.students]

    async def _live(self, student: Student) -> None:
        chances = {"click": 12, "reload": 3, "vanish": 3, "leave": 2, "hide": 3, "blink": 2}
        while True:
            await asyncio.sleep(student.random.expovariate(1 / self.options.every))
            what = student.random.choices(list(chances), list(chances.values()))[0]
            student.calm = 0.0
            try:
                if not student.joined:
                    what = "join"
                    await student.join()
                elif what == "click":
                    await student.busy_click()
                elif what == "hide":
                    self.tally["hidden"] += 1
                    await student.look(False)
                    await asyncio.sleep(student.random.uniform(3, 30))
                    await student.look(True)
                elif what == "blink":
                    self.tally["blinks"] += 1
                    await student.blink()
                else:
                    await self._come_back(student, what)
                student.calm = time.time()
                student.last_frame = time.time()
            except TROUBLE as error:
                self.failure(student, what, error)
                student.vanish()

    async def _come_back(self, student: Student, what: str) -> None:
        self.tally[{"reload": "reloads", "vanish": "vanished", "leave": "left"}[what]] += 1
        address = student.status.get("query", student.query)
        if what == "vanish":
            student.vanish(student.random.choice((0.0, SILENT_SECONDS)))
        else:
            await student.leave()
        if what == "reload":
            student.query = address
        else:
            await asyncio.sleep(student.random.uniform(*AWAY))
            student.page, student.query = student.random.choice(MIX)
        await student.join()

    async def _alarm(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.time()
            for student in self.students:
                watching = student.joined and student.visible and student.calm
                since = max(student.last_frame, student.calm)
                if watching and student.status.get("state") == "playing":
                    if now - since > STALL_SECONDS:
                        self.tally["stalls"] += 1
                        student.errors.append(f"no frame for {now - since:.0f} s")
                        student.last_frame = now

    async def measure_lag(self) -> None:
        """Measure how late this process is."""
        while True:
            due = time.time() + 0.05
            await asyncio.sleep(0.05)
            self.lag = max(self.lag, 1000 * (time.time() - due))

    def _background(self, work: list[Coroutine]) -> list[asyncio.Task]:
        return [asyncio.create_task(one) for one in work]

    async def remix(self) -> None:
        """Everyone reloads with a Spec of the mix."""

        async def change(student: Student) -> None:
            await student.leave()
            student.page, student.query = MIX[self.students.index(student) % len(MIX)]
            await student.join()

        await self.each(change, self.options.join / 2)

    async def visit(self, pages: Sequence[str] = ("one", "two")) -> None:
        """A student visits each of these labs: a first visit loads what all sessions share."""
        for page in pages:
            student = Student(self.server.url, page, "", 0, Counter())
            await student.join()
            await student.click("pause")
            await student.figure()
            await student.leave()


def _spread(ms: list[float]) -> str:
    return f"{np.median(ms):.0f} / {max(ms):.0f} (of {len(ms)})"


async def _stop(tasks: list[asyncio.Task]) -> None:
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        # Again: `wait_for` swallows a cancellation that comes together with its result.
        _, left = await asyncio.wait(left, timeout=1)
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()
