"""Processes that compute for the server, so that its threads do not wait for each other.

Only one thread of a process executes Python at a time. A picture or an eager update consists of a
hundred torch operations, and after each of them the thread must acquire the interpreter lock again.
A thread that asks another process waits without the lock.

A process is started when it is first needed, and ended when it has been idle for a while. If there
is none (on Windows, while it starts, or for a variant that only the server knows), the server
computes the same result itself.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ganlab import processes, variants
from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Executor
from ganlab.engine.native.play import Compiled
from ganlab.limits import limit
from ganlab.live import computing, cpu_time
from ganlab.live.transfer import Failed, Recent, receive, send
from ganlab.processes import Child

log = logging.getLogger(__name__)

_MOST_EAGER = 256  # the most eager updates in one call
_IDLE_SECONDS = 120.0  # until a process that nobody needs is ended
_ENDED = "the process that computed this run has ended: probably there is not enough memory"


START, TURN = "start", "turn"  # a call waits for a process to start, or for a free one


class Unavailable(Exception):
    """No process can compute this; compute it in the calling thread."""


class _Process:
    """One process and the connection to it. tell: called once it has begun."""

    def __init__(self, outside: tuple[str, ...], nice: int, tell: Callable[[], None]):
        self.outside = outside
        self.known: Recent[int, State | None] = Recent(computing.MOST_RUNS)  # see `kept`
        self.used = time.monotonic()
        self.child: Child | None = None
        self.broken = False  # whether it ended before it was ready
        self._nice, self._tell = nice, tell
        self._connection: socket.socket | None = None
        self.begun = threading.Event()
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
                    env=os.environ | variants.environment(named) | {"OMP_NUM_THREADS": "1"},
                    pass_fds=(its.fileno(),),
                    stdout=subprocess.DEVNULL,
                )
            processes.stand_back(self.child, 0)
            receive(mine)
            # Only now: on a busy machine its imports would take a minute at a low priority.
            processes.stand_back(self.child, self._nice)
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

    def ask(self, request: tuple[Any, ...]) -> tuple[float, Any]:
        """CPU seconds and the answer. Raises OSError or EOFError if it has ended."""
        assert self._connection is not None
        send(self._connection, request)
        answer: tuple[float, Any] = receive(self._connection)
        self.used = time.monotonic()
        return answer

    def end(self) -> None:
        """End it, whatever it does."""
        if self.child is not None:
            processes.end(self.child)


class _Remote:
    """The results of `executor`, computed by a process of `pool`, or by `executor` if it cannot."""

    def __init__(self, pool: ProcessPool, executor: Executor):
        self._pool, self._here = pool, executor
        self._compiled = isinstance(executor, Compiled)

    @property
    def most(self) -> int:
        """See `Executor.most`."""
        return self._here.most if self._compiled else _MOST_EAGER

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`. Raises MemoryError as `ProcessPool.call` does."""
        try:
            after, made = self._pool.call(
                computing.PLAY, game, state, list(alive), players, self._compiled
            )
        except Unavailable:
            return self._here.play(game, state, draws, alive, players)
        return after, made


class ProcessPool:
    """Processes that compute the functions of `computing.FUNCTIONS`.

    count: the most processes. nice: their niceness, relative to the server's. waits: whether a call
    waits until a process has started. If not, calls raise `Unavailable` meanwhile, and also if a
    process ends during a call.
    """

    def __init__(self, count: Callable[[], int], nice: int = 0, waits: bool = False):
        self._count, self._nice, self._waits = count, nice, waits
        self._free: list[_Process] = []
        self._busy: set[_Process] = set()
        self._changed = threading.Condition()
        self._can = os.name == "posix"
        self._keys: WeakKeyDictionary[Game, tuple[int, tuple[str, ...]]] = WeakKeyDictionary()
        self._numbers = itertools.count()
        self._doing: dict[tuple[int, int], str] = {}  # by runs and thread: see `doing`
        atexit.register(self.close)

    @property
    def processes(self) -> int:
        """The number of processes."""
        return len(self._free) + len(self._busy)

    def instead_of(self, executor: Executor) -> Executor:
        """See `Elsewhere`."""
        return _Remote(self, executor)

    def call(self, name: str, game: Game, state: State, *arguments: Any) -> Any:
        """The result of function `name` for runs, their State and further arguments.

        Raises MemoryError if memory runs out or, in a pool that waits, the process ends; raises
        `Unavailable` if there is no process or the function raises another error.
        """
        key, outside = self._key(game)
        here = key, threading.get_ident()
        self._doing[here] = TURN
        try:
            process = self._take(key, outside)
        except Unavailable:
            del self._doing[here]
            raise
        failed, self._doing[here] = True, name
        try:
            told = key in process.known
            before = process.known[key] if told else None
            specs, sent = None if told else game.specs, None if before is state else state
            seconds, answer = process.ask((name, key, specs, sent, arguments))
            # Before another thread asks it: both ends must use `known` in the same order.
            if isinstance(answer, Failed):
                process.known.forget(key)  # it may not have kept the runs
            else:
                process.known[key] = computing.kept(name, before, answer)
            failed = False
        except (OSError, EOFError):
            if self._waits:
                raise MemoryError(_ENDED) from None
            raise Unavailable from None
        finally:  # after any other error the connection may hold half a message
            del self._doing[here]
            self._give_back(process, failed)
        cpu_time.charge(seconds)
        if isinstance(answer, Failed):
            if answer.for_want_of_memory:
                raise MemoryError(answer.text)
            raise Unavailable(f"{answer.name}: {answer.text}")
        return answer

    def doing(self, game: Game) -> str:
        """The stage of a call for these runs: START, TURN, the function's name; "" without one."""
        key, _ = self._key(game)
        stages = [stage for (of, _), stage in list(self._doing.items()) if of == key]
        if set(stages) == {TURN} and not self._busy:
            return START
        return next((stage for stage in stages if stage != TURN), TURN if stages else "")

    def _key(self, game: Game) -> tuple[int, tuple[str, ...]]:
        """The number of some runs, and the modules outside of the package that they need."""
        key = self._keys.get(game)
        if key is None:
            key = self._keys[game] = next(self._numbers), game.rules.structure.outside
        return key

    def _take(self, key: int, outside: tuple[str, ...]) -> _Process:
        """A free process that has imported the modules `outside`, if possible one that knows `key`.

        Raises `Unavailable`.
        """
        with self._changed:
            while self._can:
                free = [p for p in self._free if p.outside == outside]
                if not free and self._start(outside):
                    continue
                ready = [p for p in free if p.begun.is_set()]
                if ready:
                    process = next((p for p in ready if key in p.known), ready[0])
                    self._free.remove(process)
                    if process.broken:
                        self._can = False
                        self._changed.notify_all()
                        break
                    self._busy.add(process)
                    return process
                if not self._busy and not (free and self._waits):
                    break
                self._changed.wait()
        raise Unavailable

    def _start(self, outside: tuple[str, ...] = ()) -> bool:
        """Start a process, if need be in place of one with other modules; whether it started."""
        if self.processes >= self._count():
            other = next((p for p in self._free if p.outside != outside), None)
            if other is None:
                return False
            self._free.remove(other)
            other.end()
        self._free.append(_Process(outside, self._nice, self._tell))
        return True

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def begin(self) -> None:
        """Start a process that will soon be needed, unless there is one."""
        with self._changed:
            if self._can and not self.processes:
                self._start()

    def _give_back(self, process: _Process, failed: bool) -> None:
        with self._changed:
            if process in self._busy:
                self._busy.remove(process)
                if not failed:
                    self._free.append(process)
            self._changed.notify()
        if failed:
            process.end()

    def rest(self) -> None:
        """End the processes that have been idle for a while."""
        now = time.monotonic()
        with self._changed:
            idle = [p for p in self._free if now - p.used > _IDLE_SECONDS]
            self._free = [p for p in self._free if p not in idle]
        for process in idle:
            process.end()

    def close(self) -> None:
        """End all processes; a later call starts others."""
        with self._changed:
            ended = [*self._free, *self._busy]
            self._free, self._busy = [], set()
            self._changed.notify_all()
        for process in ended:
            process.end()


class Places(NamedTuple):
    """The pools that compute updates, pictures and metrics of runs; None: the calling thread."""

    updates: ProcessPool | None = None
    frames: ProcessPool | None = None
    metrics: ProcessPool | None = None


NOWHERE = Places()


class Pools:
    """The pools of a server: for slow runs, with a low priority, for pictures, and for metrics."""

    def __init__(self) -> None:
        self._slow = ProcessPool(lambda: int(limit("slow_runs")), nice=10, waits=True)
        self._frames = ProcessPool(lambda: int(limit("render_processes")))
        self._metrics = ProcessPool(lambda: int(limit("render_processes")), nice=5)
        self._all = (self._slow, self._frames, self._metrics)

    def places(self, slow: bool) -> Places:
        """The pools that compute a session's runs."""
        if slow:
            return Places(self._slow, self._slow, self._slow)
        # Not the updates of other runs: a request takes as long as a short call.
        return Places(None, self._frames, self._metrics)

    def doing(self, game: Game) -> str:
        """See `ProcessPool.doing`, of a slow run."""
        return self._slow.doing(game)

    def begin(self) -> None:
        """Start the processes for pictures and metrics, which a page will soon need."""
        self._frames.begin()
        self._metrics.begin()

    def rest(self) -> None:
        """End the processes that have been idle for a while."""
        for pool in self._all:
            pool.rest()

    def close(self) -> None:
        """End all processes."""
        for pool in self._all:
            pool.close()
