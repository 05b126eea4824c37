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
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Executor
from ganlab.engine.native.play import Compiled
from ganlab.live import computing
from ganlab.live.held_state import HeldState, Origin, plain
from ganlab.live.picture_request import PictureRequest
from ganlab.live.process import Process, Request
from ganlab.live.transfer import Failed
from ganlab.processes import Child

_MOST_EAGER = 256  # the most eager updates in one call
_IN_LINE = 3  # calls queued at a process: it can start the next one while it sends an answer
_MOST_UNEVEN = 2  # times as many runs as the emptiest process has, and one, may share a process
_IDLE_SECONDS = 120.0  # until a process that nobody needs is ended
_ENDED = "the process that computed this run has ended: probably there is not enough memory"

START, TURN = "start", "turn"  # a call waits for a process to start, or for a free one


class Unavailable(Exception):
    """No process can compute this; compute it in the calling thread."""


class _Remote:
    """The results of `executor`, computed by a process of `pool`, or by `executor` if it cannot."""

    def __init__(self, pool: ProcessPool, executor: Executor, request: PictureRequest | None):
        self._pool, self._here, self._request = pool, executor, request
        self._compiled = isinstance(executor, Compiled)

    @property
    def most(self) -> int:
        """See `Executor.most`."""
        return self._here.most if self._compiled else _MOST_EAGER

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`. Raises MemoryError as `ProcessPool.call` does."""
        origin = None
        if isinstance(state, HeldState):
            origin = state.origin(game, draws, alive, self._here)
            state.forget_picture()
        origin = origin or Origin(plain(state), game, draws, tuple(alive), self._here)
        try:
            process, (after, made, painted) = self._pool.ask(
                computing.PLAY, game, state, list(alive), players, self._compiled, self._request
            )
        except Unavailable:
            return self._here.play(game, plain(state), draws, alive, players)
        if after.number is None:
            return after.state, made
        origin = replace(origin, players=origin.players + players[: max(made)])
        both = self._request and painted and (self._request, painted)
        state = HeldState.of(process, after, origin, both or None)
        process.keep(state)
        return state, made


class Painting(NamedTuple):
    """Computes updates in a pool, and with them the picture that will be wanted next."""

    pool: ProcessPool
    request: PictureRequest

    def instead_of(self, executor: Executor) -> Executor:
        """See `Elsewhere`."""
        return _Remote(self.pool, executor, self.request)


class ProcessPool:
    """Processes that compute the functions of `computing.FUNCTIONS`.

    count: the most processes. nice: their niceness, relative to the server's. waits: whether a call
    waits until a process has started, and updates return all tensors, so that nothing is lost with
    a process. If not, calls raise `Unavailable` meanwhile, and also if a process ends during a
    call.
    """

    def __init__(self, count: Callable[[], int], nice: int = 0, waits: bool = False):
        self._count, self._nice, self._waits = count, nice, waits
        self._all: list[Process] = []
        self._changed = threading.Condition()
        self._can = os.name == "posix"
        self._keys: WeakKeyDictionary[Game, tuple[int, tuple[str, ...]]] = WeakKeyDictionary()
        self._homes: WeakKeyDictionary[Game, Process] = WeakKeyDictionary()
        self._numbers = itertools.count()
        self._doing: dict[tuple[int, int], str] = {}  # by runs and thread: see `doing`
        atexit.register(self.close)

    @property
    def children(self) -> list[Child]:
        """The processes that have been started."""
        return [process.child for process in list(self._all) if process.child is not None]

    @property
    def most(self) -> int:
        """The most processes."""
        return self._count()

    def instead_of(self, executor: Executor) -> Executor:
        """See `Elsewhere`."""
        return _Remote(self, executor, None)

    def call(self, name: str, game: Game, state: State, *arguments: Any) -> Any:
        """The result of function `name` for runs, their State and further arguments.

        Raises MemoryError if memory runs out or, in a pool that waits, the process ends; raises
        `Unavailable` if there is no process or the function raises another error.
        """
        return self.ask(name, game, state, *arguments)[1]

    def ask(self, name: str, game: Game, state: State, *arguments: Any) -> tuple[Process, Any]:
        """As `call`, with the process that has computed it. Raises MemoryError or `Unavailable`."""
        key, outside = self._key(game)
        here = key, threading.get_ident()
        self._doing[here] = TURN
        try:
            process = self._take(game, outside, state)
            failed, self._doing[here] = True, name
            try:
                number = state.kept_by(process) if isinstance(state, HeldState) else None
                sent = plain(state) if number is None else number
                request = Request(name, key, game.specs, sent, arguments, self._waits)
                answer = process.ask(request)
                failed = False
            except (OSError, EOFError):
                if self._waits:
                    raise MemoryError(_ENDED) from None
                raise Unavailable from None
            finally:  # after any other error the connection may hold half a message
                self._give_back(process, failed)
        finally:
            del self._doing[here]
        if isinstance(answer, Failed):
            if answer.for_want_of_memory:
                raise MemoryError(answer.text)
            raise Unavailable(f"{answer.name}: {answer.text}")
        return process, answer

    def in_line(self, game: Game) -> int:
        """The number of calls to the process that computes these runs."""
        home = self._homes.get(game)
        return 0 if home is None else home.in_line

    def doing(self, game: Game) -> str:
        """The stage of a call for these runs: START, TURN, the function's name; "" without one."""
        key, _ = self._key(game)
        stages = [stage for (of, _), stage in list(self._doing.items()) if of == key]
        if set(stages) == {TURN} and not any(p.in_line for p in list(self._all)):
            return START
        return next((stage for stage in stages if stage != TURN), TURN if stages else "")

    def _key(self, game: Game) -> tuple[int, tuple[str, ...]]:
        """The number of some runs, and the modules outside of the package that they need."""
        key = self._keys.get(game)
        if key is None:
            key = self._keys[game] = next(self._numbers), game.rules.structure.outside
        return key

    def _take(self, game: Game, outside: tuple[str, ...], state: State) -> Process:
        """The process that computes these runs, when its line is short.

        It has imported the modules `outside`. Raises `Unavailable`.
        """
        keeper = state.keeper if isinstance(state, HeldState) else None
        most = 1 if self._waits else _IN_LINE
        with self._changed:
            while self._can:
                mine = [p for p in self._all if p.outside == outside and p.begun.is_set()]
                if any(p.broken for p in mine):
                    self._can, self._all = False, [p for p in self._all if not p.broken]
                    self._changed.notify_all()
                    break
                process = self._home(game, outside, mine, keeper)
                if process is None:
                    if not (self._waits and self._all):
                        break
                elif process.in_line < most:
                    process.in_line += 1
                    return process
                self._changed.wait()
        raise Unavailable

    def _home(
        self, game: Game, outside: tuple[str, ...], ready: Sequence[Process], keeper: object
    ) -> Process | None:
        """The one of `ready` that computes these runs; None if none is ready.

        Runs stay where they are, or where their State is, unless another process has far fewer.
        """
        if all(p.begun.is_set() and p.homes for p in self._all if p.outside == outside):
            self._start(outside)
        if not ready:
            return None
        old = self._homes.get(game) or keeper
        home = least = min(ready, key=lambda p: len(p.homes))
        for process in ready:
            if process is old and len(process.homes) <= _MOST_UNEVEN * len(least.homes) + 1:
                home = process
        self._settle(game, home)
        return home

    def _settle(self, game: Game, home: Process) -> None:
        """Have these runs computed by `home` from now on."""
        if home is self._homes.get(game):
            return
        for process in self._all:
            process.homes.discard(game)
        self._homes[game] = home
        home.homes.add(game)

    def move(self, game: Game) -> None:
        """Have these runs computed by another process, if one may have more runs.

        A process shares its core with the server, or with others' programs, so that equal numbers
        of runs would not get equal time.
        """
        with self._changed:
            old = self._homes.get(game)
            if old is None or not old.homes:
                return
            others = [p for p in self._all if p is not old and p.outside == old.outside]
            others = [p for p in others if p.begun.is_set() and not p.broken]
            least = min([len(old.homes) - 1, *(len(p.homes) for p in others)])
            free = [p for p in others if len(p.homes) <= _MOST_UNEVEN * least]
            if free:
                self._settle(game, min(free, key=lambda p: (p.in_line, len(p.homes))))

    def _start(self, outside: tuple[str, ...] = ()) -> None:
        """Start a process, if there may be one more, or if no process has these modules."""
        if len(self._all) >= self._count():
            idle = [p for p in self._all if not p.in_line]
            if not idle or any(p.outside == outside for p in self._all):
                return
            self._all.remove(idle[0])
            idle[0].end()
        self._all.append(Process(outside, self._nice, self._tell))

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def begin(self) -> None:
        """Start a process that will soon be needed, unless there is one."""
        with self._changed:
            if self._can and not self._all:
                self._start()

    def _give_back(self, process: Process, failed: bool) -> None:
        with self._changed:
            process.in_line -= 1
            if failed and process in self._all:
                self._all.remove(process)
            self._changed.notify_all()
        if failed:
            process.end()

    def rest(self) -> None:
        """End the processes that have been idle for a while."""
        now = time.monotonic()
        with self._changed:
            idle = [
                p for p in self._all if not (p.in_line or p.keeps) and now - p.used > _IDLE_SECONDS
            ]
            self._all = [p for p in self._all if p not in idle]
        for process in idle:
            process.end()

    def close(self) -> None:
        """End all processes; a later call starts others."""
        with self._changed:
            ended, self._all = self._all, []
            self._changed.notify_all()
        for process in ended:
            process.end()
