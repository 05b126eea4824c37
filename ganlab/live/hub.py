"""The hub: every session of this server, and the workers that train those being watched.

Sessions take turns in short slices: next is the one that has had the least time, so that a run of
slow updates gets as much of it as one of fast ones. Between two slices clicks are answered and
frames handed to the painters, whosever turn it is: with many sessions a round takes long. A session
that has nothing to do until some moment, or until it is woken, holds no place in the queue and
saves up nothing. What a session shows is made from States that never change, by painters beside
the training, or by the workers themselves (see `Painters`).
"""

from __future__ import annotations

import gc
import heapq
import itertools
import logging
import math
import operator
import os
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial

import torch

from ganlab.live import cpu, system
from ganlab.live.conductor import Conductor
from ganlab.live.painters import Painters
from ganlab.live.session import Session
from ganlab.spec import Spec

log = logging.getLogger(__name__)

SLICE_SECONDS = 0.05  # alone
SHARED_SECONDS = 0.012  # while others wait, at the most:
ROUND_SECONDS = 0.13  # in a round of this length everybody gets a slice,
_LEAST_SECONDS = 0.002  # if slices need not be shorter than this
_LENIENCE = 1.2  # times as much may have who cannot stop in time, to be seen as often
DROP_SECONDS = 90.0  # unwatched for so long, a session is dropped, and kept on disk
_SWEEP_SECONDS = 2.0
_LONGEST_WAIT = 30.0
_COUNT_SECONDS = 0.25
_SAME = 0.0005  # seconds within which two moments to come again are one
SERVICE_SECONDS = 0.3  # of answering and drawing between turns, and after that
SERVICE_SHARE = 0.1  # of a core: who never stops clicking waits for turns at last

_USED = operator.attrgetter("used")


class Hub:
    """Sessions by token, and a few worker threads."""

    def __init__(self, workers: int | None = None, drop_seconds: float = DROP_SECONDS):
        self.sessions: dict[str, Conductor] = {}
        self.drop_seconds = drop_seconds
        self._workers = workers or max(1, min(4, (os.cpu_count() or 1) // 2))
        self._changed = threading.Condition()
        self._ready: list[Conductor] = []
        self._now = 0.0  # the `used` of whose turn it was last: what a newcomer starts from
        self._later: list[tuple[float, int, Conductor]] = []
        self._count = itertools.count()
        self._threads: list[threading.Thread] = []
        self._painters = Painters(self._workers)
        self._painted = False  # a picture, since the last turn
        self._crowd, self._counted_at = 1, 0.0
        self._trained = self._painting = 0.0  # workers' CPU seconds of turns and pictures since
        self._share = 1.0  # of turns in these
        self._closing = False
        self._closed = threading.Event()

    def create(self, spec: Spec, kind: Callable[..., Conductor] = Session) -> Conductor:
        """A new session of one kind; it starts when a browser watches it.

        Raises `SpecError` for images.
        """
        spec.in_a_lab()
        session = kind(secrets.token_urlsafe(24), spec, self.wake, self._paint)
        with self._changed:
            self.sessions[session.token] = session
            if not self._threads:
                self._start()
        return session

    def get(self, token: str) -> Conductor | None:
        """The session of a token, if it is still there."""
        return self.sessions.get(token)

    def drop(self, session: Conductor) -> None:
        """Forget a session and close its sockets."""
        with self._changed:
            self.sessions.pop(session.token, None)
        session.close()
        for subscriber in list(session.subscribers):
            subscriber.close()

    def close(self) -> None:
        """Stop the workers and drop every session; what they go on from is kept on disk."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._closed.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._painters.close()
        for session in list(self.sessions.values()):
            self._put_away(session)

    def _put_away(self, session: Conductor) -> None:
        try:
            session.park()
        except Exception:
            log.exception("a run could not be kept for its page's return")
        self.drop(session)

    def wake(self, session: Conductor) -> None:
        """Have a worker look at `session` soon."""
        with self._changed:
            if session.token not in self.sessions:
                return
            if session.scheduled:
                session.again = True
                return
            self._enqueue(session)
            self._changed.notify()

    def _paint(self, session: Conductor, kind: str, job: Callable[[], None]) -> None:
        """Have somebody do `job`: a frame or metrics."""

        def guarded() -> None:
            try:
                job()
            except Exception:
                log.exception("a picture failed; the session is dropped")
                self.drop(session)

        if self._painters.by_workers(session, kind):
            with self._changed:
                self._painters.waiting.append(partial(self._picture, guarded))
                self._changed.notify()
            return
        try:
            self._painters.submit(kind, guarded)
        except RuntimeError:  # closing
            self.drop(session)

    def _picture(self, job: Callable[[], None]) -> None:
        """A picture that a worker makes."""
        started = cpu.seconds()
        job()
        with self._changed:
            self._painting += cpu.seconds() - started

    def _enqueue(self, session: Conductor) -> None:
        session.scheduled = True
        session.used = max(session.used, self._now)  # nothing is saved up while idle
        self._ready.append(session)

    def _start(self) -> None:
        # One thread an operation: tiny nets lose more to hand-over than they gain.
        torch.set_num_threads(1)
        for i in range(self._workers):
            thread = threading.Thread(target=self._work, name=f"ganlab-{i}", daemon=True)
            self._threads.append(thread)
            thread.start()
        sweeper = threading.Thread(target=self._sweep, name="ganlab-sweep", daemon=True)
        self._threads.append(sweeper)
        sweeper.start()

    def _next(self) -> Callable[[], None] | None:
        """Wait for what is to be done: a picture, or what a session wants; None when closing.

        Called with the lock held.
        """
        while not self._closing:
            now = time.perf_counter()
            while self._later and self._later[0][0] <= now:
                due, _, session = heapq.heappop(self._later)
                if due == session.due:  # else it was to come even sooner, and has
                    session.due = math.inf
                    if not session.scheduled and session.token in self.sessions:
                        self._enqueue(session)
            if self._ready or self._painters.waiting:
                return self._take(now)
            self._changed.wait(self._later[0][0] - now if self._later else None)
        return None

    def _take(self, now: float) -> Callable[[], None]:
        ready, pictures = self._ready, self._painters.waiting
        # After each picture a turn: pictures that take long must not stop the training.
        if pictures and not (self._painted and ready):
            self._painted = True
            return pictures.popleft()
        if len(ready) > 1:
            for at, session in enumerate(ready):
                if session.calls(now) and _served(session, now) < SERVICE_SECONDS:
                    del ready[at]
                    return partial(self._serve, session)
        self._painted = False
        session = min(ready, key=_USED)
        ready.remove(session)
        self._now = max(self._now, session.used)
        return partial(self._serve, session, self._slice(bool(ready)))

    def _count_playing(self, now: float) -> None:
        """Tell every session how many play: they share the painters."""
        if now - self._counted_at < _COUNT_SECONDS:
            return
        self._counted_at = now
        if self._trained:
            share = self._trained / (self._trained + self._painting)
            self._share += 0.3 * (share - self._share)
        self._trained = self._painting = 0.0
        sessions = list(self.sessions.values())
        self._crowd = max(1, sum(s.playing and s.watched for s in sessions))
        for session in sessions:
            session.crowd = self._crowd

    def _work(self) -> None:
        system.prefer_this_thread()
        while self._turn():
            pass

    def _turn(self) -> bool:
        """Do one thing that is to be done; False when closing."""
        with self._changed:
            job = self._next()
        if job is None:
            return False
        job()
        return True

    def _serve(self, session: Conductor, seconds: float = 0.0) -> None:
        """Give one session a turn of some seconds, or do what it asks for between turns."""
        self._count_playing(time.monotonic())
        started = cpu.seconds()
        try:
            wait = session.work(seconds)
        except Exception:
            # One broken run must not take the others' worker with it.
            log.exception("session failed; it is dropped, its URL starts it afresh")
            self.drop(session)
            wait = None
        with self._changed:
            took = cpu.seconds() - started
            if seconds:
                session.used += max(min(took, seconds), took / _LENIENCE)
                self._trained += took
            else:
                # Not of its training: after a restart that took long it would stand still.
                now = time.perf_counter()
                session.served = (_served(session, now) + took, now)
            session.scheduled = False
            if session.token not in self.sessions:
                return
            if session.again or (wait is not None and wait <= 0):
                session.again, session.scheduled = False, True
                self._ready.append(session)
                self._changed.notify()
            elif wait is not None and wait < session.due - _SAME - (now := time.perf_counter()):
                # At most one entry counts: many calls in between must not heap them up.
                session.due = now + min(wait, _LONGEST_WAIT)
                heapq.heappush(self._later, (session.due, next(self._count), session))
                self._changed.notify()

    def _slice(self, others: bool) -> float:
        """Seconds of a turn."""
        fair = min(SHARED_SECONDS, ROUND_SECONDS * self._share * self._workers / self._crowd)
        return max(_LEAST_SECONDS, fair) if others else SLICE_SECONDS

    def _sweep(self) -> None:
        # Not on `_changed`: it would catch notifications that are meant for a worker.
        while not self._closed.wait(min(_SWEEP_SECONDS, self.drop_seconds / 2)):
            self._drop_unwatched()

    def _drop_unwatched(self) -> None:
        now, dropped = time.monotonic(), False
        for session in list(self.sessions.values()):
            since = session.unwatched_since
            if since is not None and now - since > self.drop_seconds:
                self._put_away(session)
                dropped = True
        if dropped:
            gc.collect()
            system.give_back_memory()


def _served(session: Conductor, now: float) -> float:
    """CPU seconds of service between turns that a session has had, lately."""
    seconds, then = session.served
    return max(0.0, seconds - SERVICE_SHARE * (now - then))


HUB = Hub()
