"""The work of a session on a worker: the commands in its queue, and turns of training."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ganlab.engine.executor import Elsewhere
from ganlab.live import cpu_time
from ganlab.live.handlers import CommandedSession, handle
from ganlab.live.process_pool import Painting

_BY_HAND_SECONDS = 0.01  # of updates by hand beyond a turn


class WorkedSession(CommandedSession, Protocol):
    """The interface of a session for its work."""

    failed: str

    @property
    def slow(self) -> bool:
        """Whether it is trained in the pool for slow runs."""


class SessionWork:
    """Executes a session's commands and trains its runs; called by one worker at a time.

    Only `command` and `backlog` may be used by any thread. wake: lets a worker visit the session.
    service: CPU seconds of commands and starts of runs in the last call of `turn`.
    """

    def __init__(self, session: WorkedSession, wake: Callable[[], None]):
        self._session, self._wake = session, wake
        self._queue: deque[tuple[str, object]] = deque()
        self._unseen = False  # whether the effect of a command is to be shown at once
        self.service = 0.0

    def command(self, name: str, value: object = None) -> None:
        """Queue a command, which is executed between two updates."""
        self._queue.append((name, value))
        self._wake()

    @property
    def backlog(self) -> int:
        """The number of commands in the queue."""
        return len(self._queue)

    def waits(self, now: float) -> bool:
        """Whether some work need not wait for a turn: commands with their updates by hand, or a
        frame that is due."""
        session = self._session
        if self._queue or session.trainer.by_hand:
            return True
        return session.group is not None and session.feed.frame_due(now)

    def take_commands(self) -> bool:
        """Execute the commands in the queue; returns whether there were any."""
        # Commands that arrive meanwhile wait, so that a flood of them cannot hold the worker.
        count = len(self._queue)
        for _ in range(count):
            handle(self._session, *self._queue.popleft())
        return count > 0

    def turn(self, seconds: float) -> float | None:
        """See `Session.work`."""
        session = self._session
        end, slow, self.service = time.perf_counter() + seconds, session.slow, 0.0
        while True:
            if session.failed:
                session.trainer.group = None  # frees memory for others
                return None
            if slow != session.slow:
                return 0.0  # it belongs to another pool now
            begun, before = time.perf_counter(), cpu_time.seconds()
            try:
                asked = self.take_commands()
                session.lifecycle.start_if_asked()
            finally:
                self.service += cpu_time.seconds() - before
            assert session.group is not None
            now = time.perf_counter()
            session.group.compute_by(self._elsewhere(now, seconds))
            if asked and session.playing:
                self._answer_commands(now)
            if session.rewind.active:
                session.trainer.backend.serve(session.group)  # it may have made the wanted moment
                wait = session.rewind.go(seconds)
            else:
                wait = session.trainer.advance(now, seconds)
            now = time.perf_counter()
            if self._unseen and session.playing and not session.feed.show_now(now):
                session.trainer.hurry()
            else:
                self._unseen = False
            session.feed.publish(now)
            if wait is None or wait > 0:
                return session.feed.wait(wait)
            # Nearest to its end: an overrun costs the session later turns.
            over = now + (now - begun) / 2 >= end
            if over and not (session.trainer.by_hand and now < end + _BY_HAND_SECONDS):
                return 0.0

    def _answer_commands(self, now: float) -> None:
        """Send the status before the next call, whose picture shows what the commands changed."""
        session = self._session
        if session.demanding:  # an update may take a second
            session.feed.publish(now)
        else:
            session.feed.tell(now)
            session.trainer.hurry()
            group = session.group
            alone = session.playing_sessions == 1 and session.speed == 0
            # A picture of several runs, or without a program, would delay the next call.
            self._unseen = alone and group is not None and group.compiled and len(group.rows) == 1

    def _elsewhere(self, now: float, seconds: float) -> Elsewhere | None:
        """Where updates are computed; with them a picture, if one may be made after them."""
        session = self._session
        pool, _, _, homes = session.places
        if pool is not None and homes and seconds and session.feed.frame_allowed(now + seconds):
            request = session.view.next_picture()
            return pool if request is None else Painting(pool, request)
        return pool
