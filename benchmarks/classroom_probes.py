"""The classroom benchmark's measurements of the machine, and its real browser."""

from __future__ import annotations

import os
import re
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from tests.chromium import launch

_TICK = os.sysconf("SC_CLK_TCK")

# live.js sets lastFrameAt after each drawn frame; this records each of them.
_HOOK = """
window.ganlab = {
  frames: 0, gaps: 0, mounts: 0, iteration: 0, state: 'waiting', socketOpen: false, run: -1,
  drawn: [],
  set lastFrameAt(now) { this.drawn.push(performance.timeOrigin + now); },
  get lastFrameAt() { return this.drawn.at(-1) ?? 0; },
};
"""


def memory(pid: int) -> dict[str, float]:
    """Resident memory and its peak in MB, threads and open files of a process."""
    text = Path(f"/proc/{pid}/status").read_text()

    def number(name: str) -> int:
        return int(re.search(rf"{name}:\s+(\d+)", text)[1])

    return {
        "MB": number("VmRSS") / 1024,
        "peak MB": number("VmHWM") / 1024,
        "threads": number("Threads"),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
    }


class _Stat(NamedTuple):
    """A process or thread. seconds: of CPU time, its own and of its children that have ended."""

    name: str
    parent: int
    seconds: float
    ended: float
    nice: int


def _stat(path: Path) -> _Stat:
    text = path.read_text()
    name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
    ticks = [int(ticks) / _TICK for ticks in rest[11:15]]
    return _Stat(name, int(rest[1]), sum(ticks[:2]), sum(ticks[2:]), int(rest[16]))


def _processes() -> dict[int, _Stat]:
    out = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                out[int(folder.name)] = _stat(folder / "stat")
            except OSError:
                pass  # it has ended meanwhile
    return out


class CpuShares:
    """CPU time by process since `start`.

    The server, its threads and its processes; this process; Chromium; the rest.
    """

    def __init__(self, pid: int):
        self.pid = pid
        self.start()

    def start(self) -> None:
        """Count from now."""
        self._from, self._threads_from = self._now()
        self._at = time.perf_counter()

    def _now(self) -> tuple[Counter, Counter]:
        found = _processes()
        total: Counter = Counter()
        for pid, (_, parent, seconds, ended, nice) in found.items():
            if pid == self.pid:
                total["server"] += seconds
                total["its processes"] += ended
            elif pid == os.getpid():
                total["students"] += seconds
            else:
                while parent in found and parent not in (os.getpid(), self.pid):
                    parent = found[parent].parent
                if parent == self.pid:
                    name = (
                        "those of low priority" if nice > found[self.pid].nice else "its processes"
                    )
                    total[name] += seconds + ended
                elif parent == os.getpid():
                    total["Chromium"] += seconds
        fields = Path("/proc/stat").read_text().splitlines()[0].split()
        busy = [int(x) for x in fields[1:9]]
        total["machine"] = (sum(busy) - busy[3] - busy[4]) / _TICK
        threads: Counter = Counter()
        for folder in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                name, _, seconds, *_ = _stat(folder / "stat")
            except OSError:
                continue
            own = folder.name == str(self.pid)
            threads["event loop" if own else re.sub(r"[-_]?\d.*", "", name)] += seconds
        threads["ended or else"] = total["server"] - sum(threads.values())
        return total, threads

    def shares(self) -> tuple[str, float]:
        """Processes in % of a core; that of processes outside of the benchmark."""
        share = self._shares()
        return _percent(share, 2.0), share["others"]

    def busy(self) -> float:
        """The cores that the server and its processes use, without those of low priority."""
        share = self._shares()
        return (share.get("server", 0.0) + share.get("its processes", 0.0)) / 100

    def use(self) -> float:
        """% of the time that other processes leave on all cores that the server's processes use."""
        share = self._shares()
        ours = ("server", "its processes", "those of low priority")
        mine = sum(share.get(name, 0.0) for name in ours)
        return 100 * mine / (100 * (os.cpu_count() or 1) - (sum(share.values()) - mine))

    def _shares(self) -> dict[str, float]:
        now, _ = self._now()
        took = time.perf_counter() - self._at
        share = {name: 100 * (now[name] - self._from[name]) / took for name in now}
        share["others"] = share.pop("machine") - sum(share.values())
        return share

    def threads(self) -> str:
        """The server's threads, by their names without numbers, in % of a core."""
        _, now = self._now()
        took = time.perf_counter() - self._at
        return _percent({n: 100 * (now[n] - self._threads_from[n]) / took for n in now}, 0.5)


def _percent(shares: dict[str, float], least: float) -> str:
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {value:.0f}" for name, value in ordered if value >= least)


class Watcher:
    """Chromium on a page of the app, in a thread of its own; records when frames were drawn."""

    def __init__(self, base: str, path: str):
        self._address = base + path
        self._ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="chromium")
        self.drawn: list[float] = []
        self.errors: list[str] = []

    def begin(self) -> None:
        """Open the page; returns once it moves. Raises RuntimeError if it does not."""
        self._thread.start()
        if not self._ready.wait(120) or self.errors:
            self._stop.set()
            raise RuntimeError(f"Chromium shows no moving page: {self.errors}")

    def end(self) -> None:
        """Close the browser."""
        self._stop.set()
        self._thread.join(60)

    def _watch(self) -> None:
        try:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                page.on("pageerror", lambda error: self.errors.append(str(error)))
                page.add_init_script(_HOOK)
                page.goto(self._address)
                page.wait_for_function("() => window.ganlab && ganlab.frames > 2", timeout=60_000)
                self._ready.set()
                while not self._stop.is_set():
                    page.wait_for_timeout(500)
                self.drawn = [at / 1000 for at in page.evaluate("ganlab.drawn")]
                browser.close()
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")
        self._ready.set()

    def drawn_in(self, start: float, end: float) -> tuple[float, str]:
        """Frames/s between two times of `time.time()`; in words, with median and longest gap."""
        times = [start, *(at for at in self.drawn if start <= at < end), end]
        gaps = [1000 * (b - a) for a, b in zip(times[:-1], times[1:], strict=True)]
        rate = (len(times) - 2) / (end - start)
        return rate, f"{rate:.1f} frames/s, gaps {statistics.median(gaps):.0f} / {max(gaps):.0f} ms"
