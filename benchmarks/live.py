"""The live view in headless Chromium: frames, gaps, latencies, memory, and the cost of watching.

For each lab the page is watched while training runs at full speed. These windows alternate with
windows of the same Spec in `Run.advance`, unwatched, in a separate process. Slowdowns compare
neighbouring windows, since the machine's speed drifts. Browser, server and training share the
machine, which should be otherwise idle. No program is compiled ahead of time, since an unwatched
window would seem idle to the server. `--eager` measures without compiled programs.

    python benchmarks/live.py --windows 8 --pages one,two
    python benchmarks/live.py --pages two --query "target=spiral&g_hidden=128,128&d_hidden=128,128"
    python benchmarks/live.py --quick
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks import live_trace, picture_cost
from benchmarks.at_rest import rest
from benchmarks.classroom_mix import warm
from benchmarks.limits import (
    FRESH_FRAMES,
    LATENCY_MS,
    METRICS_MS,
    PICTURE_MS,
    SCRIPT_MS,
    SLOWDOWN,
    Table,
    machine,
    most,
    parse,
)
from benchmarks.live_browser import Chromium
from ganlab import Spec
from tests.browser.lab import Lab
from tests.browser.server import Server

TRACE_SECONDS = 2.0
BLANK_EVERY = 400  # ms
LONG_MS = 50
SETTLE_SECONDS = 2.0  # Chromium is busy for a while once Playwright has left it
LABS = {"one": "/one", "two": "/two"}

# Trains for the seconds in the line it has read, and prints iterations per second.
_UNWATCHED = """
import sys, time, torch
from ganlab import Run, Spec
torch.set_num_threads(1)
run = Run(Spec.from_query(sys.argv[1]))
if sys.argv[2] == "compiled":
    run.compile()
n = 1
for line in sys.stdin:
    start, done = time.perf_counter(), 0
    while time.perf_counter() < start + float(line):
        began = time.perf_counter()
        done += run.advance(n)
        # As the scheduler does: calls of about 12 ms.
        n = max(1, min(2 * n, int(n * 0.012 / (time.perf_counter() - began))))
    print(done / (time.perf_counter() - start), flush=True)
"""

# live.js sets lastFrameAt after each drawn frame; this records each of them.
_HOOK = """
window.ganlab = {
  frames: 0, gaps: 0, mounts: 0, iteration: 0, state: 'waiting', socketOpen: false, run: -1,
  drawn: [], samples: 0, blank: 0, asked: [], at: 0,
  set lastFrameAt(now) {
    this.drawn.push([now, this.iteration]);
    this.asked = this.asked.filter((f) => f());
  },
  get lastFrameAt() { return this.drawn.at(-1)?.[0] ?? 0; },
};
addEventListener('click', (event) => (ganlab.at = event.timeStamp), true);
addEventListener('input', (event) => (ganlab.at = event.timeStamp), true);
addEventListener('keydown', (event) => (ganlab.at = event.timeStamp), true);
const probe = new OffscreenCanvas(48, 32).getContext('2d', { willReadFrequently: true });
setInterval(() => {
  const canvas = document.querySelector('.gl-picture canvas');
  if (ganlab.frames === 0) return;
  ganlab.samples += 1;
  probe.clearRect(0, 0, 48, 32);
  if (canvas) probe.drawImage(canvas, 0, 0, 48, 32);
  const pixels = new Uint32Array(probe.getImageData(0, 0, 48, 32).data.buffer);
  if (pixels.every((pixel) => pixel === pixels[0])) ganlab.blank += 1;
}, %d);
"""

# Resolves with the time at which `condition` first held, tested at each drawn frame and status.
_AWAIT = """
(condition) => { window.hit = new Promise((resolve) => {
  const check = new Function('status', 'ganlab', `return ${condition}`);
  live.heard = (header) => {
    if (header.type !== 'status' || !check(header, ganlab)) return;
    live.heard = null;
    window.told = header.iteration;
    resolve(performance.now());
  };
}); }
"""
_AWAIT_FRAME = """
(condition) => { window.hit = new Promise((resolve) => {
  const check = new Function('ganlab', `return ${condition}`);
  ganlab.asked.push(() => !(check(ganlab) && (resolve(performance.now()), true)));
}); }
"""


class Unwatched:
    """The same training in a separate process, which is idle between its windows."""

    def __init__(self, spec: Spec, backend: str):
        command = [sys.executable, "-c", _UNWATCHED, spec.to_query(), backend]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.rate(2)

    def rate(self, seconds: float) -> float:
        """Iterations per second."""
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(10)


def resident(pid: int) -> float:
    """Resident memory of a process in MB (Linux; elsewhere NaN)."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return float("nan")
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def heap(page: Page) -> float:
    """The page's JavaScript heap in MB, after a collection."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    cdp.send("HeapProfiler.collectGarbage")
    found = cdp.send("Performance.getMetrics")["metrics"]
    cdp.detach()
    return next(m["value"] for m in found if m["name"] == "JSHeapUsedSize") / 2**20


def _after(page: Page, watch: str, condition: str, act) -> float:
    """Milliseconds from the input event that `act` causes to `condition`."""
    page.evaluate(watch, condition)
    act()
    return page.evaluate("hit.then((now) => now - ganlab.at)")


def latencies(lab: Lab, repeats: int) -> dict[str, list[float]]:
    """Milliseconds from an input to its effect in the page, for each kind of input.

    For an effect in the picture, the time ends at the first picture that was made after the input.
    """
    page = lab.page
    kinds = ("pause", "pause, drawn", "step, drawn", "k", "k, drawn")
    out: dict[str, list[float]] = {kind: [] for kind in kinds}

    def drawn_after(answer: float, iterations: int = 0) -> float:
        """Milliseconds from the input to the first picture `iterations` after the answer."""
        after = f"([now, i]) => now > ganlab.at + {answer} && i >= told + {iterations}"
        page.wait_for_function(f"() => ganlab.drawn.some({after})")
        return lab.js(f"ganlab.drawn.find({after})[0] - ganlab.at")

    for i in range(repeats):
        click = lab.get("play").click
        pause = _after(page, _AWAIT, "status.state === 'paused'", click)
        out["pause"].append(pause)
        out["pause, drawn"].append(drawn_after(pause))
        lab.wait("live.last.status.iteration === ganlab.iteration")
        now = lab.counters["iteration"]
        step = _after(page, _AWAIT_FRAME, f"ganlab.iteration > {now}", lab.get("step").click)
        out["step, drawn"].append(step)
        lab.get("play").click()
        lab.wait_status("s.state === 'playing'")
        lab.moves()
        knob = lab.get("knob-k")
        k = 2 + i % 2
        turn = _after(page, _AWAIT, f"status.values.k === {k}", lambda: knob.fill(str(k)))  # noqa: B023
        out["k"].append(turn)
        out["k, drawn"].append(drawn_after(turn, 1))
        page.wait_for_timeout(200)
    return out


def watched(seconds: float) -> list[float]:
    """Let a page be watched for some seconds, after a moment; when that began and ended, in ms."""
    time.sleep(SETTLE_SECONDS)
    started = time.time()
    time.sleep(seconds)
    return [1000 * started, 1000 * time.time()]


def frames(lab: Lab, window: list[float]) -> tuple[list[float], float]:
    """In a window of `watched`: gaps between new frames in ms, and iterations per second."""
    start, end = (time - lab.js("performance.timeOrigin") for time in window)
    drawn = lab.js("ganlab.drawn.splice(0)")
    before = [frame for frame in drawn if frame[0] < start]
    fresh = before[-1:]
    for now, iteration in drawn[len(before) :]:
        if now <= end and (not fresh or iteration != fresh[-1][1]):
            fresh.append([now, iteration])
    times = [start, *(now for now, _ in fresh[1:]), end]
    gaps = [b - a for a, b in zip(times[:-1], times[1:], strict=True)]
    (t0, i0), (t1, i1) = fresh[0], fresh[-1]
    return gaps, (i1 - i0) / (t1 - t0) * 1000


def measure(playwright: Playwright, name: str, options: argparse.Namespace, table: Table) -> None:
    """One lab's rows of the table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder) / "log.txt") as server,
        Chromium(playwright, 1280, 720) as chromium,
    ):
        _measure(server, chromium, name, options, table)


def _measure(
    server: Server, chromium: Chromium, name: str, options: argparse.Namespace, table: Table
) -> None:
    backend = "eager" if options.eager else "compiled"
    idle = resident(server.pid)
    labs: list[Lab] = []

    def join() -> Lab:
        labs.append(Lab(chromium.join(), server.url))
        return labs[-1]

    lab = join()
    lab.page.add_init_script(_HOOK % BLANK_EVERY)
    lab.open(f"{LABS[name]}?{options.query}")
    lab.get("speed").fill("12")  # full
    lab.wait_status(f"s.backend.state === '{backend}'", 300)
    lab.moves()
    heap_start, spec = heap(lab.page), lab.spec
    # These come first because the curves get more points in the first seconds.
    cost = live_trace.cost(chromium.browser, lab.page, TRACE_SECONDS)
    delays = latencies(lab, options.repeats)
    lab.get("knob-k").fill(str(spec.k))
    lab.wait_status(f"s.values.k === {spec.k}")
    lab.pause()
    rest(server.pid)
    alone = Unwatched(spec, backend)
    gaps, rates = [], []
    before = alone.rate(options.seconds)
    for _ in range(options.windows):
        lab.get("play").click()
        lab.wait_status("s.state === 'playing'")
        chromium.leave()
        window = watched(options.seconds)
        lab = join()
        here, rate = frames(lab, window)
        lab.pause()
        rest(server.pid)  # the still figures take a moment
        gaps += here
        after = alone.rate(options.seconds)
        rates.append((rate, (before + after) / 2))
        before = after
    alone.close()
    made = picture_cost.cost(spec)
    heap_end, memory = heap(lab.page), resident(server.pid)
    found = lab.js("({blank: ganlab.blank, samples: ganlab.samples, mounts: ganlab.mounts})")
    errors = [error for one in labs for error in one.errors + one.console]

    def row(what: str, *rest: Any, **more: Any) -> None:
        table.row(f"{name}: {what}", *rest, **more)

    slower = sorted(100 * (1 - rate / free) for rate, free in rates)
    fresh = 1000 * (len(gaps) - options.windows) / sum(gaps)
    row("fresh frames/s", fresh, FRESH_FRAMES)
    middle = statistics.median(gaps)
    row("gap, ms, median / longest", middle, text=f"{middle:.1f} / {max(gaps):.0f}")
    long = sum(gap > LONG_MS for gap in gaps)
    row(f"gaps above {LONG_MS} ms", long, text=f"{long} in {sum(gaps) / 1000:.0f} s")
    row("it/s unwatched", statistics.median(free for _, free in rates), text="{:.0f}")
    row("it/s watched", statistics.median(rate for rate, _ in rates), text="{:.0f}")
    middle = statistics.median(slower)
    text = f"{middle:.1f} ({slower[0]:.1f} to {slower[-1]:.1f})"
    row("slowed by being watched, %", middle, SLOWDOWN, text)
    row("picture, CPU ms", made.picture, PICTURE_MS[name], "{:.2f}")
    row("metrics, CPU ms", made.metrics, METRICS_MS[name], "{:.2f}")
    row("JavaScript of a frame, CPU ms", cost.script, SCRIPT_MS, "{:.2f}")
    row("main thread of a frame, CPU ms", cost.all, text="{:.2f}")
    for key, values in delays.items():
        middle = statistics.median(values)
        row(f"{key}, ms, median / max", middle, LATENCY_MS, f"{middle:.0f} / {max(values):.0f}")
    row("blank samples", found["blank"], most(0), f"{found['blank']} of {found['samples']}")
    row("mounts", found["mounts"], most(1))
    row("server MB, idle / end", memory, text=f"{idle:.0f} / {memory:.0f}")
    row("JS heap MB, start / end", heap_end, text=f"{heap_start:.1f} / {heap_end:.1f}")
    row("page errors", len(errors), most(0))


def main() -> None:
    """Measure each lab; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="of each window")
    parser.add_argument("--windows", type=int, default=8, help="watched, each between unwatched")
    parser.add_argument("--repeats", type=int, default=7, help="of each input")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--pages", default="one,two", help=f"of {', '.join(LABS)}")
    parser.add_argument("--query", default="", help="of another Spec than the labs' defaults")
    options = parse(parser, {"seconds": 2.0, "windows": 1, "repeats": 3})
    names = options.pages.split(",")
    if options.seconds <= 0 or min(options.windows, options.repeats) < 1:
        parser.error("seconds, windows and repeats above 0")
    if not set(names) <= set(LABS):
        parser.error(f"pages of {', '.join(LABS)}")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    os.environ["GANLAB_IDLE_PROGRAMS"] = "0"
    print(f"{machine()}; {options.windows} windows of {options.seconds:g} s")
    print(
        "eager" if options.eager else warm([(name, options.query) for name in names]),
        "\n",
        flush=True,
    )
    table = Table()
    with sync_playwright() as playwright:
        for name in names:
            measure(playwright, name, options, table)
    table.finish(options.quick)


if __name__ == "__main__":
    main()
