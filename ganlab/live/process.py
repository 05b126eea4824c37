"""One process that computes for the server, and the connection to it."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakSet

from ganlab import processes, variants
from ganlab.engine import Game, State
from ganlab.live import computing, cpu_time, system
from ganlab.live.held_state import HeldState
from ganlab.live.transfer import Failed, Recent, receive, send
from ganlab.processes import Child
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_STARTING = 4  # the highest niceness of a process that starts


class Request(NamedTuple):
    """A request, without what the process may know already.

    state: a State, or the number of one that the process keeps. tensors: whether a State in the
    answer has its tensors.
    """

    name: str
    key: int
    specs: tuple[Spec, ...]
    state: State | int
    arguments: tuple[Any, ...]
    tensors: bool = False


class Process:
    """One process. tell: called once it has begun.

    in_line: unanswered calls, counted by its pool. homes: the runs that it computes.
    """

    def __init__(self, outside: tuple[str, ...], nice: int, tell: Callable[[], None]):
        self.outside = outside
        self.used = time.monotonic()
        self.child: Child | None = None
        self.broken = False  # whether it ended before it was ready
        self.begun = threading.Event()
        self.in_line = 0
        self.homes: WeakSet[Game] = WeakSet()
        self.known: Recent[int, None] = Recent(computing.MOST_RUNS)
        self._nice, self._tell = nice, tell
        self._connection: socket.socket | None = None
        self._sending = threading.Lock()
        self._last: threading.Lock | None = None  # free once the last request has its answer
        self._released: deque[int] = deque()
        self._kept: WeakSet[HeldState] = WeakSet()
        # Linux takes the end of the thread that has started a child for the parent's death.
        threading.Thread(target=self._live, name="ganlab-process", daemon=True).start()

    def _live(self) -> None:
        mine, its = socket.socketpair()
        named = dict.fromkeys((*variants.named(), *self.outside))
        try:
            with its:
                self.child = processes.start(
                    computing.__name__,
                    str(its.fileno()),
                    env=os.environ
                    | variants.environment(named)
                    | system.memory_settings()
                    | {"OMP_NUM_THREADS": "1"},
                    pass_fds=(its.fileno(),),
                    stdout=subprocess.DEVNULL,
                )
            # Its imports take 4 s of CPU time: in a class a minute at the lowest priority, but at
            # the server's own priority a fifth of everybody's pictures meanwhile.
            processes.lower_priority(self.child, min(self._nice, _STARTING))
            receive(mine)
            processes.lower_priority(self.child, self._nice)
            self._connection = mine
        except (OSError, EOFError, RuntimeError):  # RuntimeError: see `variants.environment`
            log.warning("a process that computes for the server could not be started")
            self.broken = True
            mine.close()
        finally:
            self.begun.set()
            self._tell()
        if self.child is not None:
            self.child.wait()

    @property
    def keeps(self) -> bool:
        """Whether it keeps States in use whose tensors are nowhere else."""
        with self._sending:
            return not all(state.loaded for state in self._kept)

    def ask(self, request: Request) -> Any:
        """The answer, a `Failed` if there is none; its CPU seconds are charged to this thread.

        Several threads may ask at once: the process answers in the order of their requests. Raises
        OSError or EOFError if it has ended.
        """
        assert self._connection is not None
        mine = threading.Lock()
        mine.acquire()
        try:
            with self._sending:
                before, self._last = self._last, mine
                # Both ends must use `known` in the same order.
                specs = None if request.key in self.known else request.specs
                self.known[request.key] = None
                released = [self._released.popleft() for _ in range(len(self._released))]
                send(self._connection, (request._replace(specs=specs or ()), released))
            if before is not None:
                with before:
                    pass
            seconds, updates, answer = receive(self._connection)
        finally:
            mine.release()
        if isinstance(answer, Failed):
            with self._sending:
                self.known.forget(request.key)  # it may not have kept the runs
        self.used = time.monotonic()
        cpu_time.charge(seconds, updates)
        return answer

    def keep(self, state: HeldState) -> None:
        """Note that it keeps this State."""
        with self._sending:
            self._kept.add(state)

    def fetch(self, number: int) -> State:
        """See `Keeper.fetch`. Raises LookupError."""
        try:
            answer = self.ask(Request(computing.FETCH, -1, (), number, ()))
        except (OSError, EOFError):
            raise LookupError(number) from None
        if not isinstance(answer, State):
            raise LookupError(number)
        return answer

    def release(self, number: int) -> None:
        """See `Keeper.release`; it is told with the next request."""
        self._released.append(number)

    def end(self) -> None:
        """End it, whatever it does."""
        if self.child is not None:
            processes.end(self.child)
