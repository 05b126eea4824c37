"""Programs compiled ahead while the server has little to do, nearest to the open pages first."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from ganlab.engine.native import cache
from ganlab.engine.native.compile_queue import COMPILE_QUEUE, CompileQueue, CompileRequest
from ganlab.engine.structure import Structure
from ganlab.limits import limit
from ganlab.live.backend import compiling_wanted
from ganlab.live.session import Session
from ganlab.live.story import OFFERS
from ganlab.presets import PRESETS, to_compile
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0  # between two looks whether there is time,
_CALM = 3  # of which so many in a row find that there is
_BESIDE_SECONDS = 0.5  # between two looks while a compiler is at work
_NOTHING_SECONDS = 10.0  # where nothing is left to be compiled
_FAILURES = 2  # in a row: there is no compiler, or the disk is full


class Usage:
    """How much of the cores this server's own threads take."""

    def __init__(self) -> None:
        self._then = time.monotonic(), time.process_time()

    def share(self) -> float:
        """Of all cores, since the last call."""
        now = time.monotonic(), time.process_time()
        passed, used = (b - a for a, b in zip(self._then, now, strict=True))
        self._then = now
        return used / max(passed, 1e-6) / _cores()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _load() -> float:
    """Threads of this machine that want a core, on average over a minute; 0 where unknown."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def mostly_idle(sessions: Iterable[Session], share: float, load: float) -> bool:
    """Whether a compiler takes nothing from anybody: no run plays, or most cores have no work.

    share: of the cores that the server takes; load: threads that want a core, whosesoever, but the
    compiler. A trainer of MNIST is a process of its own.
    """
    if load >= _cores():
        return False
    if any(s.state == "playing" for s in sessions) and share >= 0.5:
        return False
    from ganlab.mnist.folder import QUEUE

    try:
        return not QUEUE.working()
    except OSError:
        return True


def near(session: Session) -> Iterator[Spec]:
    """What a page that is open may show next: cures, what it offers, the presets beside its own."""
    story = session.story
    preset = None if story is None else story.preset
    if preset is None:
        for name, _ in OFFERS:
            yield from PRESETS[name].specs
        return
    yield from preset.cured()
    names = list(PRESETS)
    at = names.index(preset.name)
    for name in (names[(at + 1) % len(names)], names[at - 1]):
        yield from PRESETS[name].specs


class Precompiler:
    """A thread that has one program after another compiled, and ends it when there is work.

    At most as many as the limit `idle_programs`, and none that would take others' place on disk.
    Compilers run at a low priority; one that somebody asks for has the right of way.
    """

    def __init__(self, sessions: Callable[[], list[Session]], queue: CompileQueue = COMPILE_QUEUE):
        self._sessions, self._queue = sessions, queue
        self._tried: set[Structure] = set()  # that are there now, or could not be made
        self._made = self._failed = 0  # of all; of the last ones in a row
        self._usage, self._building = Usage(), False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look for idle time, unless this server compiles nothing ahead."""
        if self._thread is None and compiling_wanted() and limit("idle_programs"):
            self._thread = threading.Thread(target=self._work, name="ganlab-ahead", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop, and end the compiler that is at work for nobody."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def idle(self) -> bool:
        """Whether there is time, as of the last moments."""
        return mostly_idle(self._sessions(), self._usage.share(), _load() - self._building)

    def next(self) -> Structure | None:
        """What is to be compiled next; None: nothing is left, or there is no room for it."""
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
        calm, wait = 0, _LOOK_SECONDS
        while not self._closed.wait(wait):
            calm, wait = calm + 1 if self.idle() else 0, _LOOK_SECONDS
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
        """Compile one program while there is time for it; whether it is done with."""
        request = self._queue.ask(structure, waits=False)
        if request is None:
            return False  # all compilers are at work for others
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
