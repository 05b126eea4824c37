"""Finds a Chromium for the tests and benchmarks that drive the real page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In one shared process each page takes a quarter less CPU time to open. Rendering on the CPU
    # takes less time without the process that emulates a GPU.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--disable-gpu",
    "--disable-gpu-compositing",
    # The lab must work without the internet: only this machine's names resolve.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_COMMAND = "python -m playwright install --with-deps chromium"
_INSTALL_SECONDS = 240


class NoChromium(RuntimeError):
    """There is no Chromium, and none could be installed."""


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _works(path: str | None) -> bool:
    """Whether `path` works: some systems have a stub that only explains how to install it."""
    if not path or not Path(path).exists():
        return False
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _try(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find(playwright: Playwright) -> str:
    """The path of a working Chromium: on PATH, else Playwright's own, else installed now.

    Raises `NoChromium`, with the command that installs one, if that fails.
    """

    def present() -> str | None:
        for name in NAMES:
            path = shutil.which(name)
            if path and _works(path):
                return path
        own = playwright.chromium.executable_path
        return own if _works(own) else None

    path = present()
    if path is None:
        _try(sys.executable, "-m", "playwright", "install", "chromium")
        path = present()
    if path is None and _is_root() and shutil.which("apt-get"):
        if _try("apt-get", "update", "-qq"):
            _try("apt-get", "install", "-y", "-qq", "chromium")
        path = present()
    if path is None:
        raise NoChromium(f"the browser tests need a Chromium; run: {_COMMAND}")
    return path


def command(playwright: Playwright) -> list[str]:
    """The command of a headless Chromium that can reach this machine only."""
    root = ("--no-sandbox",) if _is_root() else ()
    return [find(playwright), *FLAGS, *root]


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium with a new profile, which can reach this machine only."""
    path, *options = command(playwright)
    return playwright.chromium.launch(executable_path=path, args=options)
