"""A session: the runs and the view of one page. Commands in, work in slices, messages out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ganlab import address
from ganlab.engine import Run
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live import stored_session, take_away
from ganlab.live.configuration import Configuration
from ganlab.live.display import Display
from ganlab.live.drawing import Drawing
from ganlab.live.feed import Feed, Paint
from ganlab.live.held_state import HeldState
from ganlab.live.history import History
from ganlab.live.lesson import Teaching
from ganlab.live.lifecycle import Lifecycle
from ganlab.live.moment import Moment, moment_of
from ganlab.live.page_address import PageAddress
from ganlab.live.pools import NOWHERE, Places, Pools
from ganlab.live.requests import Requests
from ganlab.live.rewind import Rewind
from ganlab.live.run_group import RunGroup
from ganlab.live.session_work import SessionWork
from ganlab.live.story import Story, differences
from ganlab.live.subscriber import Subscriber
from ganlab.live.tape_maker import TapeMaker
from ganlab.live.trainer import Trainer
from ganlab.live.view import Message, View
from ganlab.live.views import view_of
from ganlab.params import in_words
from ganlab.record import RunFile
from ganlab.registry import SpecError
from ganlab.shape import Shape
from ganlab.spec import Spec


class Session:
    """What one page runs and shows: a Configuration, a Trainer of its runs, and their Display.

    The scheduler owns it. `work` is called by one worker at a time, everything else by any thread.
    view: the function that makes its view; by default that of the experiment's kind.
    Raises `SpecError` for an experiment that exceeds the server's limits.
    """

    def __init__(
        self,
        token: str,
        experiment: Experiment | Spec,
        wake: Callable[[Session], None],
        paint: Paint = lambda session, kind, job: job(),
        view: Callable[[Session], View] | None = None,
    ):
        self.token = token
        self.configuration = Configuration(
            Experiment.of(experiment) if isinstance(experiment, Spec) else experiment
        )
        self.subscribers: list[Subscriber] = []
        self.unwatched_since: float | None = time.monotonic()
        self.playing_sessions = 1  # set by the scheduler: playing sessions, including this one
        self.scheduled = False  # set by the scheduler: queued or being worked on
        self.again = False  # set by the scheduler: woken while being worked on
        self.used = 0.0  # set by the scheduler: CPU seconds of training, for fair turns
        self.served = (0.0, 0.0)  # set by the scheduler: recent CPU seconds of service, and when
        self.due = math.inf  # set by the scheduler: when to visit it without being woken
        self.pool: Any = None  # set by the scheduler: where it was queued last
        self.pools: Pools | None = None  # set by the scheduler: processes that compute for it
        self.failed = ""  # why it stopped with an error until it is changed; "" if it did not
        self.note = ""
        self.story: Story | None = None  # the preset that is shown, with its pace
        self.lesson: Teaching | None = None  # the lesson that is shown
        self.refused: dict[str, str] = {}  # the knob whose last change was refused, and why
        self.families = False  # whether the page shows other families of models
        self.shape = Shape()  # what a teacher has locked or hidden on its page
        self.after = ""  # the token of the session that this one continues
        self.trainer: Trainer = Trainer(self)
        self.view: View = (view or view_of(self.experiment))(self)
        self.feed = Feed(self, paint)
        self.display = Display(self.view, self.feed)
        self.rewind = Rewind(self, self.trainer)
        self.tapes = TapeMaker(self, paint)
        self.lifecycle = Lifecycle(
            self, self.configuration, self.trainer, self.display, self.rewind
        )
        self._wake = wake
        self._work = SessionWork(self, self.wake)
        self._requests = Requests(self)

    # -- experiment: from any thread -------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The requested experiment. Its events are those of the runs that start next."""
        return self.configuration.experiment

    @property
    def spec(self) -> Spec:
        """The requested Spec of run A."""
        return self.experiment.base

    @property
    def slow(self) -> bool:
        """Whether it is trained in the pool for slow runs."""
        demand = self.configuration.demand
        quick = self.trainer.quick and demand is not None and not demand.slow_to_show
        return self.demanding and not quick

    @property
    def demanding(self) -> bool:
        """Whether its eager updates, pictures or metrics are slow."""
        return self.configuration.slow

    @property
    def group(self) -> RunGroup | None:
        """The runs, once they have begun."""
        return self.trainer.group

    @property
    def run(self) -> Run | None:
        """The first Run, once it has begun."""
        return None if self.group is None else self.group.runs[0]

    @property
    def running(self) -> bool:
        """Whether the runs are the requested ones, and not about to restart."""
        return self.group is not None and not self.lifecycle.restarts

    @property
    def replayed(self) -> list[str]:
        """Fields that replayed events or drawings have changed, in order."""
        return self.lifecycle.replayed

    def set(self, field: str, value: object) -> None:
        """Change one field of all runs; restart them if it is a knob that cannot change in a run.

        Raises `SpecError`.
        """
        self._requests.set(field, value)

    def draw(self, drawing: Drawing) -> None:
        """Make a drawing p_data, in a lab. Raises `SpecError` if it is not allowed."""
        self._requests.draw(drawing)

    def configure(self, spec: Spec) -> None:
        """Make `spec` that of run A, and its shared fields those of all runs; see `show`."""
        self._requests.configure(spec)

    def show(self, experiment: Experiment) -> None:
        """Run `experiment`, without a restart if only fields differ that may change during a run.

        Raises `SpecError` if it exceeds the server's limits.
        """
        self._requests.become(lambda _: experiment)

    def new_seed(self, step: int | None = None) -> None:
        """Restart with the seed `step` further on; by default the first one not among these."""
        self.configuration.new_seed(step)
        self.command("restart")

    def begin(
        self,
        story: Story | None,
        after: str = "",
        state: RunFile | None = None,
        lesson: Teaching | None = None,
    ) -> None:
        """Let a worker begin the runs with `story`, beside `lesson`.

        after: the token of a session to continue. state: that from which they begin.
        """
        self.story, self.lesson = story, lesson
        if lesson is not None and lesson.waits:
            self.trainer.playing = False
        # A command in between would begin runs that `resume` restarts.
        if after:
            self.resume(after)
        elif state is not None:
            self.command("resume", state)
        else:
            self.wake()

    def tell(self, story: Story | None) -> None:
        """Show `story` from now on, and no lesson.

        A run that has begun continues without a check of its claim.
        """
        self.story, self.lesson = story, None
        self.command("tell")

    def give_shape(self, shape: Shape) -> None:
        """Lock and hide parts of its page; its address holds them."""
        if shape != self.shape:
            self.shape = shape
            self.command("tell")

    def store(self) -> None:
        """Store on disk what `resume` needs."""
        if self.group is not None and self.group.iteration > 0:
            stored_session.store(self.token, self.file())

    def file(self) -> RunFile:
        """The runs, which have begun, with all that the page shows of them, as they are now."""
        assert self.group is not None
        recordings, history = self.rewind.recordings, self.history
        runs = [recording.still().run for recording in recordings]
        return RunFile(
            tuple(runs or [run.still() for run in self.group.runs]),
            history.arrays(),
            history.ghost,
            self.experiment.fields,
            tuple(history.marks),
            tuple(history.notes),
            "" if self.story is None else self.story.name,
            self.trainer.playing,
            self.trainer.chosen,
        )

    def resume(self, token: str) -> None:
        """Continue the session with that token, which the server has dropped; else say so."""
        self.after = token
        self.command("resume", stored_session.load(token))

    def close(self) -> None:
        """Release everything: no one uses the session any more."""
        self.trainer.backend.close()

    def fail(self, error: Exception) -> None:
        """Stop until it is changed or restarted, and tell its browsers why."""
        self.failed, self.lifecycle.restarts = _why_failed(error), True
        for subscriber in list(self.subscribers):
            subscriber.close(self.failed)

    # -- state: from any thread ------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        """Whether a browser shows this session now."""
        return any(s.watching for s in list(self.subscribers))

    @property
    def state(self) -> str:
        """playing, paused, diverged or waiting (unwatched)."""
        if self.group is not None and self.group.stopped and not self.rewind.active:
            return "diverged"
        if not self.playing:
            return "paused"
        return "playing" if self.watched else "waiting"

    @property
    def playing(self) -> bool:
        """Whether updates are made continuously; not once all runs have diverged."""
        return self.trainer.playing and not (self.group is not None and self.group.stopped)

    @property
    def idle(self) -> bool:
        """Whether nothing moves."""
        return self.trainer.idle

    @property
    def speed(self) -> float:
        """Updates per second (0: full speed): the visitor's choice, else the story's."""
        return self.trainer.speed

    @property
    def run_number(self) -> int:
        """The number of the runs in the current scene; messages of other runs are void."""
        return self.display.run_number

    @property
    def scene(self) -> Message | None:
        """The scene that is shown."""
        return self.display.scene

    @property
    def history(self) -> History:
        """The curves of the runs."""
        return self.display.history

    @property
    def measured(self) -> dict[str, float]:
        """The newest metrics."""
        return self.feed.measured

    def found(self, number: int, metrics: dict[str, float], tell: bool = False) -> None:
        """Store the newest metrics of runs `number`; tell: send them also while the runs play."""
        self.feed.found(number, metrics, tell)

    def moments(self) -> tuple[Moment, ...]:
        """The shown moments of the runs: the current ones, except in the past."""
        places = self.places
        return tuple(moment_of(self.run_number, run, self.history, places) for run in self.shown)

    @property
    def rewound(self) -> bool:
        """Whether an earlier moment of the runs is shown."""
        return self.rewind.runs is not None

    @property
    def shown(self) -> tuple[Run, ...]:
        """The runs at the moment that is shown."""
        assert self.group is not None
        return self.rewind.runs or tuple(self.group.runs)

    @property
    def places(self) -> Places:
        """The pools that compute its updates, pictures and metrics."""
        return (
            NOWHERE if self.pools is None else self.pools.places(self.slow, self.playing_sessions)
        )

    @property
    def slow_places(self) -> Places:
        """The pools for what takes long."""
        return NOWHERE if self.pools is None else self.pools.places(True, self.playing_sessions)

    @property
    def trains_on_all_cores(self) -> bool:
        """Whether its programs compute several runs or seeds at once."""
        group = self.group
        return group is not None and group.compiled and len(group.rows) > 1

    @property
    def home_is_busy(self) -> bool:
        """Whether the process that computes it has something to do, and something more to begin."""
        pool, _, _, homes = self.places
        run = self.run
        return bool(homes and pool is not None and run is not None and pool.in_line(run.game) > 1)

    def move(self) -> None:
        """Have its run computed by another process of the same pool, if there is one."""
        pool, run = self.places.updates, self.run
        if pool is not None and run is not None:
            pool.move(run.game)

    @property
    def painted(self) -> bool:
        """Whether the picture of the shown moment was made with the last updates."""
        if self.group is None or not self.group.alone or self.rewind.active:
            return False
        state = self.group.state
        return isinstance(state, HeldState) and state.painted is not None

    @property
    def begun(self) -> Experiment:
        """The start of the runs with their events, from which they replay: the address' content.

        If the events do not fit an address, the current experiment without events.
        """
        return self._address.experiment

    @property
    def query(self) -> str:
        """The query string of the page's address."""
        name = "" if self.story is None else self.story.name
        query = address.with_preset(self._address.query, name)
        if self.lesson is not None:
            query = address.with_lesson(query, self.lesson.lesson.name, self.lesson.step)
        return address.with_pairs(address.with_families(query, self.families), self.shape.pairs())

    @property
    def lab_query(self) -> str:
        """The query string of one seed in its lab, up to the seed, which must be appended."""
        return self._address.lab_query

    @property
    def replays(self) -> bool:
        """Whether the address contains all events."""
        return self._address.complete

    @property
    def _address(self) -> PageAddress:
        return self.configuration.address(self.group if self.running else None)

    def status(self) -> dict[str, Any]:
        """The fields of the status message besides the state of the runs."""
        assert self.group is not None
        story, specs, demand = self.story, self.experiment.specs, self.configuration.demand
        return {
            "timeline": self.rewind.status(),
            "backend": self.trainer.backend.status(self.group),
            "refused": self.refused,
            **({} if demand is None else {"update_seconds": demand.update}),
            "query": self.query,
            "complete": self.replays,
            "story": {} if story is None else story.status(specs),
            "lesson": {} if self.lesson is None else self.lesson.status(self),
            "chosen": self.trainer.chosen is not None,
            "replayed": len(self.replayed),
            "differs": list(differences(specs[0], self.experiment.fields)),
            **self.view.status(),
        }

    # -- commands --------------------------------------------------------------------------------

    def command(self, name: str, value: object = None) -> None:
        """Queue a command for the worker, which executes it between two updates."""
        self._work.command(name, value)

    def wake(self) -> None:
        """Let the worker visit the session soon."""
        self._wake(self)

    @property
    def backlog(self) -> int:
        """The number of commands in the queue."""
        return self._work.backlog

    def refuse(self, field: str, error: SpecError) -> None:
        """Show beside the knob `field` why its change was refused."""
        self.command("refuse", {"field": field, "why": in_words(error)})

    def export(self, kind: str) -> bytes:
        """The runs as a file. Raises `SpecError` unless `kind` is in `export.KINDS`."""
        return self.exporter(kind)()

    def exporter(self, kind: str) -> Callable[[], bytes]:
        """A function that makes the file from the current state of the runs."""
        file = RunFile((), self.history.arrays()) if self.group is None else self.file()
        return partial(take_away.message, kind, self.experiment, file)

    def show_scene(self, scene: Message) -> None:
        """Show the same runs with another scene, which gets the next number; called by the view."""
        self.display.show(scene)

    # -- on a worker -----------------------------------------------------------------------------

    def calls(self, now: float) -> bool:
        """Whether it has work that need not wait for a turn: commands, or a frame that is due."""
        return self._work.waits(now)

    @property
    def service(self) -> float:
        """CPU seconds of commands and starts of runs in the last call of `work`."""
        return self._work.service

    def work(self, seconds: float) -> float | None:
        """Work for about `seconds`; returns when to come again (None: when woken).

        With 0 seconds it only executes commands and sends what is due, without training.
        """
        return self._work.turn(seconds)

    def advanced(self) -> None:
        """The runs have made some updates."""
        assert self.group is not None
        self.rewind.advanced(self.group, time.monotonic())
        self.lifecycle.advanced(self.group)


def _why_failed(error: Exception) -> str:
    """The message to the user about an unexpected error."""
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return _("there is not enough memory for this run: lower the batch or the widths")
    return _("it failed ({name}); the server's log has the details", name=type(error).__name__)
