"""A student without a browser: a page load (classroom_page.py), then the behaviour of assets/live.

It acknowledges each frame after the time to draw it, and requests still figures when paused. Only
the headers of messages are read, so that a class of students takes little time.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from benchmarks.classroom_page import PATIENCE, Page, dial, fetch, load, load_view

DRAW_SECONDS = 1 / 60  # from a frame's arrival to its acknowledgement
CALM_SECONDS = 0.25  # when paused, until still figures are requested
PREFETCH_SECONDS = 4.0  # after the start, as live.js fetches Plotly
CLICKS = {"rest": 4, "k": 3, "speed": 2, "g_lr": 3, "seed": 1, "sidebar": 1}  # how often each
PARTS = ("page", "script", "files of the view", "first frame")  # of joining
Header = dict[str, Any]


class Student:
    """One student. Times are `time.time()`; `tally` counts events of all students."""

    def __init__(self, base: str, page: str, query: str, seed: int, tally: Counter):
        self.base, self.page, self.query, self.tally = base, page, query, tally
        self.random = random.Random(seed)
        self.errors: list[str] = []
        self.frames: list[tuple[float, int]] = []  # arrival, iteration; emptied by the benchmark
        self.clicks: list[tuple[str, float, float]] = []  # kind, when, milliseconds
        self.figures: list[float] = []  # milliseconds
        self.calm = 0.0  # since when it has only watched its playing run
        self.last_frame = 0.0
        self.status: Header = {}
        self.visible = True
        self._visited = False
        self._page: Page | None = None
        self._live: ClientConnection | None = None
        self._run = -1
        self._token = ""
        self._received = self._drawn = 0
        self._waits: list[tuple[Callable[[Header], bool], asyncio.Future]] = []
        self._tasks: set[asyncio.Task] = set()
        self._drawing: asyncio.TimerHandle | None = None

    @property
    def joined(self) -> bool:
        """Whether the page is loaded and its live socket open."""
        return self._live is not None

    # -- coming and going --------------------------------------------------------------------

    async def join(self) -> list[float]:
        """Load the page; seconds for it, its script, the view's files, the first frame.

        Raises OSError, TimeoutError and the errors of a WebSocket.
        """
        times = [time.perf_counter()]
        await load(self.base, self.page, fresh=not self._visited)
        times.append(time.perf_counter())
        page = self._page = await Page.open(self.base, self.page, self.query)
        self._spawn(self._stay(page))
        data = await asyncio.wait_for(page.ready, PATIENCE)
        times.append(time.perf_counter())
        if not self._visited:
            await load_view(self.base, data["assets"])
            self._spawn(self._prefetch(f"{data['plotly']}/plotly.min.js"))
            self._visited = True
        times.append(time.perf_counter())
        self._token = data["socket"]
        await self._watch()
        times.append(time.perf_counter())
        self.tally["joins"] += 1
        return [b - a for a, b in zip(times[:-1], times[1:], strict=True)]

    async def blink(self) -> None:
        """Lose the live socket without a close and return to the same session."""
        self._end(abort=True, page=False)
        await asyncio.sleep(0.3)
        await self._watch()

    async def leave(self) -> None:
        """Close the page."""
        closing = self._end(abort=False, page=True)
        await asyncio.gather(*closing, return_exceptions=True)

    def vanish(self, silent: float = 0.0) -> None:
        """Cut the connections without a close; before that, be silent for a while."""
        self._end(abort=True, page=True, silent=silent)

    async def look(self, visible: bool) -> None:
        """Hide the tab, or show it again."""
        self.visible = visible
        await self.send(cmd="visible", value=visible)
        if visible:
            self._draw()  # what arrived meanwhile is drawn now

    async def _prefetch(self, path: str) -> None:
        await asyncio.sleep(PREFETCH_SECONDS)
        await fetch(self.base, path)

    async def _stay(self, page: Page) -> None:
        await page.follow(self._trouble)
        if page is self._page:
            self._trouble("the page's socket died")
            self.tally["dead sockets"] += 1
            self._end(abort=True, page=True)

    async def _watch(self) -> None:
        """Open the live socket and wait for its first frame."""
        self._received = self._drawn = 0
        self._run, self.visible, self.status = -1, True, {}
        frame = self._expect(lambda header: header["type"] == "frame")
        status = self._expect(lambda header: header["type"] == "status")
        live = await dial(self.base, self._token)
        self._live = live
        self._spawn(self._listen(live))
        async with asyncio.timeout(PATIENCE):
            await frame
            await status
        self.calm = time.time()

    def _end(self, abort: bool, page: bool, silent: float = 0.0) -> list[Awaitable]:
        live, self._live = self._live, None
        stream = self._page.stream if page and self._page is not None else None
        if page:
            self._page = None
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None
        closing = []
        for socket in (live, stream):
            if socket is None:
                continue
            if silent:
                socket.transport.pause_reading()
                asyncio.get_running_loop().call_later(silent, socket.transport.abort)
            elif abort:
                socket.transport.abort()
            else:
                closing.append(socket.close())
        return closing

    # -- the live socket ---------------------------------------------------------------------

    async def _listen(self, live: ClientConnection) -> None:
        try:
            async for raw in live:
                if live is self._live:
                    self._hear(raw)
        except ConnectionClosed:
            pass
        if live is self._live:
            self._trouble(f"the live socket died ({live.close_code})")
            self.tally["dead sockets"] += 1
            self._end(abort=True, page=True)

    def _hear(self, raw: bytes) -> None:
        now = time.time()
        header = json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])
        kind = header["type"]
        self._run = header.get("run", self._run)
        if kind == "frame":
            self._received += 1
            self.frames.append((now, header["iteration"]))
            self.last_frame = now
            if self.visible and self._drawing is None:
                loop = asyncio.get_running_loop()
                self._drawing = loop.call_later(DRAW_SECONDS, self._draw)
        elif kind == "status":
            self.status = header
        for wait in self._waits[:]:
            check, future = wait
            if future.done() or check(header):
                self._waits.remove(wait)
                if not future.done():
                    future.set_result(now)

    def _draw(self) -> None:
        self._drawing = None
        if self._received > self._drawn and self._live is not None:
            self._drawn = self._received
            self._spawn(self.send(cmd="ack", n=self._drawn))

    async def send(self, **command: Any) -> None:
        """Send a command; does nothing if the socket is closing."""
        try:
            if self._live is not None:
                await self._live.send(json.dumps(command))
        except (ConnectionClosed, OSError):
            pass

    def _expect(self, check: Callable[[Header], bool]) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        self._waits.append((check, future))
        return future

    async def take_home(self, kinds: Iterable[str]) -> None:
        """Download a file of each kind, one after the other."""
        for kind in kinds:
            came = self._expect(lambda header: header["type"] == "export")
            await self.send(cmd="export", value=kind)
            await asyncio.wait_for(came, PATIENCE)
            self.tally["files"] += 1

    # -- clicks ------------------------------------------------------------------------------

    async def click(self, kind: str, value: Any = None) -> None:
        """Do one thing, and record how long it took to show in a message."""
        at, run = self.status, self._run
        check: Callable[[Header], bool]
        if kind in ("pause", "play"):
            wanted = {"pause": "paused", "play": "playing"}[kind]
            check = lambda h: h["type"] == "status" and h["state"] == wanted  # noqa: E731
            command = {"cmd": kind}
        elif kind == "step":
            check = lambda h: h.get("g_updates", -1) > at["g_updates"]  # noqa: E731
            command = {"cmd": kind}
        elif kind == "speed":
            check = lambda h: h["type"] == "status" and h["speed"] == value  # noqa: E731
            command = {"cmd": kind, "value": value}
        elif kind in ("seed", "sidebar"):
            check = lambda h: h.get("run", -1) > run  # noqa: E731
            command = {"cmd": "seed"}
        else:  # a knob
            check = lambda h: h["type"] == "status" and h["values"][kind] == value  # noqa: E731
            command = {"cmd": "set", "field": kind, "value": value}
        seen, start = self._expect(check), time.time()
        if kind == "sidebar":
            await self._page.run(200 if "batch=256" in at["query"] else 256)
        else:
            await self.send(**command)
        try:
            end = await asyncio.wait_for(seen, PATIENCE)
            self.clicks.append((kind, start, 1000 * (end - start)))
        except TimeoutError:
            if self.joined:
                self._trouble(f"{kind} had no effect in {PATIENCE:.0f} s")
                self.tally["lost clicks"] += 1

    async def harmless_click(self) -> None:
        """Change a knob that does not change the cost of an update."""
        if self.random.random() < 0.5:
            await self.click("g_lr", round(1e-4 * (1 + self.random.random()), 8))
        else:
            await self.click("speed", 0.0 if self.status.get("speed") else 1e6)

    async def busy_click(self) -> None:
        """Use the lab: pause and step, a knob, the speed, the sidebar; then play at full speed."""
        what = self.random.choices(list(CLICKS), list(CLICKS.values()))[0]
        if what == "rest":
            await self.click("pause")
            await asyncio.sleep(CALM_SECONDS)
            await self.figure()
            for _ in range(2):
                await self.click("step")
                await asyncio.sleep(0.5 * self.random.random())
            await self.click("play")
        elif what == "k":
            await self.click("k", 1 + self.status["values"]["k"] % 5)
        elif what == "speed":
            await self.click("speed", 5.0)
            await asyncio.sleep(2)
            await self.click("speed", 0.0)
        elif what == "g_lr":
            await self.harmless_click()
        else:
            await self.click(what)
        self.calm = time.time()

    async def figure(self) -> None:
        """Request the still figures, and record how long they took."""
        seen, start = self._expect(lambda h: h["type"] == "figure"), time.time()
        size = {"width": 700, "height": 440, "curves_width": 300, "curves_height": 440}
        await self.send(cmd="figure", request=1, theme="light", scale=1, hidden=[], **size)
        try:
            self.figures.append(1000 * (await asyncio.wait_for(seen, PATIENCE) - start))
        except TimeoutError:
            if self.joined:
                self._trouble("no figure came")

    # -- housekeeping ------------------------------------------------------------------------

    def _trouble(self, text: str) -> None:
        self.errors.append(f"{time.strftime('%H:%M:%S')} {text}")

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not (isinstance(error, (OSError, WebSocketException))):
            self._trouble(f"{type(error).__name__}: {error}")
