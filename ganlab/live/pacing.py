"""When a session's frames, curves and status are due: each has a limited share of the time."""

from __future__ import annotations

import numpy as np

from ganlab.limits import limit
from ganlab.live.view import ViewedSession

FRAME_SHARE = 0.85  # the most that one session alone uses of the frame renderer's time
SHARED_FRAME_SHARE = (
    0.25  # and all sessions together, if there are several: the rest is for training
)
APART_SHARE = 0.8  # or the most that they use of a process beside the server's
HOME_SHARE = 0.4  # or of each process that also trains,
HOME_MEASURE_SHARE = 0.12  # and for metrics there
MEASURE_SHARE = 0.06  # of the metrics renderer's time: it takes a core from browser and training
RESTING_SHARE = 0.5  # the same for a paused session, so that its backlog is measured soon
_HOLE = 80  # points of a curve, if the widest hole were everywhere

MANY_SESSIONS = 5  # the number of playing sessions from which pictures are coarse
STATUS_SECONDS = 0.25
_MOST_AT_ONCE = 16  # moments measured for one message
SHARED_STATUS_SECONDS = 1.0  # between status messages, if this many sessions play:
_STATUS_SESSIONS = 8
_EARLY = 0.001  # seconds a call may end this much before a frame is due
SHARED_SECONDS = 1 / 36  # the shortest time between frames of one of several sessions
# A browser acknowledges a frame at a tick of its display, when it begins to draw it. The
# acknowledgement may come sooner or later than expected by this share of the time between frames.
_JITTER = 0.3
_EVERY_TICK = 1 / 50  # seconds between frames, below which one waits in the browser for its tick
SLOW = 8.0  # updates/s up to which every update is shown


class Pacing:
    """The times at which messages of a session are due, from what the last ones cost.

    cost: CPU seconds of the last message of each kind.
    """

    def __init__(self, session: ViewedSession):
        self.session = session
        self.cost = {"frame": 0.0, "curves": 0.0}
        self._measured_at_once = 1  # the number of moments behind the cost of curves
        self._curves_made = 0  # of these runs
        self._frame_at = self._measure_at = self._status_at = 0.0
        self._allowed = 1 / limit("frame_rate")
        self._judged: np.ndarray | None = None  # the rows of curves that were searched for holes
        self._has_hole = True

    def begin(self) -> None:
        """Forget what only holds for the previous runs."""
        self._curves_made = 0

    def frame_begun(self, now: float) -> None:
        """Note when the last frame was begun."""
        self._frame_at = now

    def curves_begun(self, now: float) -> None:
        """Note when the last curves were begun."""
        self._measure_at = now

    def measured(self, moments: int) -> None:
        """Note how many moments are measured for one message."""
        self._measured_at_once = max(1, moments)
        self._curves_made += 1

    def status_sent(self, now: float) -> None:
        """Note when the last status was sent."""
        self._status_at = now

    def status_due(self, now: float) -> bool:
        """Whether a status of runs that play is due."""
        return now - self._status_at >= self._status_pace

    @property
    def _playing(self) -> int:
        return self.session.playing_sessions

    @property
    def _status_pace(self) -> float:
        return STATUS_SECONDS if self._playing < _STATUS_SESSIONS else SHARED_STATUS_SECONDS

    @property
    def next_at_rest(self) -> float:
        """When a click's effect is measured: at once, except in floods beside other runs."""
        return self._measure_at + (self._status_pace if self._playing > 1 else 0.0)

    def next_curves(self) -> float:
        """When the next measurement is due, so that measuring keeps to its share of the time."""
        # The first moments are the steepest part of every curve.
        pace = STATUS_SECONDS if len(self.session.history.rows) > 40 else STATUS_SECONDS / 4
        if self._playing >= _STATUS_SESSIONS:  # a session that keeps restarting has only these
            pace = SHARED_STATUS_SECONDS
        due = self._playing * self._curves_cost / self._measure_share
        return self._measure_at + max(pace, due)

    @property
    def _curves_cost(self) -> float:
        # The first measurement fills caches, so its time says nothing about the others.
        return self.cost["curves"] if self._curves_made > 1 else 0.0

    @property
    def _measure_share(self) -> float:
        share = 0.0 if self.session.playing else RESTING_SHARE
        if self._playing == 1 and self._sparse:
            share = self.session.view.sparse_share
            if self.session.group is not None and self.session.group.compiled:
                share /= 2  # metrics take more iterations from it
        homes = self.session.places.homes
        least = HOME_MEASURE_SHARE * homes if homes else MEASURE_SHARE
        return max(least, share / self._playing)

    @property
    def _sparse(self) -> bool:
        """Whether the curves have a hole, or will have one after their last point."""
        rows, group = self.session.history.rows, self.session.group
        if rows is not self._judged:
            self._judged, x = rows, rows[:, 0]
            self._has_hole = len(x) < 2 or bool(np.diff(x).max() > _hole(x[-1]))
        if self._has_hole or group is None:
            return True
        return group.iteration - float(rows[-1, 0]) > _hole(group.iteration)

    @property
    def at_once(self) -> int:
        """The number of moments to measure for one message; 1 if there are many sessions."""
        each = self._playing * self._curves_cost / self._measured_at_once
        if self._playing >= MANY_SESSIONS or not each:
            return 1
        room = STATUS_SECONDS * self._measure_share
        return int(max(1, min(_MOST_AT_ONCE, room / each)))

    @property
    def keeps(self) -> bool:
        """Whether to keep moments: there is time to measure them, or none was measured yet."""
        return self._playing < MANY_SESSIONS and (not self._curves_cost or self.at_once > 1)

    def frame_due(self, now: float, drawn: bool) -> bool:
        """Whether a frame of runs that play is due.

        drawn: whether the browser has drawn all frames that it was sent.
        """
        if self._playing > 1:
            return now >= self.next_frame() - _EARLY
        # At a display's pace the browser keeps one frame for its next tick, so that another one is
        # made without waiting for an acknowledgement. Rarer frames are not kept: without an
        # acknowledgement they are made later, because the way to this browser takes long.
        soon = drawn or self._least < _EVERY_TICK
        return now >= self.next_frame() + (-_JITTER if soon else _JITTER) * self._least

    def next_frame(self) -> float:
        """When the next frame is due."""
        playing, view = self._playing, self.session.view
        share = FRAME_SHARE if playing == 1 else self._shared_frame_share
        due = min(playing * self.cost["frame"] / share, view.slowest_frames)
        return self._frame_at + max(self._least, due)

    @property
    def _shared_frame_share(self) -> float:
        """The most that all sessions together use for frames, in cores."""
        places = self.session.places
        if places.homes:
            return HOME_SHARE * places.homes
        return APART_SHARE if places.frames else SHARED_FRAME_SHARE

    @property
    def _least(self) -> float:
        """The shortest time between two frames."""
        least = max(self.session.view.frame_seconds, self._allowed)
        return least if self._playing == 1 else max(least, SHARED_SECONDS)


def _hole(iteration: float) -> float:
    """The distance of two points that is a hole in the curves of a run at `iteration`."""
    return max(1.5, iteration / _HOLE)
