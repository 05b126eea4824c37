"""Cold start: from `streamlit run` to the first trained frame in a browser, by stage.

The browser is running already, as a teacher's is; it requests the page as soon as the server
answers. Each start has a new server process and a new profile; the disk's cache is warm, and Python
finds compiled modules, as it does after the first start of an installed ganlab.

    python benchmarks/start.py --starts 5
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

from benchmarks.limits import START_SECONDS, Table, machine, parse
from tests.browser.server import Server
from tests.chromium import launch

IMPORTS = ("torch", "streamlit", "scipy.special", "ganlab.app")
LAST = "first trained frame"
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


def main() -> None:
    """Print medians and the slowest of each stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--path", default="/one")
    options = parse(parser, {"starts": 3})
    print(f"{machine()}; {options.starts} starts of {options.path}, seconds since the command\n")
    table = Table()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for module in IMPORTS:
        table.row(f"import {module}", min(importing(module) for _ in range(3)), text="{:.2f}")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        start(browser, options.path)  # which compiles modules that have changed
        rows = [start(browser, options.path) for _ in range(options.starts)]
        browser.close()
    for stage in rows[0]:
        values = [row[stage] for row in rows]
        middle = statistics.median(values)
        limit = START_SECONDS if stage == LAST else None
        table.row(f"{stage}, median / slowest", middle, limit, f"{middle:.2f} / {max(values):.2f}")
    table.finish(options.quick)


if __name__ == "__main__":
    main()
