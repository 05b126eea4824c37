"""The moment at which a compiled program takes over, measured in headless Chromium.

A lab starts with an empty cache: eagerly, while its program is being compiled. The benchmark prints
the gaps between frames while compiling, in the second around the swap, and after it, and the
iterations per second before and after. Then another server loads the program from the cache, and
the time after its first frame is printed. Browser, server and compiler share the machine.

    python benchmarks/swap.py --pages one,two
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.live import LABS, machine
from tests.browser.lab import Lab
from tests.browser.server import Server
from tests.chromium import launch

COMPILE_SECONDS = 300
AROUND = 0.5  # seconds before and after the swap

# Records every drawn frame, and when the status first says that the run is compiled.
_HOOK = """
window.ganlab = {
  frames: 0, gaps: 0, mounts: 0, iteration: 0, state: 'waiting', socketOpen: false, run: -1,
  drawn: [],
  set lastFrameAt(now) { this.drawn.push([now, this.iteration]); },
  get lastFrameAt() { return this.drawn.at(-1)?.[0] ?? 0; },
};
"""
_AWAIT = """
() => { window.hit = new Promise((resolve) => {
  const check = (header) => {
    if (header.type !== 'status' || header.backend?.state !== 'compiled') return;
    live.heard = null;
    resolve(performance.now());
  };
  live.heard = check;
  if (live.last.status) check(live.last.status);
}); }
"""


def gaps(drawn: list[list[float]], start: float, end: float) -> tuple[list[float], float]:
    """Gaps between frames from `start` to `end` (ms), and iterations per second (NaN: no two)."""
    inside = [(now, iteration) for now, iteration in drawn if start <= now < end]
    times = [start, *(now for now, _ in inside), max(start, end)]
    out = [b - a for a, b in zip(times[:-1], times[1:], strict=True)]
    if len(inside) < 2:
        return out, float("nan")
    (t0, i0), (t1, i1) = inside[0], inside[-1]
    return out, (i1 - i0) / (t1 - t0) * 1000


def watch(browser: Browser, path: str, server: Server) -> tuple[list[list[float]], float, Lab]:
    """A lab from its first frame until some seconds after the swap: frames, time of the swap."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    lab = Lab(context.new_page(), server.url)
    lab.page.add_init_script(_HOOK)
    lab.open(path)
    lab.get("speed").fill("12")  # full
    lab.js(_AWAIT)
    lab.page.set_default_timeout(COMPILE_SECONDS * 1000)
    swapped = lab.js("hit")
    lab.page.wait_for_timeout(4000)
    drawn = lab.js("ganlab.drawn")
    context.close()
    return drawn, swapped, lab


def measure(browser: Browser, name: str) -> None:
    """Print one lab's rows."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANLAB_CACHE"] = str(Path(folder) / "cache")
        with Server(Path(folder) / "log.txt") as server:
            drawn, at, lab = watch(browser, LABS[name], server)
        half = 1000 * AROUND
        for what, start, end in (
            ("while compiling", drawn[0][0] + 2000, at - half),
            (f"{AROUND} s before and after", at - half, at + half),
            ("after", at + half, drawn[-1][0]),
        ):
            here, rate = gaps(drawn, start, end)
            print(
                f"| {name:<4} | {what:<22} | {statistics.median(here):>6.0f} | {max(here):>7.0f} "
                f"| {rate:>6.0f} |"
            )
        compiled = (at - drawn[0][0]) / 1000
        with Server(Path(folder) / "log2.txt") as server:
            again, at, second = watch(browser, LABS[name], server)
        print(
            f"{name}: compiled {compiled:.0f} s after the first frame, from the cache "
            f"{(at - again[0][0]) / 1000:.1f} s; page errors {len(lab.errors + second.errors)}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", default="one,two", help=f"of {', '.join(LABS)}")
    options = parser.parse_args()
    names = options.pages.split(",")
    if not set(names) <= set(LABS):
        parser.error(f"pages of {', '.join(LABS)}")
    os.environ["GANLAB_COMPILE"] = "on"
    print(machine())
    with sync_playwright() as playwright:
        browser = launch(playwright)
        print("| lab  | gaps between frames    | median | longest | it/s   |")
        print("|------|------------------------|-------:|--------:|-------:|")
        for name in names:
            measure(browser, name)
        browser.close()


if __name__ == "__main__":
    main()
