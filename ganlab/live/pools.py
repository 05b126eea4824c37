"""The pools of processes of a server, and which of them compute a session's runs."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from ganlab import machine, processes
from ganlab.engine import Game
from ganlab.limits import limit
from ganlab.live.process_pool import ProcessPool
from ganlab.processes import Child

_SOON = 2.0  # seconds from the first session, in which its page opens
SHARED = 2  # the number of playing sessions from which they are computed in other processes


class Places(NamedTuple):
    """The pools that compute updates, pictures and metrics of runs; None: the calling thread.

    homes: the number of processes that compute all three for many sessions; 0 if they are apart.
    """

    updates: ProcessPool | None = None
    frames: ProcessPool | None = None
    metrics: ProcessPool | None = None
    homes: int = 0


NOWHERE = Places()


class Pools:
    """The pools of a server.

    A session alone trains in the server's threads, beside processes for pictures and for metrics.
    Several sessions are computed in processes of their own, each in one of them, so that they use
    all cores. Slow runs have processes with a low priority.
    """

    def __init__(self) -> None:
        self._slow = ProcessPool(lambda: int(limit("slow_runs")), nice=10, waits=True)
        self._runs = ProcessPool(lambda: int(limit("run_processes")))
        self._frames = ProcessPool(lambda: int(limit("render_processes")))
        self._metrics = ProcessPool(lambda: int(limit("render_processes")), nice=5)
        self._pages = ProcessPool(lambda: 1, nice=5, waits=True)
        self._first = math.inf  # when `begin` was called first
        # Made once: a session asks for its own after each call.
        self._slow_places = Places(self._slow, self._slow, self._slow)
        # Not the updates of a session alone: a request takes as long as a short call.
        self._apart = Places(None, self._frames, self._metrics)
        self._all = (self._slow, self._runs, self._frames, self._metrics, self._pages)

    @property
    def homes(self) -> int:
        """The most processes for the runs of several sessions."""
        return self._runs.most

    def places(self, slow: bool, playing: int = 1) -> Places:
        """The pools that compute a session's runs, if `playing` sessions play."""
        if slow:
            return self._slow_places
        if playing >= SHARED and (homes := self._runs.most):
            return Places(self._runs, self._runs, self._runs, homes)
        if not self._opened:
            return NOWHERE
        return self._apart

    @property
    def pages(self) -> Places:
        """The pool that replays recordings, beside all others: for pages and films."""
        return Places(self._pages, self._pages, self._pages)

    def doing(self, game: Game) -> str:
        """See `ProcessPool.doing`, of a slow run."""
        return self._slow.doing(game)

    def begin(self) -> None:
        """Start the processes for pictures and metrics, which a page will soon need.

        Not beside the first page that this server opens: their imports take two seconds of CPU
        time, and the first picture would come a quarter of a second later.
        """
        self._first = min(self._first, time.monotonic())
        if self._opened:
            self._frames.begin()
            self._metrics.begin()

    @property
    def _opened(self) -> bool:
        """Whether the first page has had the time to open."""
        return time.monotonic() - self._first > _SOON

    def leave_a_core(self, leave: bool) -> None:
        """Keep pictures and metrics off one core, or let them use all.

        The training of a run alone finds the core that they leave. On any other, each picture makes
        it wait, or move: on two cores, that is 2 to 3 % of its speed.
        """
        cores = machine.core_numbers(without_one=leave)
        for pool in (self._frames, self._metrics):
            for child in pool.children:
                processes.use_cores(child, cores)

    @property
    def children(self) -> list[Child]:
        """All processes that have been started."""
        return [child for pool in self._all for child in pool.children]

    def rest(self) -> None:
        """End the processes that have been idle for a while."""
        for pool in self._all:
            pool.rest()

    def close(self) -> None:
        """End all processes."""
        for pool in self._all:
            pool.close()
