"""What a session trains: a Run for each Spec of an experiment, and what has happened to them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from ganlab.engine import Run, State
from ganlab.engine.divergence import Divergence
from ganlab.engine.executor import Executor
from ganlab.engine.native.program import Program
from ganlab.engine.structure import Structure
from ganlab.engine.turns import Clock, Turns
from ganlab.events import Event, Text
from ganlab.experiment import Experiment
from ganlab.live.backend import Backend
from ganlab.registry import SpecError
from ganlab.spec import Spec

_RANK = ("failed", "waiting", "compiling", "eager", "compiled")


class AppliedEvent(NamedTuple):
    """An event of a run: after so many iterations, of run `run`, from one Spec to another."""

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
        for event in self.run.past_from(self.known):
            before = self.clock.spec
            iteration = self.clock.passes(event)
            self.text.add(event)
            out.append(AppliedEvent(iteration, number, event, before, self.clock.spec))
        self.known += len(out)
        return out


class RunGroup:
    """The Runs of an experiment, advanced together; one Run, or several in lockstep.

    One Run moves by single updates. Several move by whole iterations; one that diverges stays where
    it is, and the others go on. Each is what it would be alone.
    """

    def __init__(self, experiment: Experiment):
        events = experiment.events or ((),) * len(experiment.specs)
        self.runs = [Run(experiment.rows(i), events=happens) for i, happens in enumerate(events)]
        self.begun: Experiment | None = experiment.with_events(())
        self.fields = experiment.fields
        self._logs = [_EventLog(run) for run in self.runs]
        self._log_lock = threading.Lock()  # a page reads what the worker writes
        self.seconds = [0.0] * len(self.runs)  # of the last advance, by run
        self.made = [0] * len(self.runs)

    @property
    def alone(self) -> bool:
        """Whether it is one Run."""
        return len(self.runs) == 1

    @property
    def specs(self) -> tuple[Spec, ...]:
        """Of each Run, the Spec of its first seed."""
        return tuple(run.spec for run in self.runs)

    @property
    def rows(self) -> tuple[Spec, ...]:
        """Of each seed of each Run."""
        return tuple(spec for run in self.runs for spec in run.specs)

    @property
    def spec(self) -> Spec:
        """Of the first run."""
        return self.runs[0].spec

    @property
    def program(self) -> Program | None:
        """The compiled program of one Run; several are advanced one after the other."""
        return self.runs[0].program if self.alone else None

    @property
    def diverged(self) -> list[Divergence | None]:
        """Of each seed of each Run, where it has stopped."""
        return [one for run in self.runs for one in run.diverged]

    @property
    def stopped(self) -> bool:
        """Whether every run has."""
        return all(run.stopped for run in self.runs)

    @property
    def farthest(self) -> Run:
        """The first of the runs that have made most iterations."""
        return self.runs[0] if self.alone else max(self.runs, key=lambda run: run.iteration)

    @property
    def iteration(self) -> int:
        """Iterations made by all runs that have not diverged."""
        return self.farthest.iteration

    @property
    def turns(self) -> Turns:
        """Of the run that came farthest."""
        return self.farthest.turns

    @property
    def state(self) -> State:
        """Of the run that came farthest."""
        return self.farthest.state

    # -- training --------------------------------------------------------------------------------

    @property
    def unit(self) -> int:
        """What a speed counts of an iteration: its updates; iterations, of several runs."""
        return self.turns.each if self.alone else 1

    def updates_at(self, speed: float) -> float:
        """Updates a second, of a speed."""
        return speed if self.alone else speed * (self.farthest.spec.k + 1)

    def updates_until(self, iterations: int | None) -> float:
        """Updates that end an iteration so many further on; None: any number."""
        if iterations is None:
            return math.inf
        each = self.farthest.spec.k + 1
        if not self.alone:
            return max(1, iterations) * each
        return max(1, iterations * each - self.state.phase)

    def update(self, player: Any = None) -> None:
        """One update, of `player` or of the one whose turn it is; one iteration of several runs."""
        if self.alone:
            self.runs[0].update(player)
        else:
            self.advance(1)

    def make(self, updates: int) -> int:
        """So many updates, or as many whole iterations of several runs; how many were made."""
        if self.alone:
            return self.runs[0].make(updates)
        each = self.turns.each
        return self.advance(max(1, updates // each)) * each

    def advance(self, iterations: int = 1) -> int:
        """As many iterations of every run; how many those made that made most."""
        for i, run in enumerate(self.runs):
            started = time.perf_counter()
            self.made[i] = run.advance(iterations) if not run.stopped else 0
            self.seconds[i] = time.perf_counter() - started
        return max(self.made)

    def compute_apart(self, remote: Executor | None) -> None:
        """Have `remote` make the eager updates, and what is seen of the runs; None: this thread."""
        for run in self.runs:
            run.remote = remote

    # -- events ----------------------------------------------------------------------------------

    @property
    def happened(self) -> tuple[int, ...]:
        """How many events of each run have happened."""
        return tuple(run.happened for run in self.runs)

    @property
    def no_new_events(self) -> bool:
        """Whether `new_events` has returned all that have happened."""
        return all(log.known == log.run.happened for log in self._logs)

    def new_events(self) -> list[AppliedEvent]:
        """Events since the last call, in the order of iterations."""
        with self._log_lock:
            events = [one for i, log in enumerate(self._logs) for one in log.take_new(i)]
        return events if self.alone else sorted(events, key=lambda one: one.iteration)

    @property
    def left(self) -> tuple[int, ...]:
        """How many events of each run are still to come."""
        return tuple(run.left for run in self.runs)

    @property
    def coming(self) -> tuple[tuple[Event, ...], ...]:
        """The events of each run that are still to come."""
        return tuple(run.coming for run in self.runs)

    def events(self, most: float = math.inf) -> tuple[str, ...] | None:
        """All events of each run as text; None if that is more than `most` characters."""
        if sum(log.text.length for log in self._logs) > most:
            return None
        with self._log_lock:
            texts = [self._text(log) for log in self._logs]
        return tuple(map(str, texts)) if sum(t.length for t in texts) <= most else None

    @staticmethod
    def _text(log: _EventLog) -> Text:
        text = log.text.copy()
        for event in (*log.run.past_from(log.known), *log.run.coming):
            text.add(event)
        return text

    def moved(self, experiment: Experiment) -> None:
        """The runs are where others of `experiment` were: what happened there is not new."""
        self._logs = [_EventLog(run) for run in self.runs]
        self.new_events()
        try:
            self.begun = experiment.with_specs([run.start[0] for run in self.runs])
        except SpecError:  # they began with other fields in which they differed
            self.begun = None


class Backends:
    """A Backend for each of the runs of a group; asked as one."""

    def __init__(self) -> None:
        self.each: list[Backend] = []
        self._structures: list[Structure] = []
        self._closed = False

    def begin(self, group: RunGroup) -> None:
        """New runs: ask for their programs."""
        if self._closed:
            return
        count = len(group.runs)
        self.each += [Backend() for _ in range(count - len(self.each))]
        for backend, run in zip(self.each, group.runs, strict=False):
            backend.begin(run)
        for backend in self.each[count:]:  # after asking: what others wait for must not be dropped
            backend.close()
        del self.each[count:]
        self._structures = _structures(group.runs)

    def changed(self, group: RunGroup) -> None:
        """The runs were changed: ask for the programs of those that need others."""
        now = _structures(group.runs)
        pairs = zip(self.each, group.runs, self._structures, now, strict=False)
        for backend, run, old, new in pairs:
            if old != new:
                backend.begin(run)
        self._structures = now

    def serve(self, group: RunGroup) -> bool:
        """Whether a program became ready for one of them, and is used from here on."""
        pairs = zip(self.each, group.runs, strict=False)
        return any([backend.serve(run) for backend, run in pairs])

    def timed(self, group: RunGroup, iterations: float, seconds: float) -> None:
        """An advance by `iterations`, or a part of one, took `seconds`."""
        if group.alone:
            self.each[0].timed(group.runs[0], iterations, seconds)
            return
        for i, backend in enumerate(self.each):
            if group.made[i]:
                backend.timed(group.runs[i], group.made[i], group.seconds[i])

    def status(self, group: RunGroup) -> dict[str, Any]:
        """That of the run for which least has been done."""
        all_ = [backend.status(run) for backend, run in zip(self.each, group.runs, strict=False)]
        if not all_:
            return {"state": "eager"}
        least = min(all_, key=lambda status: _RANK.index(status["state"]))
        left = [status["left"] for status in all_ if status.get("left") is not None]
        return least | {"left": max(left)} if left else least

    def close(self) -> None:
        """Nobody waits any more."""
        self._closed = True
        for backend in self.each:
            backend.close()


def _structures(runs: Iterable[Run]) -> list[Structure]:
    return [run.game.rules.structure for run in runs]
