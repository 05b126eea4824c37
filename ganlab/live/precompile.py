"""Compiles programs while the server is idle, those closest to the open pages first."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from ganlab import processes
from ganlab.engine.native import cache
from ganlab.engine.native.compile_queue import COMPILE_QUEUE, CompileQueue
from ganlab.engine.native.compile_request import CompileRequest
from ganlab.engine.structure import Structure
from ganlab.limits import compiling, limit
from ganlab.live.session import Session
from ganlab.live.story import offers
from ganlab.machine import cores
from ganlab.presets import PRESETS, to_compile
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_CHECK_SECONDS = 1.0  # between two checks whether the server is idle
_CALM = 3  # the number of consecutive idle checks that are needed
_BESIDE_SECONDS = 0.5  # between two checks while a compiler works
_NOTHING_SECONDS = 10.0  # between two checks when nothing is left to compile
_FAILURES = 2  # consecutive failures: there is no compiler, or the disk is full
# Of the cores, used beside a compiler. On two cores a run at full speed uses more: beside a
# compiler, of however low a priority, the browser would take its core, and slow it by a sixth.
_MOST_USED = 0.4


class Usage:
    """Measures the share of the cores that this server and its `children` use."""

    def __init__(self, children: Callable[[], Iterable[processes.Child]]):
        self._children = children
        self._then = time.monotonic(), self._seconds()

    def _seconds(self) -> float:
        """CPU seconds used so far; children count on Linux only."""
        parts = (processes.cpu_seconds(child) or 0.0 for child in self._children())
        return time.process_time() + sum(parts)

    def share(self) -> float:
        """The share of all cores since the last call."""
        now = time.monotonic(), self._seconds()
        passed, used = (b - a for a, b in zip(self._then, now, strict=True))
        self._then = now
        return max(0.0, used) / max(passed, 1e-6) / cores()  # children may have ended


def _load() -> float:
    """The number of runnable threads on this machine, averaged over a minute; 0 if unknown."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def mostly_idle(sessions: Iterable[Session], share: float, load: float) -> bool:
    """Whether a compiler would disturb no one: no run plays, or more than half the cores are idle.

    share: of the cores that the server and its processes use; load: runnable threads of all
    processes except the compiler. An MNIST trainer is a process of its own.
    """
    if load >= cores():
        return False
    if any(s.state == "playing" for s in sessions) and share >= _MOST_USED:
        return False
    from ganlab.mnist.folder import QUEUE

    try:
        return not QUEUE.working()
    except OSError:
        return True


def near(session: Session) -> Iterator[Spec]:
    """The Specs an open page may show next: cures, its offers, and neighbouring presets."""
    story = session.story
    preset = None if story is None else story.preset
    if preset is None:
        for name, _ in offers(session.spec):
            yield from PRESETS[name].specs
        return
    yield from preset.cured()
    names = list(PRESETS)
    at = names.index(preset.name)
    for name in (names[(at + 1) % len(names)], names[at - 1]):
        yield from PRESETS[name].specs


class Precompiler:
    """A thread that compiles one program after the other, and stops when the server is busy.

    It compiles at most `idle_programs` (a limit), and none that would evict others from the disk.
    Compilers have a low priority and give way to requested ones. children: the processes in which
    the server computes, whose time is the server's.
    """

    def __init__(
        self,
        sessions: Callable[[], list[Session]],
        queue: CompileQueue = COMPILE_QUEUE,
        children: Callable[[], Iterable[processes.Child]] = tuple,
    ):
        self._sessions, self._queue = sessions, queue
        self._tried: set[Structure] = set()  # structures that are compiled, or failed
        self._made = self._failed = 0  # all programs made; consecutive failures
        self._usage, self._building = Usage(children), False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start checking for idle time, unless this server does not precompile."""
        if self._thread is None and compiling() and limit("idle_programs"):
            self._thread = threading.Thread(target=self._work, name="ganlab-ahead", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop, and end its compiler."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def idle(self) -> bool:
        """Whether the last checks found the server idle."""
        return mostly_idle(self._sessions(), self._usage.share(), _load() - self._building)

    def next(self) -> Structure | None:
        """The next Structure to compile; None if nothing is left, or there is no room for it."""
        if cache.full():
            return None
        for spec in self._specs():
            structure = Structure.of(spec)
            if structure in self._tried:
                continue
            if not cache.there(structure):
                return structure
            self._tried.add(structure)
        return None

    def _specs(self) -> Iterator[Spec]:
        for session in reversed(self._sessions()):
            if session.watched:
                yield from near(session)
        yield from to_compile()

    def _work(self) -> None:
        calm, wait = 0, _CHECK_SECONDS
        while not self._closed.wait(wait):
            calm, wait = calm + 1 if self.idle() else 0, _CHECK_SECONDS
            if calm < _CALM:
                continue
            structure = self.next()
            if structure is None:
                wait = _NOTHING_SECONDS
            elif not self.build(structure):
                calm = 0
            if self._made >= limit("idle_programs") or self._failed >= _FAILURES:
                return

    def build(self, structure: Structure) -> bool:
        """Compile one program while the server is idle; returns whether it is finished."""
        request = self._queue.ask(structure, waits=False)
        if request is None:
            return False  # all compilers work on requests
        self._building = True
        while not request.wait_until_done(_BESIDE_SECONDS):
            if self._closed.is_set() or not self.idle():
                self._queue.give_way(request)
        self._building = False
        return self._note(request)

    def _note(self, request: CompileRequest) -> bool:
        if request.gave_way:
            return False
        self._tried.add(request.structure)
        if request.program is not None:
            self._made, self._failed = self._made + 1, 0
        else:
            self._failed += 1
        return True
