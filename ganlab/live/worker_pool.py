"""Worker threads that train sessions in turns, and threads that draw them.

Sessions take turns in short slices. The next turn goes to the session that has used the least CPU
time, so that a run with slow updates gets as much time as one with fast ones. Between two slices,
commands are executed and frames passed to the render threads for all sessions, since with many
sessions a round takes long. A session that has nothing to do until some time, or until it is woken,
is not in the queue and accumulates no unused time. What a session shows is made from immutable
States, by render threads or by the workers themselves (see `RenderPool`).
"""

from __future__ import annotations

import heapq
import itertools
import math
import operator
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch

from ganlab.live import cpu_time, system
from ganlab.live.fair_turns import SERVICE_SECONDS, FairTurns
from ganlab.live.pacing import MANY_SESSIONS
from ganlab.live.render_pool import RenderPool
from ganlab.live.session import Session
from ganlab.live.subscriber import SPECTRUM

_LATE_SECONDS = 0.012  # a session that is further behind is moved to a process with more time
_LONGEST_WAIT = 30.0
_COUNT_SECONDS = 0.25
_SAME = 0.0005  # seconds within which two due times count as one
RESTS = 2.0  # times as long as the last file took, with many sessions
_LONGEST_REST = 1.0  # seconds

_USED = operator.attrgetter("used")


class PoolScheduler(Protocol):
    """The interface of the scheduler for its pools."""

    def there(self, pool: WorkerPool, session: Session) -> bool:
        """Whether a session is still served, by this pool."""

    def members(self, pool: WorkerPool) -> list[Session]:
        """The pool's sessions."""

    def wake(self, session: Session) -> None:
        """Let a worker of the session's pool visit it soon."""

    def fail(self, session: Session, error: Exception) -> None:
        """Report that a session's work or picture raised `error`."""


class WorkerPool:
    """Worker threads, render threads, and the sessions that wait for them.

    prepare: called first in each of its threads, to set the thread's priority. cores: how many
    turns are computed at once, by default as many as there are workers.
    """

    def __init__(
        self,
        scheduler: PoolScheduler,
        name: str,
        workers: int,
        prepare: Callable[[], None],
        cores: int | None = None,
    ):
        self.workers, self._turns = workers, FairTurns(cores or workers)
        self._scheduler, self._name, self._prepare = scheduler, name, prepare
        self._changed = threading.Condition()
        self._ready: list[Session] = []
        self._now = 0.0  # the least `used` of those that waited last, where newcomers start
        self._later: list[tuple[float, int, Session]] = []
        self._count = itertools.count()
        self._threads: list[threading.Thread] = []
        self._render_pool = RenderPool(workers, name, prepare)
        self._painted = False  # whether a picture was painted since the last turn
        self._counted_at = 0.0
        self._closing = False

    def start(self) -> None:
        """Start the workers, unless they are running."""
        with self._changed:
            if self._threads or self._closing:
                return
            # One thread per operation: for tiny nets synchronisation costs more than it gains.
            torch.set_num_threads(1)
            system.share_the_interpreter()
            for i in range(self.workers):
                name = f"{self._name}-{i}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Stop the threads, and wait for the workers."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)
        self._render_pool.close()

    def wake(self, session: Session) -> None:
        """Let a worker visit `session` soon."""
        with self._changed:
            if not self._scheduler.there(self, session):
                return
            if session.scheduled:
                session.again = True
                return
            self._enqueue(session)
            self._changed.notify()

    def paint(self, session: Session, kind: str, job: Callable[[], None]) -> None:
        """Have a render thread or a worker do `job`. Raises RuntimeError once closed."""

        homes = session.places.homes

        def guarded() -> None:
            started = cpu_time.seconds()
            try:
                job()
            except Exception as error:
                self._scheduler.fail(session, error)
            if homes and kind != SPECTRUM:  # the processes that train have made it
                with self._changed:
                    self._turns.painted(cpu_time.seconds() - started)

        if homes and kind == "frame" and session.painted:
            guarded()  # it only has to be sent
            return
        if self._render_pool.by_workers(session, kind):
            with self._changed:
                self._render_pool.waiting.append(partial(self._picture, guarded))
                self._changed.notify()
            return
        many = kind == "answer" and session.playing_sessions >= MANY_SESSIONS
        self._render_pool.submit(kind, partial(_and_rest, guarded) if many else guarded)

    def _picture(self, job: Callable[[], None]) -> None:
        """A picture that a worker paints."""
        started = cpu_time.seconds()
        job()
        with self._changed:
            self._turns.painted(cpu_time.seconds() - started)

    def _enqueue(self, session: Session) -> None:
        session.scheduled = True
        if session.pool is not self:  # time used in another pool does not count here
            session.pool, session.used = self, self._now
        session.used = max(session.used, self._now)  # idle sessions accumulate no unused time
        self._ready.append(session)

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next job: a picture, or a session's turn; None when closing.

        The caller holds the lock.
        """
        while not self._closing:
            now = time.perf_counter()
            while self._later and self._later[0][0] <= now:
                due, _, session = heapq.heappop(self._later)
                if due == session.due:  # else the entry is outdated
                    session.due = math.inf
                    if not session.scheduled and self._scheduler.there(self, session):
                        self._enqueue(session)
            if self._ready or self._render_pool.waiting:
                return self._take(now)
            self._changed.wait(self._later[0][0] - now if self._later else None)
        return None

    def _take(self, now: float) -> Callable[[], None]:
        ready, pictures = self._ready, self._render_pool.waiting
        # After each picture a turn, so that slow pictures cannot stop the training.
        if pictures and not (self._painted and ready):
            self._painted = True
            return pictures.popleft()
        if len(ready) > 1:
            for at, session in enumerate(ready):
                if session.calls(now) and self._turns.service(session, now) < SERVICE_SECONDS:
                    del ready[at]
                    return partial(self.serve, session)
        self._painted = False
        # No process should idle while threads wait for another one.
        ready_by_use = sorted(ready, key=_USED)
        late = ready_by_use[0]
        self._now = max(self._now, late.used)
        session = next((s for s in ready_by_use if not s.home_is_busy), late)
        if session.used - late.used > _LATE_SECONDS:
            late.move()
            session = late
        ready.remove(session)
        return partial(self.serve, session, self._turns.length(session, bool(ready)))

    def _count_playing(self, now: float) -> None:
        """Tell every session how many are playing: they share the render threads."""
        if now - self._counted_at < _COUNT_SECONDS:
            return
        self._counted_at = now
        sessions = self._scheduler.members(self)
        self._turns.count(sum(s.playing and s.watched for s in sessions))
        for session in sessions:
            session.playing_sessions = self._turns.playing

    def _work(self) -> None:
        self._prepare()
        while self._turn():
            pass

    def _turn(self) -> bool:
        """Do the next job; False when closing."""
        with self._changed:
            job = self._next()
        if job is None:
            return False
        job()
        return True

    def serve(self, session: Session, seconds: float = 0.0) -> None:
        """Give a session a turn of some seconds, or only execute its commands."""
        with self._changed:
            self._count_playing(time.monotonic())
        started, before = cpu_time.seconds(), cpu_time.updates_elsewhere()
        wait: float | None = None
        try:
            if self._scheduler.there(self, session):
                wait = session.work(seconds)
        except Exception as error:
            # An error in one run must not end the worker, which others need.
            self._scheduler.fail(session, error)
        with self._changed:
            took = cpu_time.seconds() - started
            service = min(took, session.service) if seconds else took
            session.used += self._turns.serviced(session, service, seconds > 0)
            if seconds:
                updates = cpu_time.updates_elsewhere() - before
                session.used += self._turns.trained(session, seconds, took - service, updates)
            session.scheduled = False
            if not self._scheduler.there(self, session):
                again, session.again = session.again, False
            elif session.again or (wait is not None and wait <= 0):
                session.again, session.scheduled = False, True
                self._ready.append(session)
                self._changed.notify()
                return
            elif wait is not None and wait < session.due - _SAME - (now := time.perf_counter()):
                # Only the newest entry counts, so that repeated calls do not fill the heap.
                session.due = now + min(wait, _LONGEST_WAIT)
                heapq.heappush(self._later, (session.due, next(self._count), session))
                self._changed.notify()
                return
            else:
                return
        if again or wait is not None:
            session.due = math.inf
            self._scheduler.wake(session)  # it belongs to another pool now


def _and_rest(job: Callable[[], None]) -> None:
    """Do a job, and then wait a while, so that others get the interpreter lock.

    Files are made by Python code. If a whole class asks for them at once, its pictures must not
    wait for the last one.
    """
    started = time.thread_time()
    job()
    time.sleep(min(_LONGEST_REST, RESTS * (time.thread_time() - started)))
