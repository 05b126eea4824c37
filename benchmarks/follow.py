"""A class that follows one teacher on a real server: thirty WebSockets, one run.

The teacher loads a page without a browser (classroom_student.py) and starts a class; followers
acknowledge each frame after the time to draw it. Measured: frames per second of the followers, with
and without some that read nothing and some that flood the server; whether all get the same bytes;
how long until a pause and an answer are seen; the time until all follow again after their
teacher has opened another page. All clients are in this process, on the same cores as the server.
So that other load on the machine can be told apart, the frame rate is also printed that the CPU
time of the server would allow on two free cores.

    python benchmarks/follow.py --followers 30 --seconds 20
    python benchmarks/follow.py --quick
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import statistics
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from benchmarks.classroom_page import dial
from benchmarks.classroom_phases import FRAMES
from benchmarks.classroom_probes import CpuShares, memory
from benchmarks.classroom_student import DRAW_SECONDS, Student
from benchmarks.limits import Table, least, machine, most, parse
from tests.browser.server import Server

FOLLOWED = FRAMES["one Spec"][0]  # frames/s of the worst follower, as of a student with a run
SEEN_MS = most(1000)  # from the teacher's pause until all know
AGAIN_SECONDS = most(8)  # until all follow the teacher's other page
DEAF_MB = most(30)  # that followers cost who read nothing, each with its buffers


class Follower:
    """One who follows: counts frames, and notes what the newest messages say."""

    def __init__(self, base: str, code: str, number: int):
        self.base, self.path = base, f"class/{code}?me={number:032x}"
        self.frames: list[float] = []  # arrival
        self.digests: dict[bytes, bytes] = {}  # of frames, by their headers
        self.status: dict[str, Any] = {}
        self.asked: dict[str, Any] = {}
        self.lost = 0
        self._socket: ClientConnection | None = None
        self._count = 0
        self._drawing = False
        self._tasks: set[asyncio.Task] = set()

    async def run(self) -> None:
        """Follow, and connect again whenever the class goes on elsewhere."""
        while True:
            self._socket = await dial(self.base, self.path)
            self._count = 0
            try:
                async for raw in self._socket:
                    self._hear(raw)
            except ConnectionClosed:
                pass
            self.lost += 1
            await asyncio.sleep(0.3 * random.uniform(0.7, 1.3))

    def _hear(self, raw: bytes) -> None:
        text = raw[4 : 4 + int.from_bytes(raw[:4], "little")]
        header = json.loads(text)
        if header["type"] == "frame":
            self._count += 1
            self.frames.append(time.perf_counter())
            self.digests[text] = hashlib.blake2b(raw, digest_size=8).digest()
            if not self._drawing:
                self._drawing = True
                asyncio.get_running_loop().call_later(DRAW_SECONDS, self._draw)
        elif header["type"] == "status":
            self.status = header
        elif header["type"] == "class":
            self.asked = header

    def _draw(self) -> None:
        self._drawing = False
        task = asyncio.get_running_loop().create_task(self.send(cmd="ack", n=self._count))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, **command: Any) -> None:
        """Send a command; does nothing while the connection is lost."""
        try:
            if self._socket is not None:
                await self._socket.send(json.dumps(command))
        except (ConnectionClosed, OSError):
            pass


class Teacher:
    """The teacher's socket, and what it says of the class."""

    def __init__(self, socket: ClientConnection):
        self.socket, self.state = socket, {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, base: str, session: str) -> tuple[Teacher, str]:
        """Start a class of the session with the token "live/..."; returns its code, too."""
        ask = urllib.request.Request(f"{base}/{session}/class", method="POST")
        answer = await asyncio.to_thread(urllib.request.urlopen, ask)
        made = json.loads(answer.read())
        teacher = cls(await dial(base, f"class/{made['code']}/teach"))
        teacher.token = made["token"]
        await teacher.send(cmd="enter", token=teacher.token, session=session.split("/")[-1])
        return teacher, made["code"]

    async def _read(self) -> None:
        async for text in self.socket:
            self.state = json.loads(text)

    async def send(self, **command: Any) -> None:
        """Send a command."""
        await self.socket.send(json.dumps(command))


async def until(condition: Any, seconds: float = 30.0) -> float:
    """Seconds until `condition()` holds; NaN if it does not in time."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > seconds:
            return float("nan")
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


async def watch(followers: list[Follower], seconds: float) -> list[float]:
    """Frames per second of each, over a time."""
    for one in followers:
        one.frames.clear()
    await asyncio.sleep(seconds)
    return [len(one.frames) / seconds for one in followers]


def agree(followers: list[Follower]) -> tuple[int, int]:
    """How many pictures two or more have got, and how many of them as different bytes."""
    seen: dict[bytes, list[bytes]] = defaultdict(list)
    for one in followers:
        for header, digest in one.digests.items():
            seen[header].append(digest)
    shared = [digests for digests in seen.values() if len(digests) > 1]
    return len(shared), sum(len(set(digests)) > 1 for digests in shared)


async def lesson(options: argparse.Namespace, server: Server, table: Table) -> None:
    """All phases and their rows."""
    base, tally = server.url, Counter()
    student = Student(base, "two", "", 0, tally)
    await student.join()
    teacher, code = await Teacher.start(base, student._token)
    followers = [Follower(base, code, i) for i in range(options.followers)]
    tasks = [asyncio.create_task(one.run()) for one in followers]
    took = await until(lambda: all(len(one.frames) > 1 for one in followers))
    table.row("s until all follow", took, AGAIN_SECONDS)
    await until(lambda: teacher.state.get("followers", 0) >= options.followers, 2.0)
    count = teacher.state.get("followers", 0)
    table.row("followers that the teacher sees", count, least(options.followers))

    await asyncio.sleep(2)
    student.frames.clear()
    shares = CpuShares(server.pid)
    rates = await watch(followers, options.seconds)
    busy, (text, _) = shares.busy(), shares.shares()
    own = len(student.frames) / options.seconds
    table.row("frames/s, worst follower", min(rates), FOLLOWED)
    table.row("frames/s, median", statistics.median(rates), FOLLOWED)
    table.row("frames/s, the teacher", own, FOLLOWED)
    table.row("the same, if two cores were free", 2 * statistics.mean(rates) / busy, FOLLOWED)
    print(f"CPU time, % of a core: {text}", flush=True)

    began = time.perf_counter()
    await teacher.send(cmd="ask", text="How many modes?", choices=["one", "two", "all"])
    await until(lambda: all(one.asked.get("question") for one in followers))
    number = followers[0].asked["question"]["number"]
    for i, one in enumerate(followers):
        await one.send(cmd="answer", question=number, value=i % 3)
    expected = [len(followers[i::3]) for i in range(3)]
    right = lambda: (teacher.state.get("question") or {}).get("counts") == expected  # noqa: E731
    await until(right)
    took = 1000 * (time.perf_counter() - began)
    table.row("ms from a question to all answers", took if right() else float("nan"), most(2000))

    before = memory(server.pid)["MB"]
    deaf = [await dial(base, f"class/{code}?me={500 + i:032x}") for i in range(5)]
    for socket in deaf:
        socket.transport.pause_reading()
    noisy = Follower(base, code, 999)
    tasks.append(asyncio.create_task(noisy.run()))

    async def flood() -> None:
        while True:
            await noisy.send(cmd="play", value=1)
            await noisy.send(cmd="set", field="k", value=7)
            await asyncio.sleep(0.001)

    flooding = asyncio.create_task(flood())
    rates = await watch(followers, options.seconds)
    flooding.cancel()
    table.row("frames/s, worst beside 5 deaf and a flood", min(rates), FOLLOWED)
    table.row("MB that these cost", memory(server.pid)["MB"] - before, DEAF_MB)
    values = student.status["values"]
    table.row("k after the flood", values["k"], most(1))
    for socket in deaf:
        socket.transport.abort()

    began = time.perf_counter()
    await student.send(cmd="pause")
    await until(lambda: all(one.status.get("state") == "paused" for one in followers))
    table.row("ms until all see a pause", 1000 * (time.perf_counter() - began), SEEN_MS)
    shared, different = agree(followers)
    table.row("pictures that several got", shared, least(20))
    table.row("of them with different bytes", different, most(0))

    other = Student(base, "one", "", 1, tally)
    await other.join()
    for one in followers:
        one.frames.clear()
    began = time.perf_counter()
    await teacher.send(cmd="enter", session=other._token.split("/")[-1])
    await until(lambda: all(one.frames for one in followers))
    table.row("s until all follow to another page", time.perf_counter() - began, AGAIN_SECONDS)
    rates = await watch(followers, options.seconds)
    table.row("frames/s, worst follower, 1-D", min(rates), FOLLOWED)
    for task in tasks:
        task.cancel()
    await student.leave()
    await other.leave()
    table.row("tracebacks", server.log.count("Traceback"), most(0))


def main() -> None:
    """Run all phases; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--followers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20, help="of each phase")
    options = parse(parser, {"seconds": 5.0})
    if not 1 <= options.followers <= 50 or options.seconds <= 0:
        parser.error("1 to 50 followers, and times above 0")
    print(f"{machine()}; {options.followers} followers\n")
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "log.txt") as server:
            asyncio.run(lesson(options, server, table))
    table.finish(options.quick)


if __name__ == "__main__":
    main()
