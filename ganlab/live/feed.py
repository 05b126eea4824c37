"""Decides when a session's frames, curves, status and answers are made, and sends them.

Render threads make them from States, which are immutable, while the runs continue.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ganlab.live import cpu_time, messages
from ganlab.live.backlog import Backlog
from ganlab.live.history import History
from ganlab.live.pacing import MANY_SESSIONS, SLOW, Pacing
from ganlab.live.pools import NOWHERE
from ganlab.live.rate import Rate
from ganlab.live.subscriber import SPECTRUM, Subscriber
from ganlab.live.view import Moments, ViewedSession, same

# paint(session, kind, job): a render thread executes the job; kind: see `RenderPool`.
Paint = Callable[[Any, str, Callable[[], None]], None]


class Feed:
    """What a session sends. Its worker calls `publish` after each advance."""

    def __init__(self, session: ViewedSession, paint: Paint):
        self.session, self.paint = session, paint
        self.pacing = Pacing(session)
        self.painting: set[str] = set()  # the kinds that are being made
        self.sending = threading.Lock()  # orders a new scene and messages of the previous one
        self.moments = Backlog()  # that wait to be measured
        self._choosing = threading.Lock()  # orders the worker and `acknowledged`
        self._newest: Moments | None = None  # of the last call at full speed, if they are not drawn
        self._early: Moments | None = None  # drawn by `acknowledged` last
        self.measured: dict[str, float] = {}  # the newest metrics
        self.frame_wanted = self.curves_wanted = self.status_wanted = True
        self._rate = Rate()
        self._answers: dict[tuple[str, Subscriber], Callable[[], Iterator[bytes]]] = {}

    # -- requests --------------------------------------------------------------------------------

    def want_all(self) -> None:
        """Request a frame, curves and a status when they are next due."""
        self.frame_wanted = self.curves_wanted = self.status_wanted = True

    def begin(self) -> None:
        """Start new runs: send nothing more of the previous ones, but let jobs in progress end."""
        self.measured, self.moments = {}, Backlog()
        self._newest = self._early = None
        self.pacing.begin()
        self._answers.clear()
        self.count_from_now()
        self.want_all()

    def count_from_now(self) -> None:
        """Restart the measurement of iterations per second."""
        group = self.session.group
        if group is not None:
            self._rate.again(time.perf_counter(), group.iteration)

    def found(self, number: int, metrics: dict[str, float], tell: bool = False) -> None:
        """Store the newest metrics of runs `number`; tell: send them also while the runs play."""
        if number == self.session.run_number:
            self.measured = metrics
            self.status_wanted = self.status_wanted or tell or not self.session.playing

    def answer(
        self, kind: str, subscriber: Subscriber, make: Callable[[], Iterator[bytes]]
    ) -> None:
        """Send a browser a figure or an export, replacing a request that has not been started."""
        self._answers[kind, subscriber] = make

    # -- schedule --------------------------------------------------------------------------------

    def publish(self, now: float) -> None:
        """Start making everything that is due."""
        session = self.session
        if not self._watching or session.group is None:
            return
        idle = session.idle
        # With many sessions, measuring every moment would take longer than training.
        slow = 0 < session.speed <= SLOW and session.playing_sessions < MANY_SESSIONS
        self._frame(now)
        # At rest metrics are measured after the picture, which they would delay.
        busy = "curves" in self.painting or (idle and "frame" in self.painting)
        if not busy and (self.curves_wanted or self.moments):
            due = self.pacing.next_curves() <= now
            soon = slow or ((idle or session.group.stopped) and now >= self.pacing.next_at_rest)
            if due or (self.curves_wanted and soon):
                newest = [session.moments()] if self.curves_wanted else []
                self.pacing.curves_begun(now)
                self.curves_wanted = False
                self.hand_over("curves", self._curves(newest, due))
        for kind, make in session.view.background(now, idle, self.painting):
            self.hand_over(kind, make)
        self._answer()
        self.tell(now)

    def tell(self, now: float) -> None:
        """Send the status, if it is due."""
        session, watching = self.session, self._watching
        due = self.status_wanted or (session.playing and self.pacing.status_due(now))
        if due and watching and session.group is not None:
            self._status(watching, now)

    @property
    def _watching(self) -> list[Subscriber]:
        return [s for s in list(self.session.subscribers) if s.watching]

    def _frame(self, now: float) -> None:
        """Make a frame if it is due; else let `acknowledged` make it of the current moments."""
        session = self.session
        # Sessions that share the render threads get their frames in turns.
        fast = session.playing_sessions == 1 and session.playing and session.speed == 0
        with self._choosing:
            self._newest = None
            due = self.frame_due(now)
            if not due and not fast:
                return
            moments = session.moments()
            if fast and self._early is not None and same(self._early, moments):
                return
            if not due:
                self._newest = moments
                return
            self.frame_wanted = False
            self._begin_frame(now)
        self.hand_over("frame", partial(session.view.frame, moments))

    def acknowledged(self) -> None:
        """Make the next frame now that a browser draws one; called by the event loop.

        The worker may be in a call that lasts most of the time between two ticks of a display.
        """
        now, session = time.perf_counter(), self.session
        with self._choosing:
            moments = self._newest
            current = moments is not None and moments[0].number == session.run_number
            if moments is None or not current or not self.frame_due(now):
                return
            self._newest, self._early = None, moments
            self._begin_frame(now)
        self.hand_over("frame", partial(session.view.frame, moments))

    def show_now(self, now: float) -> bool:
        """Show what a command has changed: the picture is made here, and needs not be due.

        Returns whether it was made: not beside an earlier one, which may arrive after it.
        """
        session = self.session
        with self._choosing:
            if "frame" in self.painting:
                return False
            moments = [replace(moment, places=NOWHERE) for moment in session.moments()]
            self.frame_wanted, self._newest, self._early = False, None, None
            self._begin_frame(now)
        for subscriber in self._watching:
            subscriber.grant()
        self.hand_over("frame", partial(session.view.frame, tuple(moments)), here=True)
        return True

    def _begin_frame(self, now: float) -> None:
        self.pacing.frame_begun(now)
        self.painting.add("frame")

    def _answer(self) -> None:
        for (kind, subscriber), make in list(self._answers.items()):
            if subscriber.closed:
                del self._answers[kind, subscriber]
            elif kind not in self.painting and (
                kind != "figure" or self.session.view.can_draw_figure
            ):
                del self._answers[kind, subscriber]
                self.hand_over(kind, make, [subscriber])

    def wait(self, wait: float | None) -> float | None:
        """`wait`, or fewer seconds, until the worker must come again; None: when woken."""
        session = self.session

        def sooner(due: float) -> float:
            return due if wait is None else min(due, wait)

        # A frame that waits for credit is triggered by the acknowledgement instead.
        if self.frame_wanted and any(s.ready_for_frame for s in list(session.subscribers)):
            wait = sooner(session.view.frame_seconds)
        if self.moments and session.watched and "curves" not in self.painting:
            wait = sooner(max(0.001, self.pacing.next_curves() - time.perf_counter()))
        if self.curves_wanted and not session.playing and session.watched:
            if not self.painting & {"curves", "frame"}:  # else the worker is woken afterwards
                wait = sooner(max(0.001, self.pacing.next_at_rest - time.perf_counter()))
        left = None if SPECTRUM in self.painting else session.view.spectrum_wait()
        return wait if left is None else sooner(max(0.001, left))

    def keep_moment(self) -> None:
        """Keep the current moment for measuring, if curves would be sparse without it."""
        session = self.session
        assert session.group is not None
        slow = 0 < session.speed <= SLOW  # then every update is measured
        if slow or not self.pacing.keeps:
            return
        at = session.group.iteration
        if self.moments.until(at) == 0:
            moments = session.moments()
            self.moments.keep(at, moments, sum(one.size for one in moments))

    def until_moment(self) -> float:
        """Updates until the next moment that the curves need."""
        group = self.session.group
        assert group is not None
        # Not for compiled runs, whose calls are as short as possible: see `View.call_seconds`.
        keeps = self.pacing.keeps and not group.compiled
        until = self.moments.until(group.iteration) if keeps else 0
        return until * group.turns.each or math.inf

    def _curves(self, newest: list[Moments], more: bool) -> Callable[[], Iterator[bytes | None]]:
        """A job that measures the newest moment and, if `more`, some from the backlog."""
        session = self.session
        assert session.group is not None
        count, history = self.pacing.at_once - len(newest), session.history
        late = []
        if more and count > 0:
            at = session.group.iteration
            measured = np.append(history.iterations, at) if newest else history.iterations
            late = self.moments.take(measured, at, count)
        self.pacing.measured(len(newest) + len(late))
        return partial(self._measure_all, [*newest, *late], session.run_number, history)

    def _measure_all(
        self, moments: list[Moments], number: int, history: History
    ) -> Iterator[bytes | None]:
        for i, one in enumerate(moments):
            if i:
                yield None
            yield from self.session.view.measure(one)
        yield messages.curves(number, history)

    def frame_due(self, now: float) -> bool:
        """Whether a frame is wanted, may be made now, and would soon be drawn."""
        return self.frame_wanted and self.frame_allowed(now)

    def frame_allowed(self, now: float) -> bool:
        """Whether a frame may be made now, and would soon be drawn."""
        if "frame" in self.painting:
            return False
        ready = [s for s in list(self.session.subscribers) if s.ready_for_frame]
        if not ready:
            return False
        drawn = any(s.has_drawn_all for s in ready)
        session = self.session
        return session.idle or session.painted or self.pacing.frame_due(now, drawn)

    # -- sending ---------------------------------------------------------------------------------

    def hand_over(
        self,
        kind: str,
        make: Callable[[], Iterator[bytes | None]],
        to: list[Subscriber] | None = None,
        here: bool = False,
    ) -> None:
        """Let a render thread make a message while the runs continue, or this thread if `here`.

        to: the browsers that get it; None for all.
        """
        session = self.session
        number = session.run_number
        thread = kind if kind in (*self.pacing.cost, "parts", SPECTRUM) else "answer"
        steps: Any = None
        cost = 0.0

        def job() -> None:
            nonlocal steps, cost
            started = cpu_time.seconds()
            if steps is None:
                steps = iter(make())
            message = next(steps)
            cost += cpu_time.seconds() - started
            if message is None and number == session.run_number:
                self.paint(session, thread, job)
                return
            if kind in self.pacing.cost:
                self.pacing.cost[kind] = cost
            with self.sending:
                # A file contains the runs at the time of the request.
                if message and (number == session.run_number or kind == "export"):
                    for subscriber in to or list(session.subscribers):
                        if to or subscriber.watching:
                            subscriber.put(kind, message)
            self.painting.discard(kind)
            wanted = self.frame_wanted or self.curves_wanted or self.status_wanted
            if wanted or self.moments or self._answers or kind == SPECTRUM:
                session.wake()

        self.painting.add(kind)
        if here:
            job()
        else:
            self.paint(session, thread, job)

    def send(self, message: bytes, curves: bool = False) -> None:
        """Send every browser a scene; curves: and the curves, which a scene invalidates."""
        session = self.session
        for subscriber in list(session.subscribers):
            subscriber.put("scene", message)
            if curves:
                subscriber.put("curves", messages.curves(session.run_number, session.history))

    def _status(self, watching: list[Subscriber], now: float) -> None:
        session = self.session
        group = session.group
        assert group is not None
        rate = self._rate.at(now, group.iteration)
        self.pacing.status_sent(now)
        self.status_wanted = False
        message = messages.status(
            session.run_number,
            group,
            session.shown[0].spec if session.rewound else session.spec,
            session.state,
            rate if session.state == "playing" else 0.0,
            session.speed,
            session.note,
            self.measured,
            session.status(),
        )
        for subscriber in watching:
            subscriber.put("status", message)
