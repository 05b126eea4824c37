"""Processes for the benchmark of sweeps: `ganlab sweep`, and a Dask cluster on this machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from tests.browser.server import ROOT

_PAGE, _TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        lists = [p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in lists for child in text.split()]


def workers(pid: int) -> list[int]:
    """Those of them that train blocks."""
    return [child for child in children(pid) if b"spawn_main" in _line(child)]


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def megabytes(pid: int) -> float:
    """The memory of a process, without what others share with it."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0.0
    return (int(resident) - int(shared)) * _PAGE / 1e6


class Shell:
    """`ganlab sweep FILE --out FOLDER` with options, in a process of its own."""

    def __init__(self, file: Path, out: Path, *options: str):
        self.out = out
        self._log = out.with_suffix(f".{time.monotonic_ns()}.log")
        command = [sys.executable, "-m", "ganlab", "sweep", str(file), "--out", str(out), *options]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.pid = self.process.pid

    @property
    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text().replace("\r", "\n")

    @property
    def blocks(self) -> int:
        """How many blocks are in its folder."""
        return len(list((self.out / "blocks").glob("[0-9]*.parquet")))

    def until(self, what: Callable[[Shell], object], seconds: float = 60.0) -> None:
        """Wait until something holds, the process ends, or the time is over."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and not what(self) and time.monotonic() < end:
            time.sleep(0.02)

    def wait(self, seconds: float = 240.0) -> int:
        """Its exit status."""
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it at once, as a machine that loses power does."""
        self.process.kill()
        self.process.wait()


def finished(out: Path) -> object:
    """The table in a folder, to be compared."""
    return pq.read_table(out / "results.parquet").to_pandas()


class Cluster:
    """`dask scheduler` and some `dask worker` processes on 127.0.0.1, with a thread each."""

    def __init__(self, workers: int = 2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        host = ["--host", "127.0.0.1", "--no-dashboard"]
        self.scheduler = self._start("scheduler", "--port", str(port), *host)
        self.workers = [self.add() for _ in range(workers)]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet)

    def add(self) -> subprocess.Popen[bytes]:
        """Start another worker, without the nanny that would replace it."""
        alone = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        return self._start("worker", self.address, *alone)

    def ready(self, count: int = 2) -> None:
        """Wait until this many workers are connected."""
        from distributed import Client

        with Client(self.address, timeout="30s") as client:
            client.wait_for_workers(count, timeout=60)

    def close(self) -> None:
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def count(text: str, words: str) -> int:
    """How often something was said."""
    return len(re.findall(words, text))
