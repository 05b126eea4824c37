"""Executors of a sweep's blocks: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from typing import Any

import pyarrow as pa

from ganlab.sweeps.work import Task, train

_COUNT_SECONDS = 1.0  # between two questions to a cluster for its number of threads


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """The default executor: one process per core, each with one thread."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers or os.cpu_count() or 1, context, initializer=_follow)


def _follow() -> None:
    """End this process when its parent ends, even if that is killed; leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="ganlab-parent", daemon=True).start()


class Pool:
    """The given executor, or a process pool of its own that can be replaced."""

    def __init__(self, given: Executor | None):
        self._given = given
        self._own: ProcessPoolExecutor | None = None
        self._counted, self._workers = -_COUNT_SECONDS, 1

    def __enter__(self) -> Pool:
        if self._given is None:
            self.renew()
        return self

    @property
    def workers(self) -> int:
        """How many blocks it computes at a time; 0 if it is a cluster without workers now."""
        # Executors do not say how many workers they have; those that do call it so.
        known = getattr(self._given, "_max_workers", None)
        if isinstance(known, int):
            return known
        client = getattr(self._given, "_client", None)  # of Dask, whose workers come and go
        if client is None:
            return os.cpu_count() or 1
        if time.monotonic() - self._counted >= _COUNT_SECONDS:
            try:
                self._workers = sum(client.nthreads().values())
            except (OSError, RuntimeError, ValueError):
                pass  # the scheduler has ended, as the futures will tell
            self._counted = time.monotonic()
        return self._workers

    def renew(self) -> bool:
        """Start the processes again, unless they are not this pool's own."""
        if self._given is not None:
            return False
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
        self._own = processes()
        return True

    def submit(self, task: Task) -> Future[pa.Table]:
        """Begin a task."""
        executor = self._given or self._own
        assert executor is not None
        try:
            return executor.submit(train, task)
        except BrokenProcessPool as error:  # it has broken meanwhile
            lost: Future[pa.Table] = Future()
            lost.set_exception(error)
            return lost

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            # A generator that is closed early must not wait for the blocks in flight.
            for process in list((getattr(self._own, "_processes", None) or {}).values()):
                process.terminate()
            self._own.shutdown(wait=False, cancel_futures=True)


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster, by its scheduler's address: tcp://host:8786.

    Raises RuntimeError without the package `distributed` (the extra "cluster") or if there is no
    scheduler.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RuntimeError('a cluster needs: pip install "ganlab[cluster]"') from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise RuntimeError(f"there is no Dask scheduler at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


@contextmanager
def _quiet_dask(address: str) -> Iterator[Executor]:
    """As `dask_executor`, without Dask's own messages, which are of its source code."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask_executor(address) as executor:
        yield executor


def executor_of(address: str | None) -> Any:
    """A context with the executor of a Dask cluster, or with None."""
    return nullcontext(None) if address is None else _quiet_dask(address)
