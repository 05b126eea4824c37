"""Processes that compute for slow runs, so that nobody else waits for the interpreter's lock.

An eager update is a hundred operations of torch, and each gives the interpreter's lock up and must
have it back. Beside a class's pictures one slow run in the server's own process costs everybody a
third of the frames. Here the thread that trains it waits for a process without holding the lock.

A process is started when a slow run first needs it, and ended when none has needed it for a while.
Where none can be had (Windows, or a variant that only this process knows), runs compute here.
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

_IDLE_SECONDS = 120.0  # until a process that nobody needs is ended
_NICE = 15
_KILLED = "the process that trained this run was ended: probably there is not enough memory"


class Unavailable(Exception):
    """No process can compute this: it is to be computed here."""


class _Process:
    """One process and the connection to it."""

    def __init__(self, outside: tuple[str, ...]):
        self.outside = outside
        self.used = time.monotonic()
        self._ready = False
        self._started = threading.Event()
        self._process: processes.Child | None = None
        self.connection: Connection | None = None
        # Linux signals a parent's death when the thread ends that has started the child.
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

        Raises OSError or EOFError if it has ended, and `Unavailable` if it never began.
        """
        if self.connection is None:
            raise Unavailable
        if not self._ready:
            try:
                self._ready = receive(self.connection)
            except (OSError, EOFError):
                raise Unavailable from None
        send(self.connection, (name, arguments))
        answer = receive(self.connection)
        self.used = time.monotonic()
        return answer

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process is not None:
            processes.end(self._process)
        if self.connection is not None:
            self.connection.close()


class Remote:
    """As many processes as the limit `slow_runs`, shared by all slow runs; an `Executor`."""

    most = 256

    def __init__(self) -> None:
        self._free: list[_Process] = []
        self._busy: set[_Process] = set()
        self._changed = threading.Condition()
        self._can = os.name == "posix"
        atexit.register(self.close)

    @property
    def processes(self) -> int:
        """How many there are."""
        return len(self._free) + len(self._busy)

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`; raises MemoryError if the process was killed meanwhile."""
        try:
            return self.call("play", draws.specs, state, list(alive), players)
        except Unavailable:
            return Eager().play(game, state, draws, alive, players)

    def call(self, name: str, specs: tuple[Spec, ...], state: State, *arguments: Any) -> Any:
        """The answer of a function of `remote_worker.FUNCTIONS`.

        Raises MemoryError if it has not enough or the process was killed, and `Unavailable` where
        there is none or the function raises anything else: it may not know a variant of the Specs.
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
            log.warning("no process for slow runs can be had: they are computed in the server's")
            self._can = False
            self._drop(process)
            raise
        except BaseException:  # half a message may be on its way
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
                # Those that have imported the same variants from outside.
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
        """End the processes that nobody has needed for a while."""
        now = time.monotonic()
        with self._changed:
            idle = [p for p in self._free if now - p.used > _IDLE_SECONDS]
            self._free = [p for p in self._free if p not in idle]
        for process in idle:
            process.end()

    def close(self) -> None:
        """End all of them."""
        with self._changed:
            ended = [*self._free, *self._busy]
            self._free, self._busy = [], set()
            self._changed.notify_all()
        for process in ended:
            process.end()


REMOTE = Remote()
