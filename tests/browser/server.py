"""The app as users start it, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A context manager: the running server's `url`, `pid` and `log`.

    `prepare` is Python code that the server's process executes first. The server is
    `streamlit run ganlab/app.py` with `settings` in addition to those of the tests.
    Raises RuntimeError if it does not start. environment: variables that all servers get, unless
    they are set.
    """

    environment: ClassVar[dict[str, str]] = {}

    def __init__(self, log: Path, prepare: str = "", settings: dict[str, str] | None = None):
        self.log_path, self._prepare = log, prepare
        self._settings = settings or {}
        self.url, self.pid = "", 0

    @property
    def log(self) -> str:
        """The server's output so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def __enter__(self) -> Server:
        self._start(free_port(), "wb")
        return self

    def restart(self) -> None:
        """Stop it and start it again at the same address, with nothing in memory."""
        self._stop()
        self._start(urlsplit(self.url).port, "ab")

    def _start(self, port: int, mode: str) -> None:
        start = ["-m", "streamlit"]
        if self._prepare:
            start = ["-c", f"{self._prepare}\nfrom streamlit.web.cli import main\nmain()"]
        flags = {
            "server.address": "127.0.0.1",
            "server.port": port,
            "server.headless": "true",
            "server.fileWatcherType": "none",  # an edit during the tests must not rerun pages
            **self._settings,
        }
        options = [f"--{name}={value}" for name, value in flags.items()]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
        environment = self.environment | environment
        with self.log_path.open(mode) as log:
            self._process = subprocess.Popen(
                [sys.executable, *start, "run", str(ROOT / "ganlab" / "app.py"), *options],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        base = self._settings.get("server.baseUrlPath", "")
        self.pid = self._process.pid
        self.url = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the app did not come up:\n{self.log[-4000:]}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)

    def __exit__(self, *_: object) -> None:
        self._stop()
