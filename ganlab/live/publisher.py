"""What a session shows: messages that render threads make from States, which never change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ganlab.engine import Game, Run, Snapshot, State
from ganlab.engine.snapshot import take
from ganlab.live import cpu, messages
from ganlab.live.backlog import Backlog
from ganlab.live.budget import Demand
from ganlab.live.history import History
from ganlab.live.subscriber import Subscriber
from ganlab.spec import Spec

FRAME_SHARE = 0.85  # of the frame renderer's time, by a session alone, at the most
CROWD_SHARE = 0.25  # by all sessions together, where there are several: the rest is for training
MEASURE_SHARE = 0.06  # of the metrics renderer's: frames need the interpreter too
ALONE_SHARE = 0.1  # by a session alone,
RESTING_SHARE = 0.5  # and while it rests: what waits is measured soon
CROWD = 5  # sessions that play, from which pictures are made as cheaply as can be
STATUS_SECONDS = 0.25
_MOST_AT_ONCE = 16  # moments measured for one message
CROWD_STATUS_SECONDS = 1.0  # where so many play, unasked:
_STATUS_CROWD = 8
_EARLY = 0.001  # seconds by which a call may end before a frame is due
SLOW = 8.0  # updates/s up to which every update is shown


# paint(session, kind, job): have a render thread of "frame" or "curves" do the job.
Paint = Callable[[Any, str, Callable[[], None]], None]


@dataclass(frozen=True)
class Moment:
    """A run at one moment: render threads may take their time over it while the run goes on."""

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


def _size(state: State) -> int:
    """Bytes."""
    return sum(x.nbytes for x in (state.g, state.d, *state.g_slots, *state.d_slots))


class Publisher:
    """Makes frames, curves and status when they are due and someone looks.

    `_frame` and `_measure` are the subclass's. `_frame` makes a Moment the message, after any
    number of Nones between which other sessions' pictures get their turn; `_measure` adds a Moment
    to the history, with such Nones.
    """

    frame_seconds = 1 / 36  # at the most this often: more would be the browser's work for nothing
    slowest_frames = 0.17  # but frames come at least this often (seconds)

    spec: Spec
    run: Any  # a Run, or what is asked as one (RunGroup); None until the first has begun
    backend: Any  # a Backend, or Backends
    history: History
    demand: Demand | None
    playing: bool
    note: str
    refused: dict[str, str]
    _todo: Any
    _wake: Callable[[Any], None]

    def __init__(self, paint: Paint):
        self.subscribers: list[Subscriber] = []
        self.run_number = 0
        self.crowd = 1  # sessions that play at present, this one included: the scheduler's
        self._paint = paint
        self._painting: set[str] = set()
        self._sending = threading.Lock()  # a new scene, or what belongs to the one before
        self._scene: tuple[dict, dict] | None = None
        self._measured: dict[str, float] = {}
        self._cost = {"frame": 0.0, "curves": 0.0}
        self._measured_at_once = 1  # moments, in the cost of curves
        self._curves_made = 0  # of this run
        self._backlog = Backlog()
        self._frame_at = self._measure_at = self._status_at = 0.0
        self._frame_wanted = self._measure_wanted = self._status_wanted = True
        self._rate, self._rate_from = 0.0, (0.0, 0)

    @property
    def watched(self) -> bool:
        """Whether some browser shows this session now."""
        return any(s.watching for s in list(self.subscribers))

    @property
    def speed(self) -> float:
        """Updates a second; 0: full speed."""
        raise NotImplementedError

    @property
    def state(self) -> str:
        """What the run does now, in a word."""
        raise NotImplementedError

    @property
    def query(self) -> str:
        """What the page's address holds."""
        raise NotImplementedError

    def _shown_scene(self) -> tuple[dict, dict]:
        """The scene's header and arrays, once there is a run."""
        assert self._scene is not None
        return self._scene

    def _frame(self, moment: Any) -> Iterator[bytes | None]:
        raise NotImplementedError

    def _measure(self, moment: Any) -> Iterable[None]:
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

    def _about(self) -> dict[str, Any]:
        """What an update is expected to take, in seconds."""
        return {} if self.demand is None else {"update_seconds": self.demand.update}

    def _publish(self, now: float) -> None:
        assert self.run is not None
        watching = [s for s in list(self.subscribers) if s.watching]
        if not watching:
            return
        idle = not self.playing and not self._todo
        # A class of them would measure more than it trains.
        slow = 0 < self.speed <= SLOW and self.crowd < CROWD
        if "curves" not in self._painting and (self._measure_wanted or self._backlog):
            due = self._next_curves() <= now
            soon = slow or ((idle or self.run.stopped) and now >= self._next_at_rest)
            if due or (self._measure_wanted and soon):
                newest = [self._moment()] if self._measure_wanted else []
                self._measure_at, self._measure_wanted = now, False
                self._hand_over("curves", self._curves(newest, due))
        if self._frame_due(now):
            self._frame_at, self._frame_wanted = now, False
            self._hand_over("frame", partial(self._frame, self._moment()))
        if self._status_wanted or (self.playing and now - self._status_at >= self._status_pace):
            self._status(watching, now)

    @property
    def _status_pace(self) -> float:
        return STATUS_SECONDS if self.crowd < _STATUS_CROWD else CROWD_STATUS_SECONDS

    @property
    def _next_at_rest(self) -> float:
        """When what a click has changed is measured: at once, but for floods beside other runs."""
        return self._measure_at + (self._status_pace if self.crowd > 1 else 0.0)

    def _next_curves(self) -> float:
        """When measuring is due again: it has its share of the time."""
        # The first moments are the steepest part of every curve.
        pace = STATUS_SECONDS if len(self.history.rows) > 40 else STATUS_SECONDS / 4
        if self.crowd >= _STATUS_CROWD:  # who restarts without end has only first moments
            pace = CROWD_STATUS_SECONDS
        due = self.crowd * self._curves_cost / self._measure_share
        return self._measure_at + max(pace, due)

    @property
    def _curves_cost(self) -> float:
        # The first measurement makes what the others find ready: it says nothing of them.
        return self._cost["curves"] if self._curves_made > 1 else 0.0

    @property
    def _measure_share(self) -> float:
        share = ALONE_SHARE if self.playing else RESTING_SHARE
        return max(MEASURE_SHARE, share / self.crowd)

    @property
    def _at_once(self) -> int:
        """Moments that can be measured for one message; with many sessions the newest alone."""
        each = self.crowd * self._curves_cost / self._measured_at_once
        if self.crowd >= CROWD or not each:
            return 1
        room = STATUS_SECONDS * self._measure_share
        return int(max(1, min(_MOST_AT_ONCE, room / each)))

    @property
    def _keeps(self) -> bool:
        """Whether moments wait: there is time to measure them, or none was measured yet."""
        return self.crowd < CROWD and (not self._curves_cost or self._at_once > 1)

    def _keep_moment(self) -> None:
        """Have the run as it is now measured later, where its curves would be sparse else."""
        at = self.run.iteration
        slow = 0 < self.speed <= SLOW  # then every update is measured
        if not slow and self._keeps and self._backlog.until(at) == 0:
            moment = self._moment()
            each = moment if isinstance(moment, tuple) else (moment,)
            self._backlog.keep(at, moment, sum(_size(one.state) for one in each))

    def _curves(self, newest: list[Any], more: bool) -> Callable[[], Iterator[bytes | None]]:
        """Makes the curves: measures the newest moment and, if wanted, some that wait before."""
        count, history = self._at_once - len(newest), self.history
        late = []
        if more and count > 0:
            at = self.run.iteration
            measured = np.append(history.iterations, at) if newest else history.iterations
            late = self._backlog.take(measured, at, count)
        self._measured_at_once = max(1, len(newest) + len(late))
        self._curves_made += 1
        return partial(self._measure_all, [*newest, *late], self.run_number, history)

    def _measure_all(
        self, moments: list[Any], number: int, history: History
    ) -> Iterator[bytes | None]:
        for i, moment in enumerate(moments):
            if i:
                yield None
            yield from self._measure(moment)
        yield messages.curves(number, history)

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

    def _hand_over(self, kind: str, make: Callable[[], Iterator[bytes | None]]) -> None:
        """Have a render thread make a message while the run goes on."""
        number = self.run_number
        steps: Any = None
        cost = 0.0

        def job() -> None:
            nonlocal steps, cost
            started = cpu.seconds()
            if steps is None:
                steps = iter(make())
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
            wanted = self._frame_wanted or self._measure_wanted or self._status_wanted
            if wanted or self._backlog:
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
                "backend": self.backend.status(run),
                "refused": self.refused,
                **self._about(),
                "query": self.query,
                **self._told(),
                **self._more_status(),
            },
        )
        for subscriber in watching:
            subscriber.put("status", message)
