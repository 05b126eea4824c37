"""What every session does with its run: commands in, work in slices."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ganlab import export
from ganlab.engine import Run
from ganlab.engine.structure import Structure
from ganlab.engine.turns import START, Turns, iterations_at
from ganlab.events import LIVE, Event, check, write
from ganlab.live import messages, parked
from ganlab.live.backend import Backend
from ganlab.live.backlog import Backlog
from ganlab.live.budget import Demand, afford, afford_events
from ganlab.live.history import History
from ganlab.live.publisher import Paint, Publisher
from ganlab.live.story import BEHIND, OFFERS, Story, differences
from ganlab.live.subscriber import Subscriber
from ganlab.live.throttle import CATCH_UP_SECONDS, Throttle
from ganlab.live.wire import encode
from ganlab.params import in_words
from ganlab.registry import SpecError
from ganlab.spec import KNOBS, PARAMS, Spec

_ANSWERS = {"play", "d", "g", "step", "speed", "change"}
_MOST_TODO = 200  # updates by hand that may be waiting
_BEGINS_ANEW = "The server was restarted or has dropped this run: it starts again at iteration 0."
_BY_HAND_SECONDS = 0.01  # of them beyond a turn
_SEEN_SECONDS = 0.03  # until one looks again whether a picture has been seen
MOST_TEXT = 600  # characters of events that an address holds: with its Spec less than 1.5 kB
_FEW = 5  # measurements: a run with fewer leaves the ghost of the one before


class Conductor(Publisher):
    """Owned by the scheduler; `work` runs on one worker at a time, everything else from anywhere.

    A subclass says what is run (`_make`) and what is shown of it (see `Publisher`).
    """

    # Of updates at full speed in one call. Between two calls the interpreter's lock must be had,
    # which pictures hold often: shorter calls wait for it more than they work.
    call_seconds = 0.012

    def __init__(
        self,
        token: str,
        spec: Spec,
        wake: Callable[[Any], None],
        paint: Paint = lambda session, kind, job: job(),
    ):
        super().__init__(paint)
        self.token, self.spec = token, spec
        self.lock = threading.Lock()
        self.unwatched_since: float | None = time.monotonic()
        self.scheduled = False  # the scheduler's: queued or being worked on
        self.again = False  # the scheduler's: woken while being worked on
        self.used = 0.0  # the scheduler's: CPU seconds of training, for fair turns
        self.served = (0.0, 0.0)  # the scheduler's: CPU seconds of service lately, and as of when
        self.due = math.inf  # the scheduler's: when it is to be looked at unasked
        self.pool: Any = None  # the scheduler's: where it waited last
        self.failed = ""  # why it cannot go on until it is changed, if so
        self._wake = wake
        self._inbox: deque[tuple[str, Any]] = deque()
        self._todo: deque[str] = deque()
        self._restart = True
        self.playing, self.note = True, ""
        self.chosen: float | None = None  # speed that the visitor wants, as `speed`
        self.story: Story | None = None  # what is shown on cue, and how fast
        self.refused: dict[str, str] = {}  # the knob that was turned in vain last, and why
        self.run = None
        self.after = ""  # the token of the session that this one goes on from
        self._parked: parked.Parked | None = None  # what the run that starts next goes on from
        self._coming: tuple[Event, ...] = ()  # events of the run that starts next
        self.replayed: list[str] = []  # fields that the run has changed by itself, in their order
        self._told_events = 0  # of the run's events, how many the page and the curves know
        self.backend = Backend()
        self.throttle = Throttle(self.backend.timed)
        self._slice = math.inf  # seconds of the turn that is being had
        self.slow = False  # whether its updates take so long that it is trained apart
        self.demand: Demand | None = None  # what it asks of the server; None: little
        self._weigh(self.afford(self.spec))

    def afford(self, spec: Spec) -> Demand | None:
        """What it asks of the server with `spec`; raises `SpecError` if that is too much."""
        return afford([spec])

    def replay(self, text: str) -> None:
        """Have the run that starts next be changed on its way by the events of a text.

        Raises `SpecError` if they are not allowed, or ask too much of the server.
        """
        events = check(text, [self.spec])
        if not events:
            return
        self._weigh(afford_events(self.spec, events, getattr(self, "runs", 1)))
        self._coming = events

    @property
    def begun(self) -> tuple[Spec, str]:
        """The Spec that the run began with and its events as text: it replays from these.

        Where the events are too many for an address, the Spec of now and none.
        """
        run, coming = self.run, self._coming
        if coming:
            return self.spec, write(coming)
        if isinstance(run, Run) and not self._restart and run.events:
            text = write(run.events)
            if run.spec == self.spec and len(text) <= MOST_TEXT:
                return run.start[0], text
        return self.spec, ""

    def _weigh(self, demand: Demand | None) -> None:
        """What is begun next asks for this."""
        self.demand, self.slow = demand, demand is not None and demand.slow
        self.failed = ""

    def _make(self, spec: Spec) -> tuple[dict, dict]:
        """Make `run` and `history` afresh; the scene's header and arrays."""
        raise NotImplementedError

    # -- from any thread ---------------------------------------------------------------------

    def command(self, name: str, value: Any = None) -> None:
        """Queue a command for the worker, which takes it between two updates."""
        self._inbox.append((name, value))
        self._wake(self)

    def set(self, field: str, value: Any) -> None:
        """Change one field, by restarting if it is a knob that is not live; raises `SpecError`."""
        if field not in LIVE and field not in KNOBS:
            raise SpecError(field, value, f"only {', '.join(LIVE)} can change during a run")
        value = PARAMS[field].check(value)
        self._become(lambda spec: spec.replace(**{field: value}))

    def configure(self, spec: Spec) -> None:
        """Make `spec` the run's: in place if only live fields differ, else by restarting.

        Raises `SpecError` if that asks too much of the server.
        """
        self._become(lambda _: spec)

    def _become(self, make: Callable[[Spec], Spec]) -> None:
        with self.lock:
            before = self.spec
            spec = make(before)
            if spec == before:
                return
            names = [
                n for n in (*PARAMS, "target_params") if getattr(before, n) != getattr(spec, n)
            ]
            coming = self._still_coming() if all(n in LIVE for n in names) else ()
            if coming:  # what it asks for, and whether it is allowed, with what is to come
                demand = afford_events(spec, coming, getattr(self, "runs", 1))
            else:
                demand = self.afford(spec)
            self.spec = spec
        if not names:
            return
        self._weigh(demand)
        if all(n in LIVE for n in names):
            self.command("change")
        else:
            titles = [PARAMS[n].title if n in PARAMS else "p_data" for n in names if n not in LIVE]
            self.command("restart", f"Restarted: {', '.join(titles)} changed.")

    def _still_coming(self) -> tuple[Event, ...]:
        """Events that the run, or the one that starts next, has still to come to."""
        run = self.run
        if isinstance(run, Run) and not self._restart:
            return run.events[len(run.past) :]
        return self._coming

    def refuse(self, field: str, error: SpecError) -> None:
        """Say beside the knob `field` why it could not be turned."""
        self.command("refuse", {"field": field, "why": in_words(error)})

    @property
    def backlog(self) -> int:
        """Commands not yet taken by a worker."""
        return len(self._inbox)

    def new_seed(self, step: int = 1) -> None:
        """Restart with the seed `step` further on."""
        with self.lock:
            seeds = int(PARAMS["seed"].high) + 1
            self.spec = self.spec.replace(seed=(self.spec.seed + step) % seeds)
        self.command("restart")

    def tell(self, story: Story | None) -> None:
        """Show `story` from here on: a run that has begun goes on, outside of its claim."""
        self.story = story
        self.command("tell")

    @property
    def speed(self) -> float:
        """Updates a second (0: full speed): what the visitor wants, else the story's."""
        if self.chosen is not None:
            return self.chosen
        if self.story is None or self.run is None:
            return 0.0
        return self.story.rate(self.run.iteration) * self._unit

    @property
    def _unit(self) -> int:
        """What a speed counts of an iteration: its updates."""
        return self.run.turns.each

    @property
    def query(self) -> str:
        """What the page's address holds."""
        return self._own_query() + self._query_of_story()

    def _own_query(self) -> str:
        spec, events = self.begun
        return spec.to_query() + (f"&events={events}" if events else "")

    def _query_of_story(self) -> str:
        return f"&preset={self.story.name}" if self.story is not None and self.story.name else ""

    @property
    def state(self) -> str:
        """playing, paused, diverged or waiting (nobody watches)."""
        if self.run is not None and self.run.stopped:
            return "diverged"
        if not self.playing:
            return "paused"
        return "playing" if self.watched else "waiting"

    @property
    def _runs(self) -> tuple[Run, ...]:
        return (self.run,) if self.run is not None else ()

    def park(self) -> None:
        """Keep on disk what `take_up` goes on from."""
        if self._runs and self.run.iteration > 0:
            parked.park(self.token, self._runs, self.history, self.playing, self.chosen)

    def take_up(self, token: str) -> None:
        """Go on where the session of that token was, which the server has no longer; or say so."""
        self.after = token
        self.command("take_up", parked.fetch(token))

    def close(self) -> None:
        """Nobody will ask for anything any more."""
        self.backend.close()

    def fail(self, error: Exception) -> None:
        """Stop until it is changed or restarted, and tell those who watch why."""
        self.failed, self._restart = _why_failed(error), True
        for subscriber in list(self.subscribers):
            subscriber.close(self.failed)

    def export(self, kind: str) -> bytes:
        """The run as text to take away; raises `SpecError` unless `kind` is of `export.KINDS`."""
        if kind not in export.KINDS:
            raise SpecError("export", kind, f"one of {', '.join(export.KINDS)}")
        with self.lock:
            specs = [spec for run in self._runs for spec in run.specs] or [self.spec]
            made, history = max((run.iteration for run in self._runs), default=0), self.history
            begun = [(spec, write(r.past)) for r in self._runs for spec in r.start]
        begun = begun or [(spec, "") for spec in specs]
        text = {
            "python": lambda: export.python(
                [spec for spec, _ in begun], made, [events for _, events in begun]
            ),
            "json": lambda: export.as_json(specs),
            "csv": lambda: export.curves(history.arrays()),
        }[kind]()
        header = {"type": "export", "what": kind, "name": export.name(specs, kind), "text": text}
        return encode(header)

    def figure(self, request: dict[str, Any]) -> bytes:
        """The still pictures that `request` asks for; raises `SpecError` where there are none."""
        raise SpecError("figure", request.get("request"), "none of this view")

    # -- on a worker -------------------------------------------------------------------------

    def calls(self, now: float) -> bool:
        """Whether there is what need not wait for a turn: commands, or a frame that is due."""
        return bool(self._inbox) or (self.run is not None and self._frame_due(now))

    def work(self, seconds: float) -> float | None:
        """Work for about `seconds`; returns when to come again (None: when woken).

        In 0 seconds all is done that is asked for, and nothing else is trained.
        """
        end, self._slice, slow = time.perf_counter() + seconds, seconds, self.slow
        while True:
            if self.failed:
                self.run = None  # whose memory others may need
                return None
            if slow != self.slow:
                return 0.0  # it belongs to other workers now
            begun = time.perf_counter()
            self._take_commands()
            if self._restart:
                self._start()
            now = time.perf_counter()
            wait = self._advance(now)
            now = time.perf_counter()
            self._publish(now)
            if wait is None or wait > 0:
                return self._pause_for(wait)
            # Nearest to its end: who overran it would have fewer turns, and be seen as rarely.
            over = now + (now - begun) / 2 >= end
            if over and not (self._todo and now < end + _BY_HAND_SECONDS):
                return 0.0

    def _pause_for(self, wait: float | None) -> float | None:
        # A frame that waits for credit is woken by the acknowledgement instead.
        if self._frame_wanted and any(s.ready_for_frame for s in list(self.subscribers)):
            wait = min(self.frame_seconds, wait if wait is not None else self.frame_seconds)
        if self._backlog and self.watched and "curves" not in self._painting:
            due = max(0.001, self._next_curves() - time.perf_counter())
            wait = min(due, wait if wait is not None else due)
        if self._measure_wanted and not self.playing and self.watched:
            if "curves" not in self._painting:  # else it is woken afterwards
                due = max(0.001, self._next_at_rest - time.perf_counter())
                wait = min(due, wait if wait is not None else due)
        return wait

    def _take_commands(self) -> None:
        # Those that come meanwhile wait: a flood of them must not hold the worker.
        for _ in range(len(self._inbox)):
            name, value = self._inbox.popleft()
            try:
                getattr(self, f"_do_{name}")(value)
                if name in _ANSWERS and not (self.run is not None and self.run.stopped):
                    self.note = ""  # what was wrong before is answered by what is right now
                if name in ("change", "restart"):
                    self.refused = {}
            except SpecError as error:
                self.note = str(error)
            self._status_wanted = True

    def _do_play(self, _: Any) -> None:
        self.playing, self.throttle.due = True, time.perf_counter()
        self._todo.clear()
        if self.run is not None:
            self._rate_from = (time.perf_counter(), self.run.iteration)

    def _do_pause(self, _: Any) -> None:
        self.playing = False
        self._frame_wanted = self._measure_wanted = True

    def _do_d(self, _: Any) -> None:
        self._by_hand("D")

    def _do_g(self, _: Any) -> None:
        self._by_hand("G")

    def _do_step(self, _: Any) -> None:
        turns, state = Turns.of(self.spec), START
        if self.run is not None and not self._restart:
            state = self.run.state
        state = turns.after(state, "".join(self._todo).encode())
        self._by_hand(*turns.left(state).decode())

    def _by_hand(self, *players: str) -> None:
        self._do_pause(None)
        if len(self._todo) < _MOST_TODO:
            self._todo.extend(players)

    def _do_own_pace(self, _: Any) -> None:
        """As fast as what is shown wants to be."""
        self._do_speed(None)

    def _do_speed(self, value: float | None) -> None:
        self.chosen, self.throttle.due = value, time.perf_counter()

    def _do_go_on(self, _: Any) -> None:
        """At full speed, in this run, if the visitor has chosen no other."""
        if self.story is not None:
            self.story.released = True

    def _do_restart(self, note: str | None) -> None:
        self.note = note or ""
        self.playing = self.playing or (self.run is not None and self.run.stopped)
        self._todo.clear()
        self._restart = True

    def _do_take_up(self, what: parked.Parked | None) -> None:
        if what is None:
            self.note = _BEGINS_ANEW
        else:
            if self.run is not None and not self._restart:
                self._as_begun()
            self._parked, self._restart = what, True

    def _as_begun(self) -> None:
        """Have the run that starts next begin as this one did, whatever happened to it since."""
        if self.run.spec == self.spec:
            self._coming = self.run.events
            with self.lock:
                self.spec = self.run.start[0]

    def _do_change(self, _: Any) -> None:
        """Give the run all live fields in which it differs: one by one they may contradict."""
        if self.run is None or self._restart or self.run.stopped:
            return  # the run that starts now, or next, has it
        old, new, structure = self.run.spec, self.spec, self.run.game.rules.structure
        names = [n for n in LIVE if getattr(old, n) != getattr(new, n)]
        if not names:
            return
        self.run.change(**{name: getattr(new, name) for name in names})
        self._tell_changes(structure)

    def _tell_changes(self, structure: Structure) -> None:
        """Mark what has changed in the run since the curves were told, which had `structure`."""
        run, known = self.run, self._told_events
        self._told_events = len(run.past)
        spec, at = run.start[0], iterations_at(run.start[0], run.past)
        for i, event in enumerate(run.past):
            old, spec = spec, event.of(spec)
            if event.player and i >= known:
                self.history.mark_update(at[i], event.player)
            for name, _ in event.fields if i >= known else ():
                if getattr(old, name) != getattr(spec, name):
                    self.history.mark(at[i], *_change(name, old, spec))
        self._touched()
        if run.game.rules.structure != structure:
            self.backend.begin(run)
        self._measure_wanted = self._frame_wanted = self._status_wanted = True

    def _replayed(self, structure: Structure) -> None:
        """The run has made changes that were to come: they are the page's, too."""
        fields: dict[str, Any] = {}
        for event in self.run.past[self._told_events :]:
            fields |= dict(event.fields)
        if fields:
            with self.lock:
                try:
                    self.spec = self.spec.replace(**fields)
                except SpecError:  # what was turned meanwhile does not go with it
                    self.spec = self.run.spec
            self.replayed = [*self.replayed, *fields]
        self._tell_changes(structure)

    def _do_tell(self, _: Any) -> None:
        if self.run is not None and not self._restart:
            header, arrays = self._shown_scene()
            header.update(query=self.query, story=self._words())
            message = encode(header, arrays)
            for subscriber in list(self.subscribers):
                subscriber.put("scene", message)
                subscriber.put("curves", messages.curves(self.run_number, self.history))
            self._frame_wanted = True

    def _words(self) -> dict[str, Any]:
        return {} if self.story is None else self.story.words()

    def _do_hello(self, subscriber: Subscriber) -> None:
        if self.run is not None and self._scene is not None:
            subscriber.put("scene", encode(*self._scene))
            subscriber.put("curves", messages.curves(self.run_number, self.history))
        self._frame_wanted = self._status_wanted = True

    def _do_follow(self, _: Any) -> None:
        raise SpecError("cmd", "follow", "a view whose axes can follow G")

    def _do_note(self, text: str) -> None:
        self.note = text

    def _do_refuse(self, refused: dict[str, str]) -> None:
        self.refused = refused

    def _do_look(self, _: Any) -> None:
        """Watching began or ended: what was not seen is not made up for."""
        self.throttle.due = time.perf_counter()

    def _start(self) -> None:
        # Read once: another thread may change it meanwhile, and then asks for a restart.
        spec, self._restart, self._told_events = self.spec, False, 0
        try:
            check(self._coming, [spec])
        except SpecError as error:  # what was turned meanwhile does not go with what is to come
            self._coming, self.note = (), f"Without the changes on the way: {error}"
        self._painting.clear()  # what failed at it is no longer at it
        old = None if self.run is None else (self._axes(), self.run.specs, self.history)
        self._scene = self._make(spec)
        if self.story is not None:
            self.story.begin(self.run_number + 1, self.run.specs)
        self._coming = ()
        what, self._parked = self._parked, None
        if what is not None:
            self._go_on(what)
        elif old is not None:
            self._keep_ghost(*old)
        self._show_ghost()
        offers = [list(offer) for offer in OFFERS]
        self._shown_scene()[0].update(query=self.query, story=self._words(), offers=offers)
        self.backend.begin(self.run)
        self._measured, self._backlog, self._curves_made = {}, Backlog(), 0
        self.throttle.again()
        self._rate_from = (time.perf_counter(), self.run.iteration)
        self.throttle.due = time.perf_counter()
        self._frame_wanted = self._measure_wanted = self._status_wanted = True
        message = encode(*self._shown_scene())
        with self._sending:
            self.run_number += 1
            for subscriber in list(self.subscribers):
                subscriber.put("scene", message)

    def _go_on(self, what: parked.Parked) -> None:
        """Set the run that has just been made where one was that the server had lost."""
        if what.put_into(self._runs, self.history):
            self.playing, self.chosen = what.playing, what.speed
            self._follow_run()
            self._touched()  # what was claimed of it was not looked at from its beginning
            self.note = f"The run goes on where it was, at iteration {self.run.iteration:,}."
        else:
            self.note = _BEGINS_ANEW

    def _follow_run(self) -> None:
        """The run is where another was: what was changed on the way there is the page's, too."""
        run = self.run
        self._told_events = len(run.past)
        with self.lock:
            names = [n for n in LIVE if getattr(self.spec, n) != getattr(run.spec, n)]
            self.spec = run.spec
        self.replayed = [*self.replayed, *names]

    def _told(self) -> dict[str, Any]:
        story, specs = self.story, self.shown_specs()
        told = {} if story is None else story.status(specs)
        return {
            "story": told,
            "chosen": self.chosen is not None,
            "replayed": len(self.replayed),
            "differs": list(differences(specs[0], self._differing())),
        }

    def shown_specs(self) -> tuple[Spec, ...]:
        """What is asked for, a Spec for each run that has its own."""
        return (self.spec,)

    def _differing(self) -> tuple[str, ...]:
        """Fields of which runs side by side have each their own value."""
        return ()

    def _touched(self) -> None:
        if self.story is not None:
            self.story.touched()

    def _axes(self) -> Any:
        """What two runs' curves must have in common to be seen on the same axes."""
        spec = self.run.specs[0]
        return spec.target, spec.target_params

    def _keep_ghost(self, axes: Any, specs: tuple[Spec, ...], last: History) -> None:
        """Show the last run's curves faintly behind the new one's, and mark what has changed."""
        if axes != self._axes():
            return
        old, new = specs[0], self.run.specs[0]
        again = specs == self.run.specs or len(last.rows) < _FEW
        self.history.ghost = last.ghost if again else last.arrays()
        for name in PARAMS:
            if getattr(old, name) != getattr(new, name):
                self.history.mark(0, *_change(name, old, new))

    def _show_ghost(self) -> None:
        header, arrays = self._shown_scene()
        ghost = {f"ghost.{name}": array for name, array in self.history.ghost.items()}
        self._scene = header, arrays | ghost

    def _advance(self, now: float) -> float | None:
        """Updates if it is time for some; how long until the next (None: no next)."""
        assert self.run is not None
        run = self.run
        if run.stopped:
            self._todo.clear()
            return None
        if self.backend.serve(run):
            self.throttle.again()
            self._status_wanted = True
        if self._todo:
            player = self._todo.popleft()
            if player in ("D", "G") and player != run.next_player:
                self._touched()
            structure = run.game.rules.structure if isinstance(run, Run) else None
            run.update(player)
            self._heed(structure)
            if not self._todo:
                self._frame_wanted = self._measure_wanted = self._status_wanted = True
            self._after_update()
            return 0.0
        if not self.playing or not self.watched:
            return None
        story = self.story
        if story is not None and not self._seen:
            self.throttle.due = now  # time begins when the first picture is there
            return _SEEN_SECONDS
        if story is not None:
            story.passed(self)  # what it began with
        structure = run.game.rules.structure if isinstance(run, Run) else None
        speed, most = self.speed, self._room()
        if speed > 0:
            wait = self.throttle.due - now
            if wait > 0.0005:
                return wait
            if self._slice == 0:
                return 0.0
            behind = BEHIND if self.chosen is None else CATCH_UP_SECONDS
            seconds = min(self.call_seconds, self._slice)
            self.throttle.catch_up(run, self._updates(speed), seconds, now, most, behind)
        elif self._slice == 0:
            return 0.0
        else:
            self._advance_some(run, most)
        self._frame_wanted = self._measure_wanted = True
        self._heed(structure)
        self._keep_moment()
        self._after_update()
        return 0.0

    def _heed(self, structure: Structure | None) -> None:
        """Tell of what has happened in the run by itself, which had `structure`."""
        if structure is not None and len(self.run.past) > self._told_events:
            self._replayed(structure)

    @property
    def _seen(self) -> bool:
        """Whether some browser has drawn a picture."""
        return any(s.has_drawn for s in list(self.subscribers))

    def _updates(self, speed: float) -> float:
        """Updates a second, of a speed."""
        return speed

    def _room(self) -> float:
        """Updates that may be made until the story must look."""
        left = None if self.story is None else self.story.left(self.run.iteration)
        if left is None:
            return math.inf
        return max(1, left * (self.run.spec.k + 1) - self.run.state.phase)

    def _advance_some(self, run: Run, most: float) -> None:
        longest = min(self.call_seconds, self._slice)
        # Calls of equal length that end when the next frame is due.
        wait = self._next_frame() - time.perf_counter() if self.crowd == 1 else 0
        seconds = wait / math.ceil(wait / longest) if wait > 0 else longest
        most = min(most, self._until_moment(run))
        _, took = self.throttle.advance(run, seconds, most)
        if run.program is not None:
            self.used += took * (min(len(run.specs), os.cpu_count() or 1) - 1)  # on other threads

    def _until_moment(self, run: Run) -> float:
        """Updates until a moment of the run is wanted for its curves."""
        # Not of a compiled one: its calls are as short as they may be, see `call_seconds`.
        until = self._backlog.until(run.iteration) if self._keeps and not run.program else 0
        return until * Turns.of(run.spec).each or math.inf

    def _after_update(self) -> None:
        assert self.run is not None
        if self.story is not None:
            self.story.passed(self)
        if self.run.stopped:
            self.note = self._why_stopped(self.run)
            self._status_wanted = self._frame_wanted = self._measure_wanted = True

    def _why_stopped(self, run: Any) -> str:
        return str(run.diverged[0])


def _change(name: str, old: Spec, new: Spec) -> tuple[str, str, str]:
    """A field's title, and its values before and after, in words."""
    words = PARAMS[name].words
    return PARAMS[name].title, words(getattr(old, name)), words(getattr(new, name))


def _why_failed(error: Exception) -> str:
    """What a person is told of an error that nobody foresaw."""
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return "there is not enough memory for this run: lower the minibatch or the widths"
    return f"it failed ({type(error).__name__}), which the server's log explains"
