"""The experiment that a session is requested to run: its only copy, changed by any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ganlab.events import Event
from ganlab.experiment import Experiment
from ganlab.live import changes
from ganlab.live.budget import afford_experiment
from ganlab.live.page_address import PageAddress
from ganlab.live.run_group import AppliedEvent, RunGroup
from ganlab.params import LIVE
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

Events = Sequence[Sequence[Event]]  # of each run


class Change(NamedTuple):
    """The consequence of another experiment for the runs.

    restart: why they must restart; None if they can continue. dropped: whether events still to come
    are dropped.
    """

    restart: str | None
    dropped: bool


class Configuration:
    """The requested experiment. Its events are those of the runs that start next.

    demand: its demand on the server, None if negligible; slow: whether it is trained in the pool
    for slow runs. Raises `SpecError` for an experiment that exceeds the server's limits.
    """

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        self.lock = threading.Lock()
        self.demand = afford_experiment(experiment)
        self.slow = self.demand is not None and self.demand.slow
        self._address: PageAddress | None = None  # the newest

    def become(
        self, make: Callable[[Experiment], Experiment], coming: Callable[[], Events]
    ) -> Change | None:
        """Replace the experiment by `make` of it; returns None if they are equal.

        coming: the events still to come. Raises `SpecError`.
        """
        while True:
            before = self.experiment
            wanted = make(before).with_events(())
            if wanted == before.with_events(()):
                return None
            restart = changes.restarts(before, wanted)
            events = coming()
            # Counting the cost may take tenths of a second: do not hold the lock.
            demand = afford_experiment(wanted, events if restart is None else ())
            if restart is None and before.events:
                wanted = wanted.with_events(before.events)
            with self.lock:
                if self.experiment is not before:
                    continue  # it was changed meanwhile
                self.experiment = wanted
            self.demand, self.slow = demand, demand is not None and demand.slow
            return Change(restart, restart is not None and any(events))

    def new_seed(self, step: int | None) -> None:
        """Take the seed `step` further on; None: the first one not among these."""
        with self.lock:
            now = self.experiment
            seeds = int(PARAMS["seed"].high) + 1
            self.experiment = now.with_seed(
                (now.base.seed + (now.seeds if step is None else step)) % seeds
            )

    def begun(self) -> None:
        """The runs have begun: the events belong to them from now on."""
        with self.lock:
            if self.experiment.events:
                self.experiment = self.experiment.with_events(())

    def replay(self, group: RunGroup) -> None:
        """Start the next runs as these started, with the current seed and all events."""
        if group.begun is None:
            return
        with self.lock:
            seed = self.experiment.base.seed
            self.experiment = group.begun.with_seed(seed).with_events(group.events() or ())

    def adopt(self, events: Sequence[AppliedEvent], group: RunGroup) -> list[str]:
        """Apply the events that the runs have applied; returns the fields' names."""
        last = {name: value for one in events for name, value in one.event.fields}
        if not last:
            return []
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
                self.experiment = now.with_specs(group.specs)
        return list(last)

    def follow(self, specs: Sequence[Spec]) -> list[str]:
        """Take over the current Specs of the runs; returns the live fields that change."""
        with self.lock:
            now = self.experiment
            pairs = list(zip(now.specs, specs, strict=True))
            self.experiment = now.with_specs(specs)
        return [n for n in LIVE if any(getattr(a, n) != getattr(b, n) for a, b in pairs)]

    def address(self, group: RunGroup | None) -> PageAddress:
        """The page's address; group: the runs, None if they are about to restart."""
        # Part of every status, so it is cached until something happens.
        now, known = self.experiment, self._address
        if known is None or not known.is_of(now, group):
            self._address = known = PageAddress(now, group)
        return known
