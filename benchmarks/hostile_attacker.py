"""An attacker on a server, in a process of its own: `python -m benchmarks.hostile_attacker URL`.

It requests the most expensive Specs that the server allows and some that it refuses, floods live
sockets with commands and garbage, opens sockets that are never read, and opens many at once. It
prints "ready", starts ("begin flood crowd") and stops as the lines of its standard input say, and
prints what it has done as JSON when its standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections import Counter

from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode

from benchmarks.classroom_page import Page, dial
from benchmarks.classroom_student import Student
from ganlab.live.budget import afford
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.spec import Spec

_WIDE = "g_hidden=512,512,512,512&d_hidden=512,512,512,512&latent_dim=256"
# Page and query, each used with the largest batch and number of seeds that the server allows.
DEAR = (
    ("two", f"target=ring&{_WIDE}"),
    ("two", f"target=ring&unroll=1&{_WIDE}"),
    ("two", "target=ring&latent_dim=2&minibatch_discrimination=64&minibatch_dims=16"),
    ("one", "unroll=20&g_hidden=64,64&d_hidden=64,64"),
    ("one", "unroll=20&g_hidden=8&d_hidden=8"),
    ("many", "target=ring&latent_dim=2&unroll=5&runs=64"),
)
REFUSED = (
    ("two", f"target=grid&batch=4096&unroll=20&k=20&{_WIDE}"),
    ("two", "target=grid&latent_dim=2&batch=4096&minibatch_discrimination=64&minibatch_dims=16"),
    ("many", f"target=ring&batch=4096&runs=64&{_WIDE}"),
)
TROUBLE = (OSError, TimeoutError, WebSocketException)
GARBAGE = (
    "{",
    "[" * 3000,
    "null",
    '{"cmd": "seed"}',
    '{"cmd": "restart"}',
    '{"cmd": "step"}',
    '{"cmd": "set", "field": "k", "value": 1e99}',
    '{"cmd": "set", "field": "unroll"}',
    '{"cmd": "set", "field": "k", "value": 3}',
    '{"cmd": "figure"}',
    '{"cmd": "hello"}',
)
_FLOODS = 4  # sockets that flood at once
_BUFFER = 2**16  # bytes that wait to be sent


def dearest(page: str, query: str) -> str:
    """`query` with the largest batch that the server allows there, and fewer seeds if necessary."""
    base = DEFAULTS[1 if page == "one" else 2]
    pairs = dict(pair.split("=") for pair in query.split("&"))
    runs = [int(pairs.pop("runs"))] if page == "many" else [1]
    runs += [n for n in (36, 16) if n < runs[0]]
    for count in runs:
        for batch in (4096, 2048, 1024, 512, 256, 128, 64, 32, 16):
            spec = Spec.from_query([*pairs.items(), ("batch", str(batch))], [], base)
            try:
                afford([spec], count)
            except SpecError:
                continue
            return spec.to_query() + (f"&runs={count}" if page == "many" else "")
    raise SpecError("query", query, "something that this server allows")


class Attacker:
    """All attacks at once; `tally` counts actions and refusals."""

    def __init__(self, base: str, sockets: int, every: float):
        self.base, self.sockets, self.every = base, sockets, every
        self.specs = [(page, dearest(page, query)) for page, query in DEAR] + list(REFUSED)
        self.tally: Counter = Counter()
        self._tasks: set[asyncio.Task] = set()

    def begin(self, jobs: set[str]) -> None:
        """Start these of its jobs."""
        own = {"specs": self._specs, "flood": self._flood, "deaf": self._deaf, "crowd": self._crowd}
        for name, job in own.items():
            if name in jobs:
                for _ in range(_FLOODS if name == "flood" else 1):
                    self._tasks.add(asyncio.create_task(self._again(job)))

    async def end(self) -> None:
        """Stop and leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _again(self, job) -> None:
        while True:
            with contextlib.suppress(*TROUBLE):
                await job()
            self.tally[f"rounds of {job.__name__[1:]}"] += 1
            await asyncio.sleep(1)

    async def _specs(self) -> None:
        """One expensive Spec after another, each watched for some seconds."""
        for page, query in self.specs:
            self.tally["Specs opened"] += 1
            student = Student(self.base, page, query, 1, Counter())
            try:
                await asyncio.wait_for(student.join(), 20)
                await asyncio.sleep(self.every)
                self.tally["of them shown"] += bool(student.frames)
            except TROUBLE:
                self.tally["of them not shown in 20 s"] += 1
            finally:
                student.vanish()

    async def _open(self) -> tuple[Page, str]:
        page = await Page.open(self.base, "two", "")
        following = asyncio.create_task(page.follow(lambda text: None))
        self._tasks.add(following)
        following.add_done_callback(self._tasks.discard)
        return page, (await asyncio.wait_for(page.ready, 20))["socket"]

    async def _flood(self) -> None:
        """Commands and garbage as fast as the server takes them, made beforehand."""
        page, token = await self._open()
        frames = [Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in GARBAGE]
        count = _BUFFER // len(b"".join(frames)) + 1
        data = b"".join(frames) * count
        socket = await dial(self.base, token)
        try:
            while not socket.transport.is_closing():
                if socket.transport.get_write_buffer_size() < _BUFFER:
                    socket.transport.write(data)
                    self.tally["messages"] += len(frames) * count
                await asyncio.sleep(0.005)
            self.tally["floods cut off"] += 1
        finally:
            socket.transport.abort()
            page.stream.transport.abort()

    async def _deaf(self) -> None:
        """Pages whose live sockets are opened and never read."""
        sockets = []
        try:
            for _ in range(20):
                page, token = await self._open()
                sockets.append(page.stream)
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
        page, token = await self._open()
        opened = await asyncio.gather(
            *(dial(self.base, token) for _ in range(self.sockets)), return_exceptions=True
        )
        await asyncio.sleep(2)
        for socket in opened:
            if isinstance(socket, BaseException):
                self.tally["sockets refused"] += 1
                continue
            self.tally["sockets refused" if socket.close_code else "sockets kept"] += 1
            socket.transport.abort()
        page.stream.transport.abort()


async def _as_told(options: argparse.Namespace) -> None:
    attacker = Attacker(options.url, options.sockets, options.every)
    os.nice(10)  # a real attacker uses another machine
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.startswith("begin"):
            attacker.begin(set(line.split()[1:]))
        else:
            await attacker.end()
            print("done", flush=True)
    print(json.dumps(attacker.tally), flush=True)
    os._exit(0)  # without closing every socket


def main() -> None:
    """Attack as the lines of standard input say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--every", type=float, default=8.0)
    options = parser.parse_args()
    asyncio.run(_as_told(options))


if __name__ == "__main__":
    main()
