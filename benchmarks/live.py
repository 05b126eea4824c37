"""The live view in headless Chromium: frames, gaps, latencies, memory, and the cost of watching.

For each lab the page is watched while training runs at full speed. These windows alternate with
windows of the same Spec in `Run.advance`, unwatched, in a separate process. Slowdowns compare
neighbouring windows, since the machine's speed drifts. Browser, server and training share the
machine, which should be otherwise idle. `--eager` measures without compiled programs.

    python benchmarks/live.py --windows 10 --pages one,two
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.limits import machine
from ganlab import Spec
from tests.browser.lab import Lab
from tests.browser.server import Server
from tests.chromium import launch

REPEATS = 7
BLANK_EVERY = 400  # ms
LABS = {"one": "/", "two": "/two"}

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
  frames: 0, mounts: 0, iteration: 0, state: 'waiting', socketOpen: false, run: -1,
  drawn: [], samples: 0, blank: 0, waits: [], at: 0,
  set lastFrameAt(now) {
    this.drawn.push([now, this.iteration]);
    this.waits = this.waits.filter((f) => f());
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
    resolve(performance.now());
  };
}); }
"""
_AWAIT_FRAME = """
(condition) => { window.hit = new Promise((resolve) => {
  const check = new Function('ganlab', `return ${condition}`);
  ganlab.waits.push(() => !(check(ganlab) && (resolve(performance.now()), true)));
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


def heap(cdp: CDPSession) -> float:
    """The page's JavaScript heap in MB, after a collection."""
    cdp.send("HeapProfiler.collectGarbage")
    found = cdp.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in found if m["name"] == "JSHeapUsedSize") / 2**20


def _after(page: Page, watch: str, condition: str, act) -> float:
    """Milliseconds from the input event that `act` causes to `condition`."""
    page.evaluate(watch, condition)
    act()
    return page.evaluate("hit.then((now) => now - ganlab.at)")


def latencies(lab: Lab) -> dict[str, list[float]]:
    """Milliseconds from an input to its effect in the page, for each kind of input."""
    page = lab.page
    out: dict[str, list[float]] = {name: [] for name in ("pause", "step, drawn", "k", "k, drawn")}
    for i in range(REPEATS):
        click = lab.get("play").click
        out["pause"].append(_after(page, _AWAIT, "status.state === 'paused'", click))
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
        # From the input to the first frame drawn after the engine has answered it.
        began = lab.js("performance.now()")
        page.wait_for_function(f"() => ganlab.lastFrameAt > {began}")
        first = lab.js(f"ganlab.drawn.find(([now]) => now > ganlab.at + {turn})[0] - ganlab.at")
        out["k, drawn"].append(first)
        page.wait_for_timeout(200)
    return out


def watched(lab: Lab, seconds: float) -> tuple[list[float], float]:
    """Watch a moving lab: gaps between new frames in ms, and iterations per second."""
    start = lab.js("(ganlab.drawn.splice(0, Infinity, ganlab.drawn.at(-1)), performance.now())")
    lab.page.wait_for_timeout(seconds * 1000)
    end, drawn = lab.js("[performance.now(), ganlab.drawn.slice()]")
    fresh = [drawn[0]]
    for now, iteration in drawn[1:]:
        if iteration != fresh[-1][1]:
            fresh.append([now, iteration])
    times = [start, *(now for now, _ in fresh[1:]), end]
    gaps = [b - a for a, b in zip(times[:-1], times[1:], strict=True)]
    (t0, i0), (t1, i1) = fresh[0], fresh[-1]
    return gaps, (i1 - i0) / (t1 - t0) * 1000


def measure(
    browser: Browser, name: str, windows: int, seconds: float, backend: str
) -> dict[str, str]:
    """One lab's column of the table."""
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "log.txt") as server:
        idle = resident(server.pid)
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        lab = Lab(context.new_page(), server.url)
        lab.page.add_init_script(_HOOK % BLANK_EVERY)
        cdp = context.new_cdp_session(lab.page)
        cdp.send("Performance.enable")
        lab.open(LABS[name])
        lab.get("speed").fill("12")  # full
        lab.wait_status(f"s.backend.state === '{backend}'", 300)
        lab.moves()
        heap_start = heap(cdp)
        lab.pause()
        alone = Unwatched(lab.spec, backend)
        gaps, rates = [], []
        for _ in range(windows):
            lab.page.wait_for_timeout(1500)  # the still figures take a moment
            before = alone.rate(seconds)
            lab.get("play").click()
            lab.wait_status("s.state === 'playing'")
            lab.page.wait_for_timeout(500)
            here, rate = watched(lab, seconds)
            lab.pause()
            lab.page.wait_for_timeout(1500)
            gaps += here
            rates.append((rate, (before + alone.rate(seconds)) / 2))
        alone.close()
        lab.get("play").click()
        lab.moves()
        heap_end, memory = heap(cdp), resident(server.pid)
        delays = latencies(lab)
        found = lab.js("({blank: ganlab.blank, samples: ganlab.samples, mounts: ganlab.mounts})")
        errors = lab.errors + lab.console
        context.close()
    slower = sorted(100 * (1 - rate / free) for rate, free in rates)
    out = {
        "lab": f"{name}, {backend}",
        "frames/s": f"{1000 * len(gaps) / sum(gaps):.1f}",
        "gap: median / longest ms": f"{statistics.median(gaps):.1f} / {max(gaps):.0f}",
        "it/s unwatched": f"{statistics.median(free for _, free in rates):.0f}",
        "it/s watched": f"{statistics.median(rate for rate, _ in rates):.0f}",
        "slowdown: median %": f"{statistics.median(slower):.1f}",
        "slowdown: least / most %": f"{slower[0]:.1f} / {slower[-1]:.1f}",
        "blank samples": f"{found['blank']} of {found['samples']}",
        "mounts": str(found["mounts"]),
    }
    for key, values in delays.items():
        middle, worst = statistics.median(values), max(values)
        out[f"{key}: median / max ms"] = f"{middle:.0f} / {worst:.0f}"
    out["server MB, idle / end"] = f"{idle:.0f} / {memory:.0f}"
    out["JS heap MB, start / end"] = f"{heap_start:.1f} / {heap_end:.1f}"
    out["page errors"] = str(len(errors))
    return out


def main() -> None:
    """Measure and print one table, a column for each lab."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="of each window")
    parser.add_argument("--windows", type=int, default=8, help="watched, each between unwatched")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--pages", default="one,two", help=f"of {', '.join(LABS)}")
    options = parser.parse_args()
    names = options.pages.split(",")
    if options.seconds <= 0 or options.windows < 1 or not set(names) <= set(LABS):
        parser.error(f"seconds and windows above 0, and pages of {', '.join(LABS)}")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    backend = "eager" if options.eager else "compiled"
    line = machine()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        print(f"{line}; headless Chromium {browser.version}")
        print(f"{options.windows} windows of {options.seconds:g} s\n")
        windows, seconds = options.windows, options.seconds
        rows = [measure(browser, name, windows, seconds, backend) for name in names]
        browser.close()
    width = max(map(len, rows[0]))
    for i, key in enumerate(rows[0]):
        print(f"| {key:<{width}} | " + " | ".join(f"{row[key]:>16}" for row in rows) + " |")
        if i == 0:
            print(f"|{'-' * (width + 2)}|" + f"{'-' * 17}:|" * len(rows))


if __name__ == "__main__":
    main()
