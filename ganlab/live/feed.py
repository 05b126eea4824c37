"""Decides when a session's frames, curves, status and answers are made, and sends them.

Render threads make them from States, which are immutable, while the runs continue.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ganlab.live import cpu_time, messages
from ganlab.live.backlog import Backlog
from ganlab.live.commands import FigureRequest
from ganlab.live.history import History
from ganlab.live.subscriber import Subscriber
from ganlab.live.view import Moments, ViewedSession
from ganlab.registry import SpecError

log = logging.getLogger(__name__)

FRAME_SHARE = 0.85  # the most that one session alone uses of the frame renderer's time
CROWD_SHARE = 0.25  # and all sessions together, if there are several: the rest is for training
APART_SHARE = 0.8  # or the most that they use of a process beside the server's
MEASURE_SHARE = 0.06  # of the metrics renderer's: frames need the interpreter lock too
ALONE_SHARE = 0.1  # the same for a session alone
RESTING_SHARE = 0.5  # and for a paused one, so that its backlog is measured soon
CROWD = 5  # the number of playing sessions from which pictures are coarse
STATUS_SECONDS = 0.25
_MOST_AT_ONCE = 16  # moments measured for one message
CROWD_STATUS_SECONDS = 1.0  # between status messages, if this many sessions play:
_STATUS_CROWD = 8
_EARLY = 0.001  # seconds by which a call may end before a frame is due
SLOW = 8.0  # updates/s up to which every update is shown
NOTHING = b""  # the message of a job that has nothing to send

# paint(session, kind, job): a render thread executes the job; kind: "frame", "curves", "answer".
Paint = Callable[[Any, str, Callable[[], None]], None]


class Feed:
    """What a session sends. Its worker calls `publish` after each advance."""

    def __init__(self, session: ViewedSession, paint: Paint):
        self.session, self.paint = session, paint
        self.painting: set[str] = set()  # the kinds that are being made
        self.sending = threading.Lock()  # orders a new scene and messages of the previous one
        self.moments = Backlog()  # that wait to be measured
        self.measured: dict[str, float] = {}  # the newest metrics
        self.frame_wanted = self.curves_wanted = self.status_wanted = True
        self._rate_from: tuple[float, int] = (0.0, 0)
        self._answers: dict[tuple[str, Subscriber], Callable[[], Iterator[bytes]]] = {}
        self._cost = {"frame": 0.0, "curves": 0.0}
        self._measured_at_once = 1  # the number of moments behind the cost of curves
        self._curves_made = 0  # of these runs
        self._frame_at = self._measure_at = self._status_at = 0.0
        self._rate = 0.0

    # -- requests --------------------------------------------------------------------------------

    def want_all(self) -> None:
        """Request a frame, curves and a status when they are next due."""
        self.frame_wanted = self.curves_wanted = self.status_wanted = True

    def begin(self) -> None:
        """Start new runs: send nothing more of the previous ones, but let jobs in progress end."""
        self.measured, self.moments, self._curves_made = {}, Backlog(), 0
        self._answers.clear()
        self.count_from_now()
        self.want_all()

    def count_from_now(self) -> None:
        """Restart the measurement of iterations per second."""
        group = self.session.group
        if group is not None:
            self._rate_from = (time.perf_counter(), group.iteration)

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

    def figure(self, subscriber: Subscriber, request: FigureRequest) -> None:
        """Send a browser the still figures, once a frame of these runs was shown."""
        view, session = self.session.view, self.session

        def make() -> Iterator[bytes]:
            try:
                yield view.figure(request)
            except SpecError as error:
                session.command("note", str(error))
                yield NOTHING
            except Exception:
                log.exception("figure failed")
                session.command("note", "The figure could not be made: see the server's log.")
                yield NOTHING

        self.answer("figure", subscriber, make)

    # -- schedule --------------------------------------------------------------------------------

    def publish(self, now: float) -> None:
        """Start making everything that is due."""
        session = self.session
        watching = [s for s in list(session.subscribers) if s.watching]
        if not watching or session.group is None:
            return
        idle = session.idle
        # With many sessions, measuring every moment would take longer than training.
        slow = 0 < session.speed <= SLOW and session.crowd < CROWD
        if "curves" not in self.painting and (self.curves_wanted or self.moments):
            due = self.next_curves() <= now
            soon = slow or ((idle or session.group.stopped) and now >= self.next_at_rest)
            if due or (self.curves_wanted and soon):
                newest = [session.moments()] if self.curves_wanted else []
                self._measure_at, self.curves_wanted = now, False
                self.hand_over("curves", self._curves(newest, due))
        if self.frame_due(now):
            self._frame_at, self.frame_wanted = now, False
            self.hand_over("frame", partial(session.view.frame, session.moments()))
        if self._answers:
            self._answer()
        if self.status_wanted or (session.playing and now - self._status_at >= self._status_pace):
            self._status(watching, now)

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
            wait = sooner(max(0.001, self.next_curves() - time.perf_counter()))
        if self.curves_wanted and not session.playing and session.watched:
            if "curves" not in self.painting:  # else the worker is woken afterwards
                wait = sooner(max(0.001, self.next_at_rest - time.perf_counter()))
        return wait

    @property
    def _status_pace(self) -> float:
        return STATUS_SECONDS if self.session.crowd < _STATUS_CROWD else CROWD_STATUS_SECONDS

    @property
    def next_at_rest(self) -> float:
        """When a click's effect is measured: at once, except in floods beside other runs."""
        return self._measure_at + (self._status_pace if self.session.crowd > 1 else 0.0)

    def next_curves(self) -> float:
        """When the next measurement is due, so that measuring keeps to its share of the time."""
        # The first moments are the steepest part of every curve.
        pace = STATUS_SECONDS if len(self.session.history.rows) > 40 else STATUS_SECONDS / 4
        if self.session.crowd >= _STATUS_CROWD:  # a session that keeps restarting has only these
            pace = CROWD_STATUS_SECONDS
        due = self.session.crowd * self._curves_cost / self._measure_share
        return self._measure_at + max(pace, due)

    @property
    def _curves_cost(self) -> float:
        # The first measurement fills caches, so its time says nothing about the others.
        return self._cost["curves"] if self._curves_made > 1 else 0.0

    @property
    def _measure_share(self) -> float:
        share = ALONE_SHARE if self.session.playing else RESTING_SHARE
        return max(MEASURE_SHARE, share / self.session.crowd)

    @property
    def _at_once(self) -> int:
        """The number of moments to measure for one message; 1 if there are many sessions."""
        each = self.session.crowd * self._curves_cost / self._measured_at_once
        if self.session.crowd >= CROWD or not each:
            return 1
        room = STATUS_SECONDS * self._measure_share
        return int(max(1, min(_MOST_AT_ONCE, room / each)))

    @property
    def _keeps(self) -> bool:
        """Whether to keep moments: there is time to measure them, or none was measured yet."""
        return self.session.crowd < CROWD and (not self._curves_cost or self._at_once > 1)

    def keep_moment(self) -> None:
        """Keep the current moment for measuring, if curves would be sparse without it."""
        session = self.session
        assert session.group is not None
        slow = 0 < session.speed <= SLOW  # then every update is measured
        if slow or not self._keeps:
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
        until = self.moments.until(group.iteration) if self._keeps and not group.program else 0
        return until * group.turns.each or math.inf

    def _curves(self, newest: list[Moments], more: bool) -> Callable[[], Iterator[bytes | None]]:
        """A job that measures the newest moment and, if `more`, some from the backlog."""
        session = self.session
        assert session.group is not None
        count, history = self._at_once - len(newest), session.history
        late = []
        if more and count > 0:
            at = session.group.iteration
            measured = np.append(history.iterations, at) if newest else history.iterations
            late = self.moments.take(measured, at, count)
        self._measured_at_once = max(1, len(newest) + len(late))
        self._curves_made += 1
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
        if not self.frame_wanted or "frame" in self.painting:
            return False
        if not self.session.idle and now < self.next_frame() - _EARLY:
            return False
        return any(s.ready_for_frame for s in list(self.session.subscribers))

    def next_frame(self) -> float:
        """When the next frame is due."""
        crowd, view = self.session.crowd, self.session.view
        apart = APART_SHARE if self.session.places.frames else CROWD_SHARE
        share = FRAME_SHARE if crowd == 1 else apart
        due = min(crowd * self._cost["frame"] / share, view.slowest_frames)
        return self._frame_at + max(view.frame_seconds, due)

    # -- sending ---------------------------------------------------------------------------------

    def hand_over(
        self,
        kind: str,
        make: Callable[[], Iterator[bytes | None]],
        to: list[Subscriber] | None = None,
    ) -> None:
        """Let a render thread make a message while the runs continue; to: None for all browsers."""
        session = self.session
        number = session.run_number
        thread = kind if kind in self._cost else "answer"
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
            if kind in self._cost:
                self._cost[kind] = cost
            with self.sending:
                # A file contains the runs at the time of the request.
                if message and (number == session.run_number or kind == "export"):
                    for subscriber in to or list(session.subscribers):
                        if to or subscriber.watching:
                            subscriber.put(kind, message)
            self.painting.discard(kind)
            wanted = self.frame_wanted or self.curves_wanted or self.status_wanted
            if wanted or self.moments or self._answers:
                session.wake()

        self.painting.add(kind)
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
        then, iterations = self._rate_from
        if now - then >= 0.5:
            self._rate = (group.iteration - iterations) / (now - then)
            self._rate_from = (now, group.iteration)
        self._status_at, self.status_wanted = now, False
        rate = self._rate if session.state == "playing" else 0.0
        message = messages.status(
            session.run_number,
            group,
            session.spec,
            session.state,
            rate,
            session.speed,
            session.note,
            self.measured,
            session.status(),
        )
        for subscriber in watching:
            subscriber.put("status", message)
