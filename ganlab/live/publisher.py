"""What a session shows: messages that painters make from States, which never change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ganlab.engine import Game, Run, Snapshot, State
from ganlab.engine.snapshot import take
from ganlab.live import cpu, messages
from ganlab.live.history import History
from ganlab.live.subscriber import Subscriber
from ganlab.live.tier import Tier
from ganlab.spec import Spec

FRAME_SHARE = 0.85  # of the frame painter's time, by a session alone, at the most
CROWD_SHARE = 0.25  # by all sessions together, where there are several: the rest is for training
MEASURE_SHARE = 0.06  # of the metrics painter's: frames need the interpreter too
CROWD = 5  # sessions that play, from which pictures are made as cheaply as can be
STATUS_SECONDS = 0.25
CROWD_STATUS_SECONDS = 1.0  # where so many play, unasked:
_STATUS_CROWD = 8
_EARLY = 0.001  # seconds by which a call may end before a frame is due
SLOW = 8.0  # updates/s up to which every update is shown


# paint(session, kind, job): have a painter of "frame" or "curves" do the job.
Paint = Callable[[Any, str, Callable[[], None]], None]


@dataclass(frozen=True)
class Moment:
    """A run at one moment: painters may take their time over it while the run goes on."""

    number: int
    game: Game
    state: State
    specs: tuple[Spec, ...]
    diverged: tuple
    last: str
    history: History

    @property
    def spec(self) -> Spec:
        """The Spec of the first run."""
        return self.specs[0]

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return self.state.g_updates

    def snapshot(self, **wanted: Any) -> Snapshot:
        """As `Run.snapshot`."""
        return take(self.game, self.state, self.specs, list(self.diverged), **wanted)


def moment_of(number: int, run: Run, history: History) -> Moment:
    """Run `number` as it is now."""
    diverged, last = tuple(run.diverged), run.last or ""
    return Moment(number, run.game, run.state, run.specs, diverged, last, history)


class Publisher:
    """Makes frames, curves and status when they are due and someone looks.

    `_frame` and `_measure` are the subclass's: a Moment to the message, after any number of Nones
    between which other sessions' pictures get their turn.
    """

    frame_seconds = 1 / 36  # at the most this often: more would be the browser's work for nothing
    slowest_frames = 0.17  # but frames come at least this often (seconds)

    spec: Spec
    run: Run | None
    tier: Tier
    history: History
    playing: bool
    speed: float
    note: str
    refused: dict[str, str]
    state: str
    query: str
    _todo: Any
    _wake: Callable[[Any], None]

    def __init__(self, paint: Paint):
        self.subscribers: list[Subscriber] = []
        self.run_number = 0
        self.crowd = 1  # sessions that play at present, this one included: the hub's
        self._paint = paint
        self._painting: set[str] = set()
        self._sending = threading.Lock()  # a new scene, or what belongs to the one before
        self._scene: tuple[dict, dict] | None = None
        self._measured: dict[str, float] = {}
        self._cost = {"frame": 0.0, "curves": 0.0}
        self._frame_at = self._measure_at = self._status_at = 0.0
        self._frame_wanted = self._measure_wanted = self._status_wanted = True
        self._rate, self._rate_from = 0.0, (0.0, 0)

    @property
    def watched(self) -> bool:
        """Whether some browser shows this session now."""
        return any(s.watching for s in list(self.subscribers))

    def _frame(self, moment: Moment) -> Iterable[bytes | None]:
        raise NotImplementedError

    def _measure(self, moment: Moment) -> Iterable[bytes | None]:
        raise NotImplementedError

    def _moment(self) -> Any:
        """What `_frame` and `_measure` are given: the run as it is now."""
        return moment_of(self.run_number, self.run, self.history)

    def _told(self) -> dict[str, Any]:
        """What the status says of the story, and of what differs from the lab's default."""
        return {}

    def _more_status(self) -> dict[str, Any]:
        """What the status says besides what every run's does."""
        return {}

    def _publish(self, now: float) -> None:
        assert self.run is not None
        watching = [s for s in list(self.subscribers) if s.watching]
        if not watching:
            return
        idle = not self.playing and not self._todo
        # A class of them would measure more than it trains.
        slow = 0 < self.speed <= SLOW and self.crowd < CROWD
        if self._measure_wanted and "curves" not in self._painting:
            # The first moments are the steepest part of every curve.
            pace = STATUS_SECONDS if len(self.history.rows) > 40 else STATUS_SECONDS / 4
            due = max(pace, self.crowd * self._cost["curves"] / MEASURE_SHARE)
            if idle or slow or self.run.stopped or now - self._measure_at >= due:
                self._measure_at, self._measure_wanted = now, False
                self._hand_over("curves", self._measure)
        if self._frame_due(now):
            self._frame_at, self._frame_wanted = now, False
            self._hand_over("frame", self._frame)
        pace = STATUS_SECONDS if self.crowd < _STATUS_CROWD else CROWD_STATUS_SECONDS
        if self._status_wanted or (self.playing and now - self._status_at >= pace):
            self._status(watching, now)

    def _frame_due(self, now: float) -> bool:
        if not self._frame_wanted or "frame" in self._painting:
            return False
        idle = not self.playing and not self._todo
        if not idle and now < self._next_frame() - _EARLY:
            return False
        return any(s.ready_for_frame for s in list(self.subscribers))

    def _next_frame(self) -> float:
        """When the next frame is due."""
        share = FRAME_SHARE if self.crowd == 1 else CROWD_SHARE
        due = min(self.crowd * self._cost["frame"] / share, self.slowest_frames)
        return self._frame_at + max(self.frame_seconds, due)

    def _hand_over(self, kind: str, make: Callable[[Moment], Iterable[bytes | None]]) -> None:
        """Have a painter look at the run as it is now, while the run goes on."""
        moment, number = self._moment(), self.run_number
        steps: Any = None
        cost = 0.0

        def job() -> None:
            nonlocal steps, cost
            started = cpu.seconds()
            if steps is None:
                steps = iter(make(moment))
            message = next(steps)
            cost += cpu.seconds() - started
            if message is None and number == self.run_number:
                self._paint(self, kind, job)
                return
            self._cost[kind] = cost
            with self._sending:
                if message is not None and number == self.run_number:
                    for subscriber in list(self.subscribers):
                        if subscriber.watching:
                            subscriber.put(kind, message)
            self._painting.discard(kind)
            if self._frame_wanted or self._measure_wanted or self._status_wanted:
                self._wake(self)

        self._painting.add(kind)
        self._paint(self, kind, job)

    def _status(self, watching: list[Subscriber], now: float) -> None:
        run = self.run
        assert run is not None
        then, iterations = self._rate_from
        if now - then >= 0.5:
            self._rate = (run.iteration - iterations) / (now - then)
            self._rate_from = (now, run.iteration)
        self._status_at, self._status_wanted = now, False
        rate = self._rate if self.state == "playing" else 0.0
        message = messages.status(
            self.run_number,
            run,
            self.spec,
            self.state,
            rate,
            self.speed,
            self.note,
            self._measured,
            {
                "tier": self.tier.status(run),
                "refused": self.refused,
                "query": self.query,
                **self._told(),
                **self._more_status(),
            },
        )
        for subscriber in watching:
            subscriber.put("status", message)
