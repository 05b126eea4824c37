"""Compiles programs beside the training: few processes of low priority at a time.

    ticket = COMPILE_QUEUE.ask(structure)  # at once; found on disk, it is ready in milliseconds
    ticket.program, ticket.state      # "waiting", "compiling", "ready", "failed", "off"
    COMPILE_QUEUE.leave(ticket)       # nobody waits for it any more
    COMPILE_QUEUE.ask(structure, waits=False)  # in idle time: only if nobody needs a compiler

What nobody waits for gives way to what somebody does.
"""

from __future__ import annotations

import atexit
import bisect
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, overload

import torch

from ganlab import processes, variants
from ganlab.engine.native import build, cache, times
from ganlab.engine.native.program import Program
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure
from ganlab.limits import limit

log = logging.getLogger(__name__)

_TOLERANCE = 1e-4
_LONGEST_SECONDS = 900.0
_NORMAL = ("data", "latent", "noise", "fixed")


class Ticket:
    """What has become of the wish for a program."""

    def __init__(self, structure: Structure):
        self.structure = structure
        self.state = "waiting"
        self.program: Program | None = None
        self.reason = ""  # of a failure
        self.seconds = 0.0  # that compiling took; 0 if it was found on disk
        self.since = time.monotonic()
        self.begun = 0.0  # when its compiler was started, by the same clock
        self.waiting = 0  # how many wait for it
        self.gave_way = False  # to those that others wait for
        self._done = threading.Event()

    def wait(self, seconds: float | None = None) -> Program | None:
        """Block until it is ready or failed; the program, if there is one."""
        self._done.wait(seconds)
        return self.program

    def wait_until_done(self, seconds: float | None = None) -> bool:
        """Block until it is ready or failed, or until so many seconds have passed; which."""
        return self._done.wait(seconds)

    def _finish(self, state: str, program: Program | None = None, reason: str = "") -> None:
        self.program, self.reason, self.state = program, reason, state
        self._done.set()


class CompileQueue:
    """Tickets by Structure, a queue, and as many compiling threads as the limit `compile_jobs`."""

    def __init__(self, compile: Callable[[Structure], Path] | None = None):
        self._compile = compile or self._in_a_process
        self._tickets: dict[Structure, Ticket] = {}
        self._queue: list[Ticket] = []
        self._current: list[Ticket] = []
        self._processes: dict[Structure, subprocess.Popen] = {}
        self._closed = False
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._swept = False
        atexit.register(self.close)

    @overload
    def ask(self, structure: Structure, waits: Literal[True] = True) -> Ticket: ...

    @overload
    def ask(self, structure: Structure, waits: bool) -> Ticket | None: ...

    def ask(self, structure: Structure, waits: bool = True) -> Ticket | None:
        """The ticket of `structure`; it is compiled in its turn unless it is on disk or in memory.

        waits: False where nobody does: then it is begun at once or not at all (None), ended when
        others need its compiler, and not kept in memory. Not begun are what is known already, and
        anything while others wait or once this is closed.
        """
        if not waits:
            return self._ask_idly(structure)
        with self._changed:
            if not self._swept:
                self._swept = True
                cache.sweep()
            self._closed = False
            ticket = self._tickets.get(structure)
            if ticket is None:
                ticket = Ticket(structure)
                if not self._load(ticket) and not _jobs():
                    ticket._finish("off", reason="this server compiles nothing (compile_jobs = 0)")
                    return ticket
                self._tickets[structure] = ticket
            ticket.waiting += 1
            if ticket.state == "waiting" and ticket not in self._queue:
                self._queue.append(ticket)
                self._hire()
            self._stop_unwanted()
            self._changed.notify()
        return ticket

    def _ask_idly(self, structure: Structure) -> Ticket | None:
        with self._changed:
            busy = self._queue or len(self._current) >= _jobs()
            if self._closed or busy or structure in self._tickets:
                return None
            ticket = self._tickets[structure] = Ticket(structure)
            self._queue.append(ticket)
            self._hire()
            self._changed.notify()
        return ticket

    def give_way(self, ticket: Ticket) -> None:
        """End the compiler of `ticket`, unless somebody waits for it by now."""
        with self._changed:
            if ticket.waiting <= 0:
                self._end_early(ticket)

    def leave(self, ticket: Ticket) -> None:
        """One fewer waits for `ticket`."""
        with self._changed:
            ticket.waiting -= 1
            if ticket.waiting <= 0 and ticket in self._queue:
                self._queue.remove(ticket)
                del self._tickets[ticket.structure]
            self._stop_unwanted()

    def left(self, ticket: Ticket) -> float | None:
        """Seconds until `ticket` is probably ready: 0 if that is overdue, None if none is made.

        As long as the last programs took here, one after the other on each compiler.
        """
        each, now = times.expected(), time.monotonic()
        with self._changed:
            if ticket.state == "compiling":
                return max(0.0, ticket.begun + each - now)
            if ticket.state != "waiting" or ticket not in self._queue:
                return None
            free = sorted(max(0.0, t.begun + each - now) for t in self._current)
            free = [0.0] * (max(1, _jobs()) - len(free)) + free
            done = 0.0
            for _ in range(self._queue.index(ticket) + 1):
                done = free.pop(0) + each  # on the compiler that is free first
                bisect.insort(free, done)
            return done

    def close(self) -> None:
        """End what is being compiled; nothing is compiled afterwards, until it is asked for."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            for process in self._processes.values():
                processes.end(process)

    def _hire(self) -> None:
        """One more thread, if there may be and something waits that no idle thread takes."""
        if len(self._threads) < min(_jobs(), len(self._current) + len(self._queue)):
            # As the system tells a child when the thread that started it ends, none of them ends.
            thread = threading.Thread(target=self._work, name="ganlab-compile", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _stop_unwanted(self) -> None:
        """Have what nobody waits for give way to what waits in the queue."""
        wanted = [ticket for ticket in self._queue if ticket.waiting > 0]
        if not wanted:
            return
        for ticket in [t for t in self._queue if t.waiting <= 0]:
            self._end_early(ticket)
        if len(self._current) < _jobs() or len(wanted) <= sum(t.gave_way for t in self._current):
            return
        for ticket in self._current:
            if ticket.waiting <= 0 and not ticket.gave_way:
                self._end_early(ticket)
                return

    def _end_early(self, ticket: Ticket) -> None:
        """Have a ticket give way that nobody waits for."""
        if ticket in self._queue:
            self._queue.remove(ticket)
            self._tickets.pop(ticket.structure, None)
            ticket.gave_way = True
            ticket._finish("failed", reason="others needed the compiler")
        elif ticket in self._current:
            ticket.gave_way = True  # also of a process that is about to be started
            process = self._processes.get(ticket.structure)
            if process is not None:
                processes.end(process)

    def _load(self, ticket: Ticket) -> bool:
        folder = cache.find(ticket.structure)
        if folder is None:
            return False
        try:
            program = Program(ticket.structure, folder)
            check(program)
        except Exception as error:  # whatever a foreign library does
            log.warning("a compiled program on disk is not used: %s", error)
            return False
        ticket._finish("ready", program)
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue or len(self._current) >= max(1, _jobs()):
                    self._changed.wait()
                ticket = self._queue.pop(0)
                self._current.append(ticket)
                ticket.state, ticket.gave_way = "compiling", False
                ticket.begun = time.monotonic()
            started = time.monotonic()
            try:
                self._compile(ticket.structure)
                ticket.seconds = time.monotonic() - started
                times.add(ticket.seconds)
                if not self._load(ticket):
                    raise RuntimeError("what was compiled does not work")
                self._end(ticket)
            except Exception as error:
                self._end(ticket, error)

    def _end(self, ticket: Ticket, error: Exception | None = None) -> None:
        with self._changed:
            self._current.remove(ticket)
            self._changed.notify_all()
            if error is None:
                if ticket.waiting <= 0:
                    self._tickets.pop(ticket.structure, None)  # from disk, if it is asked for
                return
            gave_way = ticket.gave_way
            if gave_way and ticket.waiting > 0 and not self._closed:  # asked for again meanwhile
                ticket.state = "waiting"
                self._queue.append(ticket)
                return
            if ticket.waiting <= 0:  # to be begun anew if asked for again
                self._tickets.pop(ticket.structure, None)
        if not gave_way:
            log.warning("a program could not be compiled, training stays eager: %s", error)
        ticket._finish("failed", reason=str(error))

    def _in_a_process(self, structure: Structure) -> Path:
        def make(folder: Path) -> None:
            # What a compiler that is killed leaves half written goes with the draft.
            scratch = folder / "scratch"
            scratch.mkdir()
            environment = os.environ | variants.environment(structure.outside)
            # Inductor's own cache keeps the compiler's precompiled header, which takes 20 s.
            environment.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.compiler_folder()))
            environment |= {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
            environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
            with self._changed:
                ticket = self._tickets.get(structure)
                if self._closed or (ticket is not None and ticket.gave_way):
                    raise RuntimeError("the compiler was stopped")
                process = self._processes[structure] = processes.start(
                    build.__name__,
                    str(folder),
                    build.to_json(structure),
                    env=environment,
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                )
                processes.stand_back(process, 10)
            try:
                _, said = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                processes.end(process)
                process.communicate()
                raise RuntimeError(f"compiling took over {_LONGEST_SECONDS:.0f} s") from None
            finally:
                processes.end(process)  # compilers that have lost their parent
                with self._changed:
                    del self._processes[structure]
            if process.returncode:
                lines = [line for line in said.splitlines() if line.strip()]
                killed = process.returncode < 0 or not lines
                raise RuntimeError("the compiler was stopped" if killed else lines[-1])
            shutil.rmtree(scratch, ignore_errors=True)

        return cache.store(structure, make)


def _jobs() -> int:
    return int(limit("compile_jobs"))


def check(program: Program) -> None:
    """One update of D and of G, held against the eager ones. Raises RuntimeError if they differ."""
    rules, draw = Rules(program.structure), torch.Generator().manual_seed(1)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(1, *shape, generator=draw) * 0.3

    g, d = some(rules.G.size), some(rules.D.size)
    slots = {"G": [some(rules.G.size).abs() for _ in rules.slots("G")]}
    slots["D"] = [some(rules.D.size).abs() for _ in rules.slots("D")]
    given = {
        player: {
            # Uniform ones are between 0 and 1, as numbers are.
            name: some(*shape) if name.endswith(_NORMAL) else some(*shape).abs().clamp(0.05, 0.1)
            for name, shape in program.inputs[player].items()
        }
        for player in "DG"
    }
    mine = [g[0].clone(), d[0].clone()]
    mine += [torch.cat(slots[p]) if slots[p] else torch.empty(0) for p in "GD"]
    if program.play(b"DG", mine[0], mine[1], mine[2], mine[3], given) != 2:
        raise RuntimeError("a compiled program left the finite numbers")
    params = {"D": d, "G": g}
    now: dict[str, Sequence[torch.Tensor]] = {**slots}
    for player in "DG":
        drawn = dict(given[player])
        numbers = tuple(drawn.pop("numbers")[0, 0].view(-1, 1, 1))
        made = rules.update(
            *(player, params["G"], params["D"], tuple(now["G"]), tuple(now["D"])),
            *(numbers, drawn, drawn.pop("fixed", None)),
        )
        params[player], now[player] = made.params, made.slots
    for name, a, b in zip("gd", mine, (params["G"][0], params["D"][0]), strict=False):
        if not (a - b).abs().max() <= _TOLERANCE * b.abs().max():
            raise RuntimeError(f"a compiled update of {name.upper()} differs from the eager one")


COMPILE_QUEUE = CompileQueue()
