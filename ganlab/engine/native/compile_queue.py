"""Compiles programs while training goes on, in a few processes of low priority.

    request = COMPILE_QUEUE.ask(structure)  # returns at once; if on disk, ready in milliseconds
    request.program, request.state  # "waiting", "compiling", "ready", "failed", "off"
    COMPILE_QUEUE.leave(request)  # the caller no longer waits for it
    COMPILE_QUEUE.ask(structure, waits=False)  # in idle time: only if no one else needs a compiler

Requests that no one waits for give way to requests that someone waits for.
"""

from __future__ import annotations

import atexit
import bisect
import contextlib
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, overload

from ganlab import processes, variants
from ganlab.engine.native import build, cache, times
from ganlab.engine.native.compile_request import NICE, CompileRequest
from ganlab.engine.native.program import Program
from ganlab.engine.native.verification import verify
from ganlab.engine.structure import Structure
from ganlab.limits import limit

log = logging.getLogger(__name__)

_LONGEST_SECONDS = 900.0
_ENDING_SECONDS = 5.0  # to remove the partial files of compilers that were ended


class CompileQueue:
    """Requests by Structure, a queue, and at most `compile_jobs` compiling threads."""

    def __init__(self, compile: Callable[[Structure], Path] | None = None):
        self._compile = compile or self._in_a_process
        self._requests: dict[Structure, CompileRequest] = {}
        self._queue: list[CompileRequest] = []
        self._current: list[CompileRequest] = []
        self._processes: dict[Structure, processes.Child] = {}
        self._work_of: dict[Structure, float] = {}  # CPU seconds of compilers that have ended
        self._closed = False
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._swept = False
        atexit.register(self.close)

    @overload
    def ask(
        self, structure: Structure, waits: Literal[True] = True, nice: int = NICE
    ) -> CompileRequest: ...

    @overload
    def ask(self, structure: Structure, waits: bool) -> CompileRequest | None: ...

    def ask(
        self, structure: Structure, waits: bool = True, nice: int = NICE
    ) -> CompileRequest | None:
        """The request of `structure`, which is compiled unless it is on disk or in memory.

        waits: whether the caller waits for it. If not, it is started at once or not at all (None),
        stopped when others need its compiler, and not kept in memory; it is not started if it is
        known already, while others wait, or after `close`.
        nice: the niceness of its compiler, unless that was started already; the least of all who
        wait.
        """
        if not waits:
            return self._ask_idly(structure)
        with self._changed:
            if not self._swept:
                self._swept = True
                cache.sweep()
            self._closed = False
            request = self._requests.get(structure)
            if request is None:
                request = CompileRequest(structure)
                if not self._load(request) and not _jobs():
                    request.finish("off", reason="compiling is off (compile_jobs = 0)")
                    return request
                self._requests[structure] = request
            request.waiting += 1
            request.nice = min(request.nice, nice)
            if request.state == "waiting" and request not in self._queue:
                self._queue.append(request)
                self._start_thread()
            self._stop_unwanted()
            self._changed.notify()
        return request

    def _ask_idly(self, structure: Structure) -> CompileRequest | None:
        with self._changed:
            busy = self._queue or len(self._current) >= _jobs()
            if self._closed or busy or structure in self._requests:
                return None
            request = self._requests[structure] = CompileRequest(structure)
            self._queue.append(request)
            self._start_thread()
            self._changed.notify()
        return request

    def give_way(self, request: CompileRequest) -> None:
        """End the compiler of `request`, unless someone waits for it by now."""
        with self._changed:
            if request.waiting <= 0:
                self._end_early(request)

    def leave(self, request: CompileRequest) -> None:
        """Tell that one caller fewer waits for `request`."""
        with self._changed:
            request.waiting -= 1
            if request.waiting <= 0 and request in self._queue:
                self._queue.remove(request)
                del self._requests[request.structure]
            self._stop_unwanted()

    def left(self, request: CompileRequest) -> float | None:
        """Estimated seconds until `request` is ready; None if unknown, or if it is not coming.

        The estimate compares the CPU seconds that its compiler has used with those that the last
        programs needed here, and uses the queue of each compiler. It is unknown while a compiler
        needs more than usual.
        """
        usual = times.expected()
        with self._changed:
            used = {current: self._used(current) for current in self._current}
            if request.state == "compiling":
                return usual.left(*used[request]) if request in used else None
            if request.state != "waiting" or request not in self._queue:
                return None
            left = [usual.left(*one) for one in used.values()]
            free = sorted(one for one in left if one is not None)
            if len(free) < len(left):
                return None
            shares = [usual.share_of(*one) for one in used.values()] or [usual.share]
            each = usual.work / (sum(shares) / len(shares))
            free = [0.0] * (max(1, _jobs()) - len(free)) + free
            done = 0.0
            for _ in range(self._queue.index(request) + 1):
                done = free.pop(0) + each  # on the compiler that becomes free first
                bisect.insort(free, done)
            return done

    def _used(self, request: CompileRequest) -> tuple[float, float]:
        """CPU seconds that the compiler of `request` has used, and seconds since it began."""
        seconds = time.monotonic() - request.begun
        process = self._processes.get(request.structure)
        work = None if process is None else processes.cpu_seconds(process)
        return (seconds if work is None else work), seconds

    def close(self) -> None:
        """End all compilers and remove their partial files.

        Nothing is compiled afterwards until the next request.
        """
        with self._changed:
            self._closed = True
            self._queue.clear()
            for process in self._processes.values():
                processes.end(process)
            self._changed.wait_for(lambda: not self._current, timeout=_ENDING_SECONDS)

    def _start_thread(self) -> None:
        """Start one more thread if allowed, and if a request waits that no idle thread takes."""
        if len(self._threads) < min(_jobs(), len(self._current) + len(self._queue)):
            # Linux signals a child when the thread that started it ends, so threads never end.
            thread = threading.Thread(target=self._work, name="ganlab-compile", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _stop_unwanted(self) -> None:
        """Stop requests that no one waits for, in favour of those in the queue."""
        wanted = [request for request in self._queue if request.waiting > 0]
        if not wanted:
            return
        for request in [r for r in self._queue if r.waiting <= 0]:
            self._end_early(request)
        if len(self._current) < _jobs() or len(wanted) <= sum(t.gave_way for t in self._current):
            return
        for request in self._current:
            if request.waiting <= 0 and not request.gave_way:
                self._end_early(request)
                return

    def _end_early(self, request: CompileRequest) -> None:
        """Stop a request that no one waits for."""
        if request in self._queue:
            self._queue.remove(request)
            self._requests.pop(request.structure, None)
            request.gave_way = True
            request.finish("failed", reason="others needed the compiler")
        elif request in self._current:
            request.gave_way = True  # also stops a process that is about to be started
            process = self._processes.get(request.structure)
            if process is not None:
                processes.end(process)

    def _load(self, request: CompileRequest) -> bool:
        folder = cache.find(request.structure)
        if folder is None:
            return False
        try:
            program = Program(request.structure, folder)
            verify(program)
        except Exception as error:  # a foreign library may raise anything
            log.warning("a compiled program on disk is not used: %s", error)
            return False
        request.finish("ready", program)
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue or len(self._current) >= max(1, _jobs()):
                    self._changed.wait()
                request = self._queue.pop(0)
                self._current.append(request)
                request.state, request.gave_way = "compiling", False
                request.begun = time.monotonic()
            started = time.monotonic()
            try:
                self._compile(request.structure)
                request.seconds = time.monotonic() - started
                if (work := self._work_of.pop(request.structure, 0.0)) > 0:
                    times.add(work, request.seconds)
                if not self._load(request):
                    raise RuntimeError("the compiled program does not work")
                self._end(request)
            except Exception as error:
                self._end(request, error)

    def _end(self, request: CompileRequest, error: Exception | None = None) -> None:
        with self._changed:
            self._current.remove(request)
            self._changed.notify_all()
            if error is None:
                if request.waiting <= 0:
                    self._requests.pop(request.structure, None)  # the next request reads the disk
                return
            gave_way = request.gave_way
            if gave_way and request.waiting > 0 and not self._closed:  # requested again meanwhile
                request.state = "waiting"
                self._queue.append(request)
                return
            if request.waiting <= 0:  # the next request starts over
                self._requests.pop(request.structure, None)
        if not gave_way:
            log.warning("a program could not be compiled, training stays eager: %s", error)
        request.finish("failed", reason=str(error))

    def _in_a_process(self, structure: Structure) -> Path:
        def make(folder: Path) -> None:
            # A killed compiler's partial files are removed with the draft.
            scratch = folder / build.SCRATCH
            scratch.mkdir()
            environment = os.environ | variants.environment(structure.outside)
            # Inductor's own cache keeps the compiler's precompiled header, which takes 20 s.
            environment.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.compiler_folder()))
            environment |= {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
            environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
            with self._changed:
                request = self._requests.get(structure)
                if self._closed or (request is not None and request.gave_way):
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
            try:
                # This may wait for the system.
                processes.lower_priority(process, NICE if request is None else request.nice)
                _, said = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                processes.end(process)
                process.communicate()
                raise RuntimeError(f"compiling took over {_LONGEST_SECONDS:.0f} s") from None
            finally:
                processes.end(process)  # including compilers that have lost their parent
                with self._changed:
                    del self._processes[structure]
            if process.returncode:
                lines = [line for line in said.splitlines() if line.strip()]
                killed = process.returncode < 0 or not lines
                raise RuntimeError("the compiler was stopped" if killed else lines[-1])
            with contextlib.suppress(OSError, ValueError):
                self._work_of[structure] = float((scratch / build.SPENT).read_text())
            shutil.rmtree(scratch, ignore_errors=True)

        return cache.store(structure, make)


def _jobs() -> int:
    return int(limit("compile_jobs"))


COMPILE_QUEUE = CompileQueue()
