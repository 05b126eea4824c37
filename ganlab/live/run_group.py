"""The Runs of a session: one for each Spec of an experiment, with their events."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ganlab.engine import Run, State
from ganlab.engine.divergence import Divergence
from ganlab.engine.executor import Elsewhere
from ganlab.engine.structure import Structure
from ganlab.engine.threads import on_all_cores
from ganlab.engine.turns import Clock, Turns
from ganlab.events import Event, Text
from ganlab.experiment import Experiment
from ganlab.live import cpu_time
from ganlab.live.backend import Backend
from ganlab.registry import SpecError
from ganlab.spec import Spec

_RANK = ("failed", "waiting", "compiling", "eager", "compiled")


class AppliedEvent(NamedTuple):
    """An event that has happened: after which iteration, to which run, and the Specs around it."""

    iteration: int
    run: int
    event: Event
    before: Spec
    after: Spec


class _EventLog:
    """The events of one Run as text and by iteration."""

    def __init__(self, run: Run):
        self.run, self.clock, self.text, self.known = run, Clock(run.start[0]), Text(), 0

    def take_new(self, number: int) -> list[AppliedEvent]:
        """Events since the last call."""
        out = []
        for event in self.run.timeline.past_from(self.known):
            before = self.clock.spec
            iteration = self.clock.passes(event)
            self.text.add(event)
            out.append(AppliedEvent(iteration, number, event, before, self.clock.spec))
        self.known += len(out)
        return out


def applied(runs: Sequence[Run]) -> list[AppliedEvent]:
    """All events that have happened to these runs, in the order of iterations."""
    events = [one for i, run in enumerate(runs) for one in _EventLog(run).take_new(i)]
    return sorted(events, key=lambda one: one.iteration)


class RunGroup:
    """The Runs of an experiment, advanced together; one Run, or several in lockstep.

    One Run moves by single updates. Several move by whole iterations; one that diverges stops, and
    the others continue. Each is what it would be alone.
    """

    def __init__(self, experiment: Experiment):
        events = experiment.events or ((),) * len(experiment.specs)
        self.runs = [Run(experiment.rows(i), events=happens) for i, happens in enumerate(events)]
        self.begun: Experiment | None = experiment.with_events(())
        self.fields = experiment.fields
        self._logs = [_EventLog(run) for run in self.runs]
        self._log_lock = threading.Lock()  # pages read what the worker writes
        self.seconds = [0.0] * len(self.runs)  # of the last advance, by run
        self.made = [0] * len(self.runs)

    @property
    def alone(self) -> bool:
        """Whether there is a single Run."""
        return len(self.runs) == 1

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The current Spec of each Run's first seed."""
        return tuple(run.spec for run in self.runs)

    @property
    def rows(self) -> tuple[Spec, ...]:
        """The Specs of all seeds of all Runs."""
        return tuple(spec for run in self.runs for spec in run.specs)

    @property
    def spec(self) -> Spec:
        """The Spec of the first run."""
        return self.runs[0].spec

    @property
    def compiled(self) -> bool:
        """Whether every Run has a compiled program."""
        return all(run.compiled for run in self.runs)

    @property
    def diverged(self) -> list[Divergence | None]:
        """For each seed of each Run, where it diverged, or None."""
        return [one for run in self.runs for one in run.diverged]

    @property
    def stopped(self) -> bool:
        """Whether every run has diverged."""
        return all(run.stopped for run in self.runs)

    @property
    def farthest(self) -> Run:
        """The first of the runs that have made the most iterations."""
        return self.runs[0] if self.alone else max(self.runs, key=lambda run: run.iteration)

    @property
    def iteration(self) -> int:
        """Iterations made by all runs that have not diverged."""
        return self.farthest.iteration

    @property
    def turns(self) -> Turns:
        """The Turns of the run that is farthest."""
        return self.farthest.turns

    @property
    def state(self) -> State:
        """The State of the run that is farthest."""
        return self.farthest.state

    # -- training --------------------------------------------------------------------------------

    @property
    def unit(self) -> int:
        """What a speed counts per iteration: its updates, or 1 for several runs."""
        return self.turns.each if self.alone else 1

    def updates_at(self, speed: float) -> float:
        """Updates per second at a speed."""
        return speed if self.alone else speed * self.turns.each

    def updates_until(self, iterations: int | None) -> float:
        """Updates to the end of an iteration that many further on; None for no limit."""
        if iterations is None:
            return math.inf
        turns = self.turns
        if not self.alone:
            return max(1, iterations) * turns.each
        return max(1, len(turns.left(self.state)) + (iterations - 1) * turns.each)

    def update(self, players: Sequence[str], most: int = 1) -> int:
        """Make the first of some updates, up to `most` in one call; returns how many were made.

        Those after the first are made in the same call only if they are in turn, and none once an
        event is due. Of several runs, each of `players` stands for one iteration.
        """
        if not self.alone:
            self.advance(1)
            return 1
        run = self.runs[0]
        asked = "".join(players[:most]).encode()
        next_ones = run.turns.players(run.state, len(asked))
        in_turn = [a == b for a, b in zip(asked, next_ones, strict=True)]
        count = in_turn.index(False) if False in in_turn else len(in_turn)
        count = run.timeline.until_next(run.updates, count)
        if count > 1:
            return run.make(count)
        run.update("G" if players[0] == "G" else "D")
        return 1

    def make(self, updates: int) -> int:
        """Make `updates`, or that many whole iterations of several runs; returns how many."""
        if self.alone:
            return self.runs[0].make(updates)
        each = self.turns.each
        return self.advance(max(1, updates // each)) * each

    def advance(self, iterations: int = 1) -> int:
        """Make `iterations` of every run; returns the largest number made.

        Compiled runs advance on all cores. The CPU time of other threads is charged to this one.
        """

        def one(i: int) -> tuple[int, float, float]:
            run, started, used = self.runs[i], time.perf_counter(), cpu_time.seconds()
            updates = cpu_time.updates_elsewhere()
            self.made[i] = run.advance(iterations) if not run.stopped else 0
            self.seconds[i] = time.perf_counter() - started
            used, updates = cpu_time.seconds() - used, cpu_time.updates_elsewhere() - updates
            return threading.get_ident(), used, updates

        if self.compiled:
            here, work = threading.get_ident(), on_all_cores(one, len(self.runs))
            others = [(used, updates) for thread, used, updates in work if thread != here]
            cpu_time.charge(sum(used for used, _ in others), sum(updates for _, updates in others))
        else:  # eager updates need the interpreter lock: threads would only exchange it
            for i in range(len(self.runs)):
                one(i)
        return max(self.made)

    @property
    def elsewhere(self) -> bool:
        """Whether the updates are computed elsewhere."""
        return any(run.elsewhere is not None for run in self.runs)

    def compute_by(self, elsewhere: Elsewhere | None) -> None:
        """Compute the updates elsewhere; None: in the calling thread."""
        for run in self.runs:
            run.elsewhere = elsewhere

    # -- events ----------------------------------------------------------------------------------

    @property
    def happened(self) -> tuple[int, ...]:
        """For each run, how many events have happened."""
        return tuple(run.timeline.happened for run in self.runs)

    @property
    def no_new_events(self) -> bool:
        """Whether `new_events` has returned all events that have happened."""
        return all(log.known == log.run.timeline.happened for log in self._logs)

    def new_events(self) -> list[AppliedEvent]:
        """Events since the last call, in the order of iterations."""
        with self._log_lock:
            events = [one for i, log in enumerate(self._logs) for one in log.take_new(i)]
        return events if self.alone else sorted(events, key=lambda one: one.iteration)

    @property
    def left(self) -> tuple[int, ...]:
        """For each run, how many events are still to come."""
        return tuple(run.timeline.left for run in self.runs)

    @property
    def coming(self) -> tuple[tuple[Event, ...], ...]:
        """For each run, the events still to come."""
        return tuple(run.timeline.coming for run in self.runs)

    @property
    def course(self) -> tuple[object, ...]:
        """What decides each run: the Specs of its seeds at its start, and all of its events."""
        return tuple(
            (run.start, *run.timeline.past_from(0), *run.timeline.coming) for run in self.runs
        )

    def events(self, most: float = math.inf) -> tuple[str, ...] | None:
        """All events of each run as text; None if one is longer than `most` characters."""
        if sum(log.text.length for log in self._logs) > most:
            return None
        with self._log_lock:
            texts = [self._text(log) for log in self._logs]
        return tuple(map(str, texts)) if sum(t.length for t in texts) <= most else None

    @staticmethod
    def _text(log: _EventLog) -> Text:
        text = log.text.copy()
        for event in (*log.run.timeline.past_from(log.known), *log.run.timeline.coming):
            text.add(event)
        return text

    def moved(self, experiment: Experiment) -> None:
        """Tell that the runs were set to the state of others: past events are not new."""
        self._logs = [_EventLog(run) for run in self.runs]
        self.new_events()
        try:
            self.begun = experiment.with_specs([run.start[0] for run in self.runs])
        except SpecError:  # they started with other fields that differed
            self.begun = None


class Backends:
    """A Backend for each of the runs of a group, with the interface of one."""

    def __init__(self) -> None:
        self.each: list[Backend] = []
        self._kinds: list[tuple[Structure, bool]] = []
        self._closed = False

    def begin(self, group: RunGroup) -> None:
        """Request the programs of new runs."""
        if self._closed:
            return
        count = len(group.runs)
        self.each += [Backend() for _ in range(count - len(self.each))]
        for backend, run in zip(self.each, group.runs, strict=False):
            backend.begin(run)
        for backend in self.each[count:]:  # after the requests, which may be for the same programs
            backend.close()
        del self.each[count:]
        self._kinds = _kinds(group.runs)

    def changed(self, group: RunGroup) -> None:
        """Request new programs for runs whose changes need them."""
        now = _kinds(group.runs)
        pairs = zip(self.each, group.runs, self._kinds, now, strict=False)
        for backend, run, old, new in pairs:
            if old != new:
                backend.begin(run)
        self._kinds = now

    def serve(self, group: RunGroup) -> bool:
        """Whether a program became ready for one of them, and is used from here on."""
        pairs = zip(self.each, group.runs, strict=False)
        return any([backend.serve(run) for backend, run in pairs])

    def timed(self, group: RunGroup, iterations: float, seconds: float) -> None:
        """Record that an advance by `iterations`, or a fraction of one, took `seconds`."""
        if group.alone:
            self.each[0].timed(group.runs[0], iterations, seconds)
            return
        for i, backend in enumerate(self.each):
            if group.made[i]:
                backend.timed(group.runs[i], group.made[i], group.seconds[i])

    def compiled_seconds(self, group: RunGroup) -> float | None:
        """Seconds of an update of all runs with their programs; None if one has not been timed."""
        pairs = zip(self.each, group.runs, strict=False)
        times = [backend.compiled_seconds(run) for backend, run in pairs]
        known = [one for one in times if one is not None]
        return sum(known) / group.turns.each if known and len(known) == len(times) else None

    def status(self, group: RunGroup) -> dict[str, Any]:
        """The status of the run whose program is least advanced."""
        all_ = [backend.status(run) for backend, run in zip(self.each, group.runs, strict=False)]
        if not all_:
            return {"state": "eager"}
        least = min(all_, key=lambda status: _RANK.index(status["state"]))
        left = [status["left"] for status in all_ if status.get("left") is not None]
        return least | {"left": max(left)} if left else least

    def close(self) -> None:
        """Cancel all requests."""
        self._closed = True
        for backend in self.each:
            backend.close()


def _kinds(runs: Iterable[Run]) -> list[tuple[Structure, bool]]:
    """What decides which program a run can use, and whether it can use any."""
    return [(run.game.rules.structure, run.game.to_optimum) for run in runs]
