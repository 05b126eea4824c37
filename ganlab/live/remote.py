"""Processes that compute slow runs, so that no other session waits for the interpreter lock.

An eager update consists of a hundred torch operations, each of which releases the interpreter lock
and acquires it again. While a class is drawing pictures, a single slow run in the server's process
costs everyone a third of the frames. With a separate process, the run's thread only waits, without
the lock.

A process starts when a slow run first needs it, and ends when none has needed it for a while.
Without processes (on Windows, or for a variant that only this process knows), runs are computed
in this process.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from ganlab import processes, variants
from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager
from ganlab.engine.structure import Structure
from ganlab.limits import limit
from ganlab.live import cpu_time, remote_worker
from ganlab.live.transfer import Failed, receive, send
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_IDLE_SECONDS = 120.0  # after which an unused process is ended
_NICE = 15
_KILLED = "the process that trained this run was killed: there is probably not enough memory"


class Unavailable(Exception):
    """No process can compute this, so this process must."""


class _Process:
    """One process and the connection to it."""

    def __init__(self, outside: tuple[str, ...]):
        self.outside = outside
        self.used = time.monotonic()
        self._ready = False
        self._started = threading.Event()
        self._process: processes.Child | None = None
        self.connection: Connection | None = None
        # Linux signals a parent's death when the thread that started the child ends.
        threading.Thread(target=self._live, name="ganlab-remote", daemon=True).start()
        self._started.wait()

    def _live(self) -> None:
        named = dict.fromkeys((*variants.named(), *self.outside))
        mine, its = socket.socketpair()
        try:
            with its:
                process = self._process = processes.start(
                    remote_worker.__name__,
                    str(its.fileno()),
                    env=os.environ | variants.environment(named) | {"OMP_NUM_THREADS": "1"},
                    pass_fds=(its.fileno(),),
                    stdout=subprocess.DEVNULL,
                )
            processes.stand_back(process, _NICE)
            self.connection = Connection(mine.detach())
        except OSError:
            log.exception("a process for slow runs could not be started")
            mine.close()
            return
        finally:
            self._started.set()
        process.wait()

    def ask(self, name: str, arguments: tuple[Any, ...]) -> tuple[float, Any]:
        """CPU seconds and the answer.

        Raises OSError or EOFError if the process has ended, and `Unavailable` if it never started.
        """
        if self.connection is None:
            raise Unavailable
        if not self._ready:
            try:
                self._ready = receive(self.connection)
            except (OSError, EOFError):
                raise Unavailable from None
        send(self.connection, (name, arguments))
        answer: tuple[float, Any] = receive(self.connection)
        self.used = time.monotonic()
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            processes.end(self._process)
        if self.connection is not None:
            self.connection.close()


class Remote:
    """At most `slow_runs` (a limit) processes, shared by all slow runs; an `Executor`."""

    most = 256

    def __init__(self) -> None:
        self._free: list[_Process] = []
        self._busy: set[_Process] = set()
        self._changed = threading.Condition()
        self._can = os.name == "posix"
        atexit.register(self.close)

    @property
    def processes(self) -> int:
        """The number of processes."""
        return len(self._free) + len(self._busy)

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`. Raises MemoryError if the process was killed meanwhile."""
        try:
            made: tuple[State, list[int]]
            made = self.call("play", draws.specs, state, list(alive), players)
            return made
        except Unavailable:
            return Eager().play(game, state, draws, alive, players)

    def call(self, name: str, specs: tuple[Spec, ...], state: State, *arguments: Any) -> Any:
        """The answer of a function of `remote_worker.FUNCTIONS`.

        Raises MemoryError if the process runs out of memory or was killed. Raises `Unavailable` if
        there is no process, or if the function raises anything else: it may lack a variant.
        """
        if not self._can:
            raise Unavailable
        outside = Structure.of(specs[0]).outside
        process = self._take(outside)
        try:
            seconds, answer = process.ask(name, (specs, state, *arguments))
        except (OSError, EOFError):
            self._drop(process)
            raise MemoryError(_KILLED) from None
        except Unavailable:
            log.warning("no process for slow runs is available: the server computes them itself")
            self._can = False
            self._drop(process)
            raise
        except BaseException:  # part of a message may be in the connection
            self._drop(process)
            raise
        self._give_back(process)
        cpu_time.charge(seconds)
        if isinstance(answer, Failed):
            if answer.for_want_of_memory:
                raise MemoryError(answer.text)
            raise Unavailable(f"{answer.name}: {answer.text}")
        return answer

    def _take(self, outside: tuple[str, ...]) -> _Process:
        with self._changed:
            while True:
                # One that has imported the same variants from outside.
                for process in self._free:
                    if process.outside == outside:
                        self._free.remove(process)
                        self._busy.add(process)
                        return process
                if self.processes < int(limit("slow_runs")):
                    break
                if self._free:
                    self._free.pop(0).end()
                    break
                self._changed.wait()
            process = _Process(outside)
            self._busy.add(process)
            return process

    def _give_back(self, process: _Process) -> None:
        with self._changed:
            if process in self._busy:
                self._busy.remove(process)
                self._free.append(process)
            self._changed.notify()

    def _drop(self, process: _Process) -> None:
        with self._changed:
            self._busy.discard(process)
            self._changed.notify()
        process.end()

    def rest(self) -> None:
        """End the processes that were not needed for a while."""
        now = time.monotonic()
        with self._changed:
            idle = [p for p in self._free if now - p.used > _IDLE_SECONDS]
            self._free = [p for p in self._free if p not in idle]
        for process in idle:
            process.end()

    def close(self) -> None:
        """End all processes."""
        with self._changed:
            ended = [*self._free, *self._busy]
            self._free, self._busy = [], set()
            self._changed.notify_all()
        for process in ended:
            process.end()


REMOTE = Remote()
