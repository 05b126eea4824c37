"""A class and one attacker: the students' frame rates without him, beside him, and after him.

Students watch the opening 2-D run. The attacker goes through the dearest Specs that the server
allows and through some that it refuses, floods a live socket with commands and garbage, opens
sockets that are never read, and opens many at once. The limit: the worst student's frame rate
falls by at most a fifth. Programs are compiled ahead, as a teacher does by `ganlab warm`.

    python benchmarks/hostile.py --students 30 --seconds 60
    python benchmarks/hostile.py --students 6 --seconds 15   # a smoke run
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks.classroom_mix import warm
from benchmarks.classroom_page import Page, dial
from benchmarks.classroom_phases import Class
from benchmarks.classroom_probes import Table, machine, memory
from benchmarks.classroom_student import Student
from tests.browser.server import Server

FALL = 0.2  # of the worst frame rate
WIDE = "g_hidden=512,512,512,512&d_hidden=512,512,512,512&latent_dim=256"
# page and query: the first ones are allowed, the others refused
SPECS = (
    ("two", f"target=ring&batch=4096&{WIDE}"),
    ("two", f"target=ring&batch=1024&unroll=1&{WIDE}"),
    ("two", "target=ring&latent_dim=2&batch=256&minibatch_discrimination=32&minibatch_dims=8"),
    ("one", "unroll=20&batch=1024&g_hidden=64,64&d_hidden=64,64"),
    ("many", "target=ring&latent_dim=2&unroll=5&runs=64"),
    ("two", f"target=grid&batch=4096&unroll=20&k=20&{WIDE}"),
    ("two", "target=grid&latent_dim=2&batch=4096&minibatch_discrimination=64&minibatch_dims=16"),
    ("many", f"target=ring&batch=4096&runs=64&{WIDE}"),
)
TROUBLE = (OSError, TimeoutError, WebSocketException)
GARBAGE = ("{", "[" * 3000, '{"cmd": "set", "field": "k", "value": 1e99}', '{"cmd": "seed"}')


class Attacker:
    """Everything at once; `tally` counts what was done and what was refused."""

    def __init__(self, base: str, sockets: int, every: float):
        self.base, self.sockets, self.every = base, sockets, every
        self.tally: Counter = Counter()
        self._tasks: list[asyncio.Task] = []

    def begin(self) -> None:
        """Start."""
        for job in (self._specs, self._flood, self._deaf, self._crowd):
            self._tasks.append(asyncio.create_task(self._again(job)))

    async def end(self) -> None:
        """Stop and leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, job) -> None:
        while True:
            with contextlib.suppress(*TROUBLE):
                await job()
            await asyncio.sleep(1)

    async def _student(self, page: str = "two", query: str = "") -> Student:
        student = Student(self.base, page, query, 1, Counter())
        await student.join()
        return student

    async def _specs(self) -> None:
        """One dear Spec after another, each watched for some seconds."""
        for page, query in SPECS:
            self.tally["Specs opened"] += 1
            student = None
            try:
                student = await asyncio.wait_for(self._student(page, query), 20)
                await asyncio.sleep(self.every)
                self.tally["of them shown"] += bool(student.frames)
            except TROUBLE:
                self.tally["of them not shown in 20 s"] += 1
            finally:
                if student is not None:
                    student.vanish()

    async def _flood(self) -> None:
        """Commands and garbage as fast as the server takes them."""
        student = await self._student()
        try:
            while student.joined:
                for text in GARBAGE:
                    await student._live.send(text)
                    self.tally["messages"] += 1
                await asyncio.sleep(0)
        finally:
            student.vanish()

    async def _token(self) -> tuple[Page, str]:
        page = await Page.open(self.base, "two", "")
        following = asyncio.create_task(page.follow(lambda text: None))
        self._tasks.append(following)
        return page, (await asyncio.wait_for(page.ready, 20))["socket"]

    async def _deaf(self) -> None:
        """Pages whose live sockets are opened and never read."""
        sockets = []
        try:
            for _ in range(20):
                _, token = await self._token()
                for _ in range(5):
                    socket = await dial(self.base, token)
                    socket.transport.pause_reading()
                    sockets.append(socket)
                    self.tally["sockets never read"] += 1
            await asyncio.sleep(3600)
        finally:
            for socket in sockets:
                socket.transport.abort()

    async def _crowd(self) -> None:
        """Many sockets of one page at once, again and again."""
        page, token = await self._token()
        opened = await asyncio.gather(
            *(dial(self.base, token) for _ in range(self.sockets)), return_exceptions=True
        )
        await asyncio.sleep(2)
        for socket in opened:
            if isinstance(socket, BaseException):
                continue
            self.tally["sockets refused" if socket.close_code else "sockets kept"] += 1
            socket.transport.abort()
        page.stream.transport.abort()


async def rates(room: Class, seconds: float) -> list[float]:
    """Each student's frames a second for a while."""
    await asyncio.sleep(2)
    for student in room.students:
        student.frames = []
    start = time.time()
    await asyncio.sleep(seconds)
    return [
        sum(start <= at < start + seconds for at, _ in student.frames) / seconds
        for student in room.students
    ]


async def attack(options: argparse.Namespace, server: Server, table: Table) -> None:
    """Rows without him, with him and after him."""
    room = Class(options, server, table)
    await room.visit()
    await room.join()
    before = memory(server.pid)
    attacker = Attacker(server.url, options.sockets, options.every)
    found = {"without him": await rates(room, options.seconds)}
    attacker.begin()
    found["with him"] = await rates(room, options.seconds)
    peak = memory(server.pid)
    await attacker.end()
    await asyncio.sleep(5)
    found["after him"] = await rates(room, options.seconds)
    for name, values in found.items():
        text = f"{min(values):.1f} / {np.median(values):.1f}"
        table.add(f"{name}: frames/s, worst / median", "", text, None)
    worst = min(found["with him"]) / max(min(found["without him"]), 1e-9)
    text = f"{worst:.2f} of it without him"
    table.add("the worst frame rate with him", f">= {1 - FALL:g}", text, worst >= 1 - FALL)
    text = f"{before['MB']:.0f} before, {peak['MB']:.0f} with him, peak {peak['peak MB']:.0f}"
    table.add("memory of the server, MB", "", text, None)
    for name, count in sorted(attacker.tally.items()):
        table.add(f"  {name}", "", f"{count}", None)
    lost = room.tally["dead sockets"] + room.tally["errors"]
    table.add("students thrown out", "0", f"{lost}", lost == 0)
    table.add("tracebacks", "0", f"{server.log.count('Traceback')}", "Traceback" not in server.log)


def main() -> None:
    """Run it; exit with 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60, help="of each phase")
    parser.add_argument("--join", type=float, default=20, help="seconds over which they come")
    parser.add_argument("--every", type=float, default=8, help="seconds of each dear Spec")
    parser.add_argument("--sockets", type=int, default=200, help="that he opens at once")
    parser.add_argument("--page", choices=("one", "two"), default="two")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", help="write the server's log here")
    options = parser.parse_args()
    print(f"{machine()}; {options.students} students\n")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    if not options.eager:
        print(warm(), flush=True)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "log.txt") as server:
            asyncio.run(attack(options, server, table))
            if options.log:
                Path(options.log).write_text(server.log)
    if table.failed:
        sys.exit("NOT within the limits: " + "; ".join(table.failed))


if __name__ == "__main__":
    main()
