"""A session: the runs and the view of one page. Commands in, work in slices, messages out."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from ganlab import address
from ganlab.engine import Run
from ganlab.engine.turns import START, Turns
from ganlab.experiment import Experiment
from ganlab.live import changes, messages, stored_session, take_away
from ganlab.live.budget import Demand, afford_experiment
from ganlab.live.commands import FigureRequest
from ganlab.live.feed import Feed, Paint
from ganlab.live.history import History
from ganlab.live.moment import Moment, moment_of
from ganlab.live.page_address import PageAddress
from ganlab.live.remote import REMOTE
from ganlab.live.run_group import AppliedEvent, Backends, RunGroup
from ganlab.live.stored_session import StoredSession
from ganlab.live.story import BEHIND, OFFERS, Story, differences
from ganlab.live.subscriber import Subscriber
from ganlab.live.throttle import CATCH_UP_SECONDS, Throttle
from ganlab.live.view import Message, View
from ganlab.live.views import view_of
from ganlab.live.wire import encode
from ganlab.params import LIVE, in_words
from ganlab.registry import SpecError
from ganlab.spec import KNOBS, PARAMS, Spec

_ANSWERS = {"play", "d", "g", "step", "speed", "change"}
_MOST_TODO = 200  # the most updates by hand in the queue
_BEGINS_ANEW = "The server has restarted or dropped this run: it starts again at iteration 0."
_WITHOUT = "Without the changes that were still to come."
_BY_HAND_SECONDS = 0.01  # of updates by hand beyond a turn
_SEEN_SECONDS = 0.03  # between two checks whether a picture has been drawn
_FEW = 5  # a run with fewer measurements does not replace the previous ghost
_ITERATION = "iteration"  # an entry of the queue of updates by hand, besides "D" and "G"


class Session:
    """What one page runs (`group`, of `experiment`) and shows (`view`, sent by `feed`).

    The scheduler owns it. `work` is called by one worker at a time, everything else by any thread.
    view: the function that makes its view; by default that of the experiment's kind.
    Raises `SpecError` for an experiment that exceeds the server's limits.
    """

    def __init__(
        self,
        token: str,
        experiment: Experiment | Spec,
        wake: Callable[[Any], None],
        paint: Paint = lambda session, kind, job: job(),
        view: Callable[[Session], View] | None = None,
    ):
        self.token = token
        # The only copy of what is requested. Its events are those of the runs that start next.
        self.experiment = Experiment.of(experiment) if isinstance(experiment, Spec) else experiment
        self.lock = threading.Lock()
        self.subscribers: list[Subscriber] = []
        self.unwatched_since: float | None = time.monotonic()
        self.crowd = 1  # set by the scheduler: playing sessions, including this one
        self.scheduled = False  # set by the scheduler: queued or being worked on
        self.again = False  # set by the scheduler: woken while being worked on
        self.used = 0.0  # set by the scheduler: CPU seconds of training, for fair turns
        self.served = (0.0, 0.0)  # set by the scheduler: recent CPU seconds of service, and when
        self.due = math.inf  # set by the scheduler: when to visit it without being woken
        self.pool: Any = None  # set by the scheduler: where it was queued last
        self.failed = ""  # why it stopped with an error until it is changed; "" if it did not
        self._wake = wake
        self._inbox: deque[tuple[str, Any]] = deque()
        self._todo: deque[str] = deque()
        self._restart = True
        self.playing, self.note = True, ""
        self.chosen: float | None = None  # the visitor's speed, as `speed`
        self.story: Story | None = None  # the preset that is shown, with its pace
        self.refused: dict[str, str] = {}  # the knob whose last change was refused, and why
        self.group: RunGroup | None = None
        self.run_number = 0
        self.scene: Message | None = None
        self.after = ""  # the token of the session that this one continues
        self._stored: StoredSession | None = None  # the state to resume in the next runs
        self.replayed: list[str] = []  # fields that replayed events have changed, in order
        self._known: PageAddress | None = None  # the newest address
        self.backend = Backends()
        self.throttle = Throttle(self.backend.timed)
        self._lost = 0  # the number of diverged runs
        self._slice = math.inf  # seconds of the current turn
        self.slow = False  # whether it is trained in the pool for slow runs
        self.demand: Demand | None = None  # on the server; None if negligible
        self._weigh(afford_experiment(self.experiment))
        self.view: View = (view or view_of(self.experiment))(self)
        self.history = History(self.view.series)
        self.feed = Feed(self, paint)

    def _weigh(self, demand: Demand | None) -> None:
        """Set the demand of the runs that start next."""
        self.demand, self.slow = demand, demand is not None and demand.slow
        self.failed = ""

    # -- experiment: from any thread -------------------------------------------------------------

    @property
    def spec(self) -> Spec:
        """The requested Spec of run A."""
        return self.experiment.base

    @property
    def run(self) -> Run | None:
        """The first Run, once it has begun."""
        return None if self.group is None else self.group.runs[0]

    @property
    def running(self) -> bool:
        """Whether the runs are the requested ones, and not about to restart."""
        return self.group is not None and not self._restart

    def set(self, field: str, value: Any) -> None:
        """Change one field of all runs; restart them if it is a knob that cannot change in a run.

        Raises `SpecError`.
        """
        if field not in LIVE and field not in KNOBS:
            raise SpecError(field, value, f"only {', '.join(LIVE)} can change during a run")
        value = PARAMS[field].check(value)
        self._become(lambda now: now.on(now.base.replace(**{field: value})))

    def configure(self, spec: Spec) -> None:
        """Make `spec` that of run A, and its shared fields those of all runs; see `show`."""
        self._become(lambda now: now.on(spec))

    def show(self, experiment: Experiment) -> None:
        """Run `experiment`, without a restart if only fields differ that may change during a run.

        Raises `SpecError` if it exceeds the server's limits.
        """
        self._become(lambda _: experiment)

    def _become(self, make: Callable[[Experiment], Experiment]) -> None:
        while True:
            before = self.experiment
            wanted = make(before).with_events(())
            if wanted == before.with_events(()):
                return
            anew = changes.restarts(before, wanted)
            coming = self._still_coming() if anew is None else ()
            # Counting the cost may take tenths of a second: do not hold the lock.
            demand = afford_experiment(wanted, coming)
            if anew is None and before.events:
                wanted = wanted.with_events(before.events)
            dropped = anew is not None and any(self._still_coming())
            with self.lock:
                if self.experiment is not before:
                    continue  # it was changed meanwhile
                self.experiment = wanted
            break
        self._weigh(demand)
        if anew is None:
            self.command("change")
        else:
            self.command("begin", f"{anew} {_WITHOUT}" if dropped else anew)

    def _still_coming(self) -> tuple[Any, ...]:
        """The events still to come, of the current runs or of those that start next."""
        group = self.group
        return group.coming if group is not None and self.running else self.experiment.events

    def new_seed(self, step: int | None = None) -> None:
        """Restart with the seed `step` further on; by default the first one not among these."""
        with self.lock:
            now = self.experiment
            seeds = int(PARAMS["seed"].high) + 1
            self.experiment = now.with_seed(
                (now.base.seed + (now.seeds if step is None else step)) % seeds
            )
        self.command("restart")

    def tell(self, story: Story | None) -> None:
        """Show `story` from now on; a run that has begun continues without a check of its claim."""
        self.story = story
        self.command("tell")

    def store(self) -> None:
        """Store on disk what `resume` needs."""
        group = self.group
        if group is not None and group.iteration > 0:
            runs = tuple(group.runs)
            stored_session.store(self.token, runs, self.history, self.playing, self.chosen)

    def resume(self, token: str) -> None:
        """Continue the session with that token, which the server has dropped; else say so."""
        self.after = token
        self.command("resume", stored_session.load(token))

    def close(self) -> None:
        """Release everything: no one uses the session any more."""
        self.backend.close()

    def fail(self, error: Exception) -> None:
        """Stop until it is changed or restarted, and tell its browsers why."""
        self.failed, self._restart = _why_failed(error), True
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
        if self.group is not None and self.group.stopped:
            return "diverged"
        if not self.playing:
            return "paused"
        return "playing" if self.watched else "waiting"

    @property
    def idle(self) -> bool:
        """Whether nothing moves."""
        return not self.playing and not self._todo

    @property
    def speed(self) -> float:
        """Updates per second (0: full speed): the visitor's choice, else the story's."""
        if self.chosen is not None:
            return self.chosen
        if self.story is None or self.group is None:
            return 0.0
        return self.story.rate(self.group.iteration) * self.group.unit

    @property
    def measured(self) -> dict[str, float]:
        """The newest metrics."""
        return self.feed.measured

    def found(self, number: int, metrics: dict[str, float], tell: bool = False) -> None:
        """Store the newest metrics of runs `number`; tell: send them also while the runs play."""
        self.feed.found(number, metrics, tell)

    def moments(self) -> tuple[Moment, ...]:
        """The current moments of the runs."""
        assert self.group is not None
        return tuple(moment_of(self.run_number, run, self.history) for run in self.group.runs)

    @property
    def begun(self) -> Experiment:
        """The start of the runs with their events, from which they replay: the address' content.

        If the events do not fit an address, the current experiment without events.
        """
        return self._addressed().experiment

    @property
    def query(self) -> str:
        """The query string of the page's address."""
        name = "" if self.story is None else self.story.name
        return address.with_preset(self._addressed().query, name)

    @property
    def lab_query(self) -> str:
        """The query string of one seed in its lab, up to the seed, which must be appended."""
        return self._addressed().lab_query

    @property
    def replays(self) -> bool:
        """Whether the address contains all events."""
        return self._addressed().complete

    def _addressed(self) -> PageAddress:
        # Part of every status, so it is cached until something happens.
        now, group = self.experiment, self.group if self.running else None
        known = self._known
        if known is None or not known.is_of(now, group):
            self._known = known = PageAddress(now, group)
        return known

    def status(self) -> dict[str, Any]:
        """The fields of the status message besides the state of the runs."""
        assert self.group is not None
        story, specs = self.story, self.experiment.specs
        return {
            "backend": self.backend.status(self.group),
            "refused": self.refused,
            **({} if self.demand is None else {"update_seconds": self.demand.update}),
            "query": self.query,
            "complete": self.replays,
            "story": {} if story is None else story.status(specs),
            "chosen": self.chosen is not None,
            "replayed": len(self.replayed),
            "differs": list(differences(specs[0], self.experiment.fields)),
            **self.view.status(),
        }

    # -- commands --------------------------------------------------------------------------------

    def command(self, name: str, value: Any = None) -> None:
        """Queue a command for the worker, which executes it between two updates."""
        self._inbox.append((name, value))
        self._wake(self)

    def wake(self) -> None:
        """Let the worker visit the session soon."""
        self._wake(self)

    @property
    def backlog(self) -> int:
        """The number of commands in the queue."""
        return len(self._inbox)

    def refuse(self, field: str, error: SpecError) -> None:
        """Show beside the knob `field` why its change was refused."""
        self.command("refuse", {"field": field, "why": in_words(error)})

    # -- on a worker: commands -------------------------------------------------------------------

    def _take_commands(self) -> None:
        # Commands that arrive meanwhile wait, so that a flood of them cannot hold the worker.
        for _ in range(len(self._inbox)):
            name, value = self._inbox.popleft()
            try:
                _HANDLERS[name](self, value)
                if name in _ANSWERS and not (self.group is not None and self.group.stopped):
                    self.note = ""  # a valid command clears the message about an invalid one
                if name in ("change", "restart", "begin"):
                    self.refused = {}
            except SpecError as error:
                self.note = str(error)
            self.feed.status_wanted = True

    def _play(self, _: None) -> None:
        self.playing, self.throttle.due = True, time.perf_counter()
        self._todo.clear()
        self.feed.count_from_now()

    def _pause(self, _: None) -> None:
        self.playing = False
        self.feed.frame_wanted = self.feed.curves_wanted = True

    def _by_hand(self, player: str) -> None:
        self._alone_or_refused(player)
        self._queue(player)

    def _alone_or_refused(self, player: str) -> None:
        if len(self.experiment.specs) > 1:
            allowed = "step: runs side by side move by whole iterations"
            raise SpecError("cmd", player.lower(), allowed)

    def _step(self, _: None) -> None:
        if len(self.experiment.specs) > 1:
            self._queue(_ITERATION)
            return
        turns, state = Turns.of(self.spec), START
        if self.group is not None and self.running:
            state = self.group.state
        state = turns.after(state, "".join(self._todo).encode())
        self._queue(*turns.left(state).decode())

    def _queue(self, *players: str) -> None:
        self._pause(None)
        if len(self._todo) < _MOST_TODO:
            self._todo.extend(players)

    def _set_speed(self, value: float | None) -> None:
        self.chosen, self.throttle.due = value, time.perf_counter()

    def _go_on_at_full_speed(self, _: None) -> None:
        if self.story is not None:
            self.story.released = True

    def _restart_as_asked(self, _: None) -> None:
        """Restart; if the run replays, from its beginning with all events so far."""
        group, note = self.group, ""
        if group is not None and self.running and any(group.left):
            now = self.experiment
            if not group.stopped and now.with_seed(group.spec.seed).specs == group.specs:
                self._as_begun()
            else:
                note = _WITHOUT
        self._begin_anew(note)

    def _begin_anew(self, note: str) -> None:
        self.note = note
        self.playing = self.playing or (self.group is not None and self.group.stopped)
        self._todo.clear()
        self._restart = True

    def _as_begun(self) -> None:
        """Start the next runs as these started, with the current seed and all events."""
        group = self.group
        if group is None or group.begun is None:
            return
        with self.lock:
            seed = self.experiment.base.seed
            self.experiment = group.begun.with_seed(seed).with_events(group.events() or ())

    def _resume(self, what: StoredSession | None) -> None:
        if what is None:
            self.note = _BEGINS_ANEW
        else:
            if self.group is not None and self.running:
                if self.group.specs == self.experiment.specs:
                    self._as_begun()
            self._stored, self._restart = what, True

    def _change(self, _: None) -> None:
        """Give the runs all live fields at once: applied one by one they may not go together."""
        group, specs = self.group, self.experiment.specs
        if group is None or self._restart or len(specs) != len(group.runs):
            return  # the runs that are starting have the new fields
        for run, spec in zip(group.runs, specs, strict=True):
            names = [n for n in LIVE if getattr(run.spec, n) != getattr(spec, n)]
            if names and not run.stopped:
                run.change(**{name: getattr(spec, name) for name in names})
        self._mark_new_events(adopt=False)

    def _mark_new_events(self, adopt: bool = True) -> None:
        """Mark the runs' new events; adopt: whether their changes become the requested Spec."""
        group = self.group
        assert group is not None
        events = group.new_events()
        if not events:
            return
        if adopt:
            self._adopt(events)
        changes.mark(self.history, events, len(group.runs))
        self._touched()
        self.backend.changed(group)
        self.feed.want_all()

    def _adopt(self, events: list[AppliedEvent]) -> None:
        """The runs have applied events: apply these changes to the requested experiment too."""
        last = {name: value for one in events for name, value in one.event.fields}
        if not last:
            return
        assert self.group is not None
        with self.lock:
            now = self.experiment
            specs = list(now.specs)
            # A shared field changes in all runs, although a diverged run applied no more events.
            shared = {n: v for n, v in last.items() if n not in now.fields}
            try:
                for one in events:
                    specs[one.run] = one.event.of(specs[one.run])
                self.experiment = now.with_specs([spec.replace(**shared) for spec in specs])
            except SpecError:  # the visitor's changes meanwhile do not go with it
                self.experiment = now.with_specs(self.group.specs)
        self.replayed.extend(last)

    def _tell_story(self, _: None) -> None:
        if self.group is None or not self.running or self.scene is None:
            return
        self.scene[0].update(query=self.query, story=self._words())
        self.feed.send(encode(*self.scene), curves=True)
        self.feed.frame_wanted = True

    def _words(self) -> dict[str, Any]:
        return {} if self.story is None else self.story.words()

    def _hello(self, subscriber: Subscriber) -> None:
        if self.group is not None and self.scene is not None:
            subscriber.put("scene", encode(*self.scene))
            subscriber.put("curves", messages.curves(self.run_number, self.history))
        self.feed.frame_wanted = self.feed.status_wanted = True

    def _say(self, text: str) -> None:
        self.note = text

    def _refuse(self, refused: dict[str, str]) -> None:
        self.refused = refused

    def _look(self, _: None) -> None:
        """Called when watching begins or ends: do not catch up on the time between."""
        self.throttle.due = time.perf_counter()

    def _make_figure(self, asked: tuple[Subscriber, FigureRequest]) -> None:
        subscriber, request = asked
        if not self.view.has_figures:
            raise SpecError("figure", request.request, "none: this view has no figure")
        self.feed.figure(subscriber, request)

    def _make_export(self, asked: tuple[Subscriber, str]) -> None:
        subscriber, kind = asked
        make = self._exporter(kind)
        self.feed.answer("export", subscriber, lambda: iter([make()]))

    def export(self, kind: str) -> bytes:
        """The runs as a file. Raises `SpecError` unless `kind` is in `export.KINDS`."""
        return self._exporter(kind)()

    def _exporter(self, kind: str) -> Callable[[], bytes]:
        """A function that makes the file from the current state of the runs."""
        runs = () if self.group is None else tuple(run.still() for run in self.group.runs)
        return partial(take_away.message, kind, self.experiment, runs, self.history.arrays())

    # -- on a worker: a new run ------------------------------------------------------------------

    def _start(self) -> None:
        # Read once: another thread may change it meanwhile, and then requests a restart.
        now, self._restart = self.experiment, False
        self.feed.painting.clear()  # failed jobs are no longer in progress
        before = None
        if self.group is not None:
            before = self.view.axes(), self.group.rows, self.history
        self.group, self._lost = RunGroup(now), 0
        with self.lock:
            if self.experiment.events:
                self.experiment = self.experiment.with_events(())
        self.history = History(self.view.series)
        self.scene = self.view.scene(self.run_number + 1)
        if self.story is not None:
            self.story.begin(self.run_number + 1, self.group.rows)
        what, self._stored = self._stored, None
        if what is not None:
            self._resume_from(what)
        elif before is not None:
            self._keep_ghost(*before)
        header, arrays = self.scene
        ghost = {f"ghost.{name}": array for name, array in self.history.ghost.items()}
        self.scene = header, arrays | ghost
        offers = [list(offer) for offer in OFFERS]
        header.update(query=self.query, story=self._words(), offers=offers)
        self.backend.begin(self.group)
        self.throttle.again()
        self.throttle.due = time.perf_counter()
        self.feed.begin()
        message = encode(*self.scene)
        with self.feed.sending:
            self.run_number += 1
            self.feed.send(message)

    def show_scene(self, scene: Message) -> None:
        """Show the same runs with another scene, which gets the next number; called by the view."""
        assert self.scene is not None
        (header, arrays), (old, drawn) = scene, self.scene
        ghost = {n: a for n, a in drawn.items() if n.startswith("ghost.")}
        kept = {n: old[n] for n in ("query", "story", "offers") if n in old}
        self.scene = header | kept, arrays | ghost
        self.feed.frame_wanted = True
        message = encode(*self.scene)
        with self.feed.sending:
            self.run_number = header["run"]
            self.feed.send(message, curves=True)

    def _resume_from(self, what: StoredSession) -> None:
        """Set new runs to the state of stored ones."""
        group = self.group
        assert group is not None
        if not what.restore_into(tuple(group.runs), self.history):
            self.note = _BEGINS_ANEW
            return
        self.playing, self.chosen = what.playing, what.speed
        group.moved(self.experiment)
        with self.lock:
            now = self.experiment
            pairs = list(zip(now.specs, group.specs, strict=True))
            names = [n for n in LIVE if any(getattr(a, n) != getattr(b, n) for a, b in pairs)]
            self.experiment = now.with_specs(group.specs)
        self.replayed.extend(names)
        self._touched()  # the claim was not checked from the beginning
        self.note = f"The run continues where it was, at iteration {group.iteration:,}."

    def _touched(self) -> None:
        if self.story is not None:
            self.story.touched()

    def _keep_ghost(self, axes: Any, rows: tuple[Spec, ...], last: History) -> None:
        """Draw the last runs' curves faintly behind the new ones', and mark the changes."""
        group = self.group
        assert group is not None
        if axes != self.view.axes():
            return
        again = rows == group.rows or len(last.rows) < _FEW
        self.history.ghost = last.ghost if again else last.arrays()
        for name in PARAMS:
            if getattr(rows[0], name) != getattr(group.spec, name):
                self.history.mark(0, *changes.in_words(name, rows[0], group.spec))

    # -- on a worker: training -------------------------------------------------------------------

    def calls(self, now: float) -> bool:
        """Whether it has work that need not wait for a turn: commands, or a frame that is due."""
        return bool(self._inbox) or (self.group is not None and self.feed.frame_due(now))

    def work(self, seconds: float) -> float | None:
        """Work for about `seconds`; returns when to come again (None: when woken).

        With 0 seconds it only executes commands and sends what is due, without training.
        """
        end, self._slice, slow = time.perf_counter() + seconds, seconds, self.slow
        while True:
            if self.failed:
                self.group = None  # frees memory for others
                return None
            if slow != self.slow:
                return 0.0  # it belongs to another pool now
            begun = time.perf_counter()
            self._take_commands()
            if self._restart:
                self._start()
            assert self.group is not None
            self.group.compute_apart(REMOTE if self.slow else None)
            now = time.perf_counter()
            wait = self._advance(now)
            now = time.perf_counter()
            self.feed.publish(now)
            if wait is None or wait > 0:
                return self.feed.wait(wait)
            # Nearest to its end: an overrun costs the session later turns.
            over = now + (now - begun) / 2 >= end
            if over and not (self._todo and now < end + _BY_HAND_SECONDS):
                return 0.0

    def _advance(self, now: float) -> float | None:
        """Make the updates that are due; returns seconds until the next, None if there is none."""
        group = self.group
        assert group is not None
        if group.stopped:
            self._todo.clear()
            return None
        if self.backend.serve(group):
            self.throttle.again()
            self.feed.status_wanted = True
        if self._todo:
            group.update(self._todo.popleft())
            if not self._todo:
                self.feed.want_all()
            self._after_update()
            return 0.0
        if not self.playing or not self.watched:
            return None
        story = self.story
        if story is not None and not self._seen:
            self.throttle.due = now  # the clock starts with the first drawn picture
            return _SEEN_SECONDS
        if story is not None:
            story.passed(self)  # check the start of the run
        speed = self.speed
        most = group.updates_until(None if story is None else story.left(group.iteration))
        if speed > 0:
            wait = self.throttle.due - now
            if wait > 0.0005:
                return wait
            if self._slice == 0:
                return 0.0
            behind = BEHIND if self.chosen is None else CATCH_UP_SECONDS
            seconds = min(self.view.call_seconds, self._slice)
            self.throttle.catch_up(group, group.updates_at(speed), seconds, now, most, behind)
        elif self._slice == 0:
            return 0.0
        else:
            self._advance_some(group, most)
        self.feed.frame_wanted = self.feed.curves_wanted = True
        self.feed.keep_moment()
        self._after_update()
        return 0.0

    @property
    def _seen(self) -> bool:
        """Whether a browser has drawn a picture."""
        return any(s.has_drawn for s in list(self.subscribers))

    def _advance_some(self, group: RunGroup, most: float) -> None:
        longest = min(self.view.call_seconds, self._slice)
        # Calls of equal length, the last of which ends when the next frame is due.
        wait = self.feed.next_frame() - time.perf_counter() if self.crowd == 1 else 0
        seconds = wait / math.ceil(wait / longest) if wait > 0 else longest
        most = min(most, self.feed.until_moment())
        _, took = self.throttle.advance(group, seconds, most)
        if group.program is not None:
            self.used += took * (min(len(group.rows), os.cpu_count() or 1) - 1)  # of other threads

    def _after_update(self) -> None:
        group = self.group
        assert group is not None
        if not group.no_new_events:
            self._mark_new_events()
        lost = sum(d is not None for d in group.diverged)
        if lost != self._lost:
            self._lost = lost
            self.feed.want_all()
        if self.story is not None:
            self.story.passed(self)
        if group.stopped:
            self.note = self.view.why_stopped()
            self.feed.want_all()
        self.view.advanced()


# The methods for each command: those of `commands.COMMANDS`, and those of sessions themselves.
_HANDLERS: dict[str, Callable[[Session, Any], None]] = {
    "play": Session._play,
    "pause": Session._pause,
    "d": lambda session, _: session._by_hand("D"),
    "g": lambda session, _: session._by_hand("G"),
    "step": Session._step,
    "restart": Session._restart_as_asked,
    "speed": Session._set_speed,
    "own_pace": lambda session, _: session._set_speed(None),
    "go_on": Session._go_on_at_full_speed,
    "follow": lambda session, value: session.view.follow(value),
    "figure": Session._make_figure,
    "export": Session._make_export,
    # of the session itself
    "begin": Session._begin_anew,
    "change": Session._change,
    "hello": Session._hello,
    "look": Session._look,
    "note": Session._say,
    "refuse": Session._refuse,
    "resume": Session._resume,
    "tell": Session._tell_story,
}


def _why_failed(error: Exception) -> str:
    """The message to the user about an unexpected error."""
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return "there is not enough memory for this run: lower the batch or the widths"
    return f"it failed ({type(error).__name__}); the server's log has the details"
