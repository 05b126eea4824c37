"""Cold start: from `streamlit run` to the first trained frame in a browser, by stage.

The browser is running already, as a teacher's is; it requests the page as soon as the server
answers. Each start has a new server process and a new profile, and Python finds compiled modules,
as it does after the first start of an installed ganlab. The disk's cache is warm; with `--cold` it
is emptied before each start, as after the machine's own start (Linux, as root).

    python benchmarks/start.py --starts 5
    python benchmarks/start.py --cold
    python benchmarks/start.py --quick
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.limits import COLD_START_SECONDS, START_SECONDS, Table, machine, parse
from tests.browser.server import Server
from tests.chromium import launch

IMPORTS = ("torch", "streamlit", "scipy.special", "ganlab.app")
LAST = "first trained frame"
DISK_CACHE = Path("/proc/sys/vm/drop_caches")
_TRAINED = "() => window.ganlab && ganlab.frames > 0 && ganlab.iteration > 0"


def importing(module: str) -> float:
    """Seconds that a new interpreter takes to import a module, without its own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    )


def start(browser: Browser, path: str) -> dict[str, float]:
    """Seconds since the command, at each stage."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with Server(Path(folder) / "log.txt") as server:
            stages = {"server answers": time.perf_counter() - began}
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            page = context.new_page()
            page.goto(server.url + path, wait_until="commit")
            for stage, there in (
                ("the view is mounted", "() => window.ganlab && ganlab.mounts > 0"),
                ("first frame", "() => window.ganlab && ganlab.frames > 0"),
                (LAST, _TRAINED),
            ):
                page.wait_for_function(there, timeout=60_000, polling=20)
                stages[stage] = time.perf_counter() - began
            context.close()
    return stages


def empty_disk_cache() -> None:
    """Have Linux forget the files that it has read."""
    os.sync()
    DISK_CACHE.write_text("3")


def main() -> None:
    """Print medians and the slowest of each stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--path", default="/one")
    parser.add_argument("--cold", action="store_true", help="empty the disk's cache before each")
    options = parse(parser, {"starts": 3})
    if options.cold and not os.access(DISK_CACHE, os.W_OK):
        parser.error(f"--cold writes to {DISK_CACHE}: run it as root on Linux")
    disk = "cold" if options.cold else "warm"
    print(f"{machine()}; {options.starts} starts of {options.path}, {disk} disk, in seconds\n")
    at_most = COLD_START_SECONDS if options.cold else START_SECONDS
    table = Table()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for module in IMPORTS:
        table.row(f"import {module}", min(importing(module) for _ in range(3)), text="{:.2f}")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        start(browser, options.path)  # which compiles modules that have changed
        rows = []
        for _ in range(options.starts):
            if options.cold:
                empty_disk_cache()
            rows.append(start(browser, options.path))
        browser.close()
    for stage in rows[0]:
        values = [row[stage] for row in rows]
        middle = statistics.median(values)
        limit = at_most if stage == LAST else None
        table.row(f"{stage}, median / slowest", middle, limit, f"{middle:.2f} / {max(values):.2f}")
    table.finish(options.quick)


if __name__ == "__main__":
    main()
