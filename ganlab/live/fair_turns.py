"""How long the turns of a pool's sessions are, and what a session is charged for one.

The next turn goes to the session that has used the least (see `WorkerPool`), so that what counts as
used decides who trains how much.
"""

from __future__ import annotations

import time

from ganlab.live.session import Session

SLICE_SECONDS = 0.05  # for a session alone
SHARED_SECONDS = 0.012  # the longest slice while others wait
HOME_SECONDS = 0.006  # the same if it ends with a picture, in a process for several sessions
ROUND_SECONDS = 0.02  # of updates in a round in which every session gets a slice,
_LEAST_SECONDS = 0.0008  # unless slices would be shorter than this
_LEAST_CHARGED = 0.85  # of a slice for a turn, even if its updates take less
_EAGER_CHARGED = 0.5  # of the time of eager updates elsewhere, which soon take less
SERVICE_SECONDS = 0.3  # CPU seconds of service (commands, starts, frames) that are free at once
SERVICE_SHARE = 0.1  # of a core, which is free after that
SERVICE_SESSIONS = 6  # if more sessions than these play, the share is divided further


class FairTurns:
    """The turns of sessions that share `cores`. playing: how many sessions play.

    It is used under its pool's lock.
    """

    def __init__(self, cores: int):
        self.cores, self.playing = cores, 1
        # CPU seconds of turns, and of pictures made in their place, since `count`
        self._trained = self._painting = 0.0
        self._share = 1.0  # the turns' share of both

    def count(self, playing: int) -> None:
        """Note how many sessions play, and what has been painted since the last call."""
        self.playing = max(1, playing)
        if self._trained:
            share = self._trained / (self._trained + self._painting)
            self._share += 0.3 * (share - self._share)
        self._trained = self._painting = 0.0

    def painted(self, seconds: float) -> None:
        """Note the CPU seconds of a picture that was made in the place of a turn."""
        self._painting += seconds

    def length(self, session: Session, others: bool) -> float:
        """The seconds of updates in a turn; others: whether other sessions wait."""
        return self._fair(session) if others else SLICE_SECONDS

    def _fair(self, session: Session) -> float:
        most = HOME_SECONDS if session.places.homes else SHARED_SECONDS
        return max(
            _LEAST_SECONDS, min(most, ROUND_SECONDS * self._share * self.cores / self.playing)
        )

    def serviced(self, session: Session, took: float, turn: bool) -> float:
        """Note the CPU seconds of service; returns those that are charged, if in a `turn`.

        A session charged for a slow start would stand still after it. So only repeated starts are
        charged.
        """
        now = time.perf_counter()
        total = self.service(session, now) + took
        charged = max(0.0, min(took, total - SERVICE_SECONDS)) if turn else 0.0
        session.served = total - charged, now
        return charged

    def service(self, session: Session, now: float) -> float:
        """The recent CPU seconds of a session's service."""
        seconds, then = session.served
        share = SERVICE_SHARE / max(1.0, session.playing_sessions / SERVICE_SESSIONS)
        return max(0.0, seconds - share * (now - then))

    def trained(self, session: Session, seconds: float, took: float, updates: float) -> float:
        """The CPU seconds that are charged for a turn of `seconds` (see `length`).

        took: without service; updates: those of updates in another process.
        """
        self._trained += took
        fair = self._fair(session)
        if not updates:
            charged = took
        else:
            # Preparing quick updates takes as long as making them. If that were charged, quick runs
            # would train less than others.
            eager = session.group is not None and not session.group.compiled
            of_updates = updates * (_EAGER_CHARGED if eager else 1.0)
            charged = max(of_updates, _LEAST_CHARGED * min(took, fair))
        # Who trained while nobody waited does not stand still when others come.
        return min(charged, fair) if seconds >= SLICE_SECONDS else charged
