"""Advances a session's runs: by hand, at a speed, or as fast as updates can be made."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Protocol

from ganlab.engine.threads import cores
from ganlab.engine.turns import START, Turns
from ganlab.languages import _
from ganlab.limits import limit
from ganlab.live.feed import Feed
from ganlab.live.run_group import Backends, RunGroup
from ganlab.live.story import BEHIND
from ganlab.live.throttle import CATCH_UP_SECONDS, Throttle
from ganlab.live.view import ViewedSession
from ganlab.registry import SpecError

_MOST_BY_HAND = 200  # the most updates by hand in the queue
_BY_HAND_AT_ONCE = 8  # the most of these in one call, which a pause must wait for
_SEEN_SECONDS = 0.03  # between two checks whether a picture has been drawn
_BECOMES, _STAYS = 0.8, 1.5  # times the limit of slow updates, below which updates are quick
_ALONE = 3.0  # times that for a session alone: no other one waits for its worker
_HURRY_SECONDS = 0.002  # of a call after a command
_ITERATION = "iteration"  # an entry of the queue of updates by hand, besides "D" and "G"


class TrainedSession(ViewedSession, Protocol):
    """The interface of a session for its Trainer. used: CPU seconds of training, for fair turns."""

    feed: Feed
    used: float

    @property
    def demanding(self) -> bool:
        """Whether its eager updates, pictures or metrics are slow."""

    @property
    def query(self) -> str:
        """The query string of the page's address."""

    def advanced(self) -> None:
        """The runs have made some updates."""


class Trainer:
    """Makes the updates of a session's runs (`group`, None before they begin) when they are due.

    chosen: the visitor's speed in updates/s, 0: full, or None for the story's. by_hand: the queue
    of updates by hand.
    """

    def __init__(self, session: TrainedSession):
        self.group: RunGroup | None = None
        self.playing = True
        self.chosen: float | None = None
        self.by_hand: deque[str] = deque()
        self.backend = Backends()
        self.quick = False  # whether programs make an update soon, which eagerly takes long
        self._session = session
        self._throttle = Throttle(self.backend.timed)
        self._seconds = math.inf  # of the current turn
        self._hurries = False

    def begin(self, group: RunGroup) -> None:
        """Advance these new runs from now on."""
        self.backend.begin(group)
        self.quick = False
        self._throttle.again()
        self.count_from_now()

    def hurry(self) -> None:
        """Make the next call short, so that the effect of a command is soon in a picture."""
        self._hurries = True

    def count_from_now(self) -> None:
        """Do not catch up on the time until now."""
        self._throttle.due = time.perf_counter()

    @property
    def idle(self) -> bool:
        """Whether nothing moves."""
        return not self.playing and not self.by_hand

    @property
    def speed(self) -> float:
        """Updates per second (0: full speed): the visitor's choice, else the story's."""
        story = self._session.story
        if self.chosen is not None:
            return self.chosen
        if story is None or self.group is None:
            return 0.0
        return story.rate(self.group.iteration) * self.group.unit

    # -- requests of the visitor -----------------------------------------------------------------

    def play(self) -> None:
        """Make updates continuously."""
        self.playing = True
        self.count_from_now()
        self.by_hand.clear()
        self._session.feed.count_from_now()

    def pause(self) -> None:
        """Stop making updates, and show the current state."""
        self.playing = False
        self._session.feed.frame_wanted = self._session.feed.curves_wanted = True

    def set_speed(self, speed: float | None) -> None:
        """Set the speed, as `chosen`, from now on."""
        self.chosen = speed
        self.count_from_now()

    def update(self, player: str) -> None:
        """Queue one update by hand. Raises `SpecError` for several runs."""
        if len(self._session.experiment.specs) > 1:
            allowed = _("step: runs side by side move by whole iterations")
            raise SpecError("cmd", player.lower(), allowed)
        self._queue(player)

    def step(self) -> None:
        """Queue the updates that complete the current iteration, or those of the next one."""
        session = self._session
        if len(session.experiment.specs) > 1:
            self._queue(_ITERATION)
            return
        turns, state = Turns.of(session.spec), START
        if self.group is not None and session.running:
            state = self.group.state
        state = turns.after(state, "".join(self.by_hand).encode())
        self._queue(*turns.left(state).decode())

    def _queue(self, *players: str) -> None:
        # The last of these updates is shown. A picture of the first ones would delay its picture.
        self.playing = False
        if len(self.by_hand) < _MOST_BY_HAND:
            self.by_hand.extend(players)

    # -- on a worker -----------------------------------------------------------------------------

    def advance(self, now: float, turn: float) -> float | None:
        """Make the updates that are due; returns seconds until the next, None if there is none.

        turn: seconds of the current turn; with 0 only updates by hand are made.
        """
        group, session, self._seconds = self.group, self._session, turn
        assert group is not None
        if group.stopped:
            self.by_hand.clear()
            return None
        if self.backend.serve(group):
            self._throttle.again()
            session.feed.status_wanted = True
        if session.demanding:
            self._time_updates(group)
        if self.by_hand:
            # In one call: each waits for those of other sessions.
            at_once = 1 if session.demanding else _BY_HAND_AT_ONCE
            for _unused in range(group.update(tuple(self.by_hand), at_once)):
                self.by_hand.popleft()
            if not self.by_hand:
                session.feed.want_all()
            session.advanced()
            return 0.0
        if not self.playing or not session.watched:
            return None
        story = session.story
        if story is not None and not any(s.has_drawn for s in list(session.subscribers)):
            self._throttle.due = now  # the clock starts with the first drawn picture
            return _SEEN_SECONDS
        if story is not None:
            story.passed(session)  # check the start of the run
        speed = self.speed
        most = group.updates_until(None if story is None else story.left(group.iteration))
        if speed > 0:
            wait = self._throttle.due - now
            if wait > 0.0005:
                return wait
        if turn == 0:
            return 0.0
        if speed > 0:
            behind = BEHIND if self.chosen is None else CATCH_UP_SECONDS
            seconds = min(session.view.call_seconds, turn)
            self._throttle.catch_up(group, group.updates_at(speed), seconds, now, most, behind)
        else:
            self._advance_at_full_speed(group, most)
        session.feed.frame_wanted = session.feed.curves_wanted = True
        session.feed.keep_moment()
        session.advanced()
        return 0.0

    def _time_updates(self, group: RunGroup) -> None:
        """Find out whether the updates are quick: a Spec's cost is that of eager updates."""
        seconds = self.backend.compiled_seconds(group)
        if seconds is not None and group.elsewhere and group.alone:
            seconds /= _cores(group)  # from CPU time
        # Otherwise it would change between two pools that measure a bit more and a bit less.
        most = limit("slow_seconds") * (_STAYS if self.quick else _BECOMES)
        most *= _ALONE if self._session.playing_sessions == 1 else 1
        self.quick = seconds is not None and seconds < most

    def _advance_at_full_speed(self, group: RunGroup, most: float) -> None:
        session = self._session
        seconds = min(session.view.call_seconds, self._seconds)
        if self._hurries:
            seconds, self._hurries = min(seconds, _HURRY_SECONDS), False
        most = min(most, session.feed.until_moment())
        _, took = self._throttle.advance(group, seconds, most)
        if group.compiled and group.alone:
            # Of other threads.
            session.used += took * (_cores(group) - 1)


def _cores(group: RunGroup) -> int:
    """The number of cores on which a program computes the seeds of one Run."""
    return min(len(group.rows), cores())
