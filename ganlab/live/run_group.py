"""Several Runs of any Specs, an iteration of Algorithm 1 of each at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ganlab.engine import Run, State
from ganlab.engine.divergence import Divergence
from ganlab.engine.turns import Turns
from ganlab.live.backend import Backend
from ganlab.spec import Spec

_RANK = ("failed", "waiting", "compiling", "eager", "compiled")


class RunGroup:
    """What a Conductor asks of a Run, of several in lockstep: its unit is the iteration.

    A run that diverges stays where it is; the others go on. Each is what it would be alone.
    """

    program = None  # they are advanced one after the other: on no other threads
    last = ""  # D and G move at other times in each of them

    def __init__(self, specs: Sequence[Spec], events: Sequence[str] = ()):
        each = events or ("",) * len(specs)
        self.runs = [Run(s, events=text) for s, text in zip(specs, each, strict=True)]
        self.seconds = [0.0] * len(self.runs)  # of the last advance, by run
        self.made = [0] * len(self.runs)

    @property
    def specs(self) -> tuple[Spec, ...]:
        """Of each run."""
        return tuple(run.spec for run in self.runs)

    @property
    def spec(self) -> Spec:
        """Of the first run."""
        return self.runs[0].spec

    @property
    def diverged(self) -> list[Divergence | None]:
        """Of each run, where it has stopped."""
        return [run.diverged[0] for run in self.runs]

    @property
    def stopped(self) -> bool:
        """Whether every run has."""
        return all(run.stopped for run in self.runs)

    @property
    def farthest(self) -> Run:
        """The first of the runs that have made most iterations."""
        return max(self.runs, key=lambda run: run.iteration)

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

    def update(self, _: Any = None) -> None:
        """One iteration of every run."""
        self.advance(1)

    def make(self, updates: int) -> int:
        """As many whole iterations as that, at least one, of every run; the farthest's updates."""
        each = self.turns.each
        return self.advance(max(1, updates // each)) * each

    def advance(self, iterations: int = 1) -> int:
        """As many iterations of every run; how many those made that made most."""
        for i, run in enumerate(self.runs):
            started = time.perf_counter()
            self.made[i] = run.advance(iterations) if not run.stopped else 0
            self.seconds[i] = time.perf_counter() - started
        return max(self.made)


class Backends:
    """A Backend for each of several runs; asked as one."""

    def __init__(self) -> None:
        self.each: list[Backend] = []
        self._closed = False

    def begin(self, together: RunGroup) -> None:
        """New runs: ask for their programs."""
        if self._closed:
            return
        count = len(together.runs)
        self.each += [Backend() for _ in range(count - len(self.each))]
        for backend, run in zip(self.each, together.runs, strict=False):
            backend.begin(run)
        for backend in self.each[count:]:  # after asking: what others wait for must not be dropped
            backend.close()
        del self.each[count:]

    def serve(self, together: RunGroup) -> bool:
        """Whether a program became ready for one of them, and is used from here on."""
        pairs = zip(self.each, together.runs, strict=True)
        return any([backend.serve(run) for backend, run in pairs])

    def timed(self, together: RunGroup, _: float, seconds: float) -> None:
        """An advance was made."""
        for i, backend in enumerate(self.each):
            if together.made[i]:
                backend.timed(together.runs[i], together.made[i], together.seconds[i])

    def status(self, together: RunGroup) -> dict[str, Any]:
        """That of the run for which least has been done."""
        all_ = [backend.status(run) for backend, run in zip(self.each, together.runs, strict=True)]
        least = min(all_, key=lambda status: _RANK.index(status["state"]))
        left = [status["left"] for status in all_ if status.get("left") is not None]
        return least | {"left": max(left)} if left else least

    def close(self) -> None:
        """Nobody waits any more."""
        self._closed = True
        for backend in self.each:
            backend.close()
