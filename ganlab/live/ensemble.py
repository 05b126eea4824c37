"""Many seeds of one Spec at once: a session whose run is R runs, seen as tiles and statistics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ganlab.engine import Run
from ganlab.live import tiles
from ganlab.live.budget import RUNS, Demand, afford
from ganlab.live.conductor import Conductor
from ganlab.live.history import History
from ganlab.live.publisher import Moment
from ganlab.live.summary import METRICS, SERIES, sentence, summary
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

_SEEDS = int(PARAMS["seed"].high) + 1
_PIECE = 4  # runs measured before other pictures get their turn


def seeds(first: int, runs: int) -> list[int]:
    """The seeds of an ensemble: `first` and those after it, past the last from 0 again."""
    return [(first + i) % _SEEDS for i in range(runs)]


class EnsembleSession(Conductor):
    """Run i is the Spec with seed + i; k, the loss and the rates change in all of them.

    `runs` is one of `RUNS`; raises `SpecError` for others.
    """

    frame_seconds = 0.1
    slowest_frames = 0.5
    call_seconds = 0.015

    def __init__(self, token: str, spec: Spec, *scheduler: Any, runs: int = RUNS[0]):
        self.runs = check_runs(runs)
        super().__init__(token, spec, *scheduler)
        self._says = ""

    def afford(self, spec: Spec) -> Demand | None:
        """As a lab's, of all seeds together."""
        return afford([spec], self.runs)

    def configure(self, spec: Spec, runs: int | None = None) -> None:
        """As a lab's; another number of runs restarts all of them."""
        if runs is not None and check_runs(runs) != self.runs:
            demand = afford([spec], runs)
            with self.lock:
                self.spec, self.runs = spec, runs
            self._weigh(demand)
            self.command("restart", f"Restarted with {runs} seeds.")
        else:
            super().configure(spec)

    def new_seed(self, step: int = 0) -> None:
        """Restart with as many seeds that were not among these."""
        super().new_seed(step or self.runs)

    def _own_query(self) -> str:
        return f"{super()._own_query()}&runs={self.runs}"

    def _make(self, spec: Spec) -> tuple[dict, dict]:
        runs = self.runs
        specs = [spec.replace(seed=seed) for seed in seeds(spec.seed, runs)]
        self.run = Run(specs, events=self._coming)
        self.history, self._says = History(SERIES), ""
        header, arrays = tiles.scene(spec, runs, tiles.probe_of(spec), self.run_number + 1)
        return header, arrays

    def _measure(self, moment: Moment) -> Iterator[None]:
        spec, runs = moment.specs[0], len(moment.specs)
        probe = tiles.probe_of(spec)
        parts: list[dict[str, np.ndarray]] = []
        for at in range(0, runs, _PIECE):
            if parts:
                yield None
            rows = slice(at, at + _PIECE)
            parts.append(tiles.measure(moment.game, moment.state, probe, rows))
        values = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        diverged = sum(d is not None for d in moment.diverged)
        total = summary(values, diverged)
        if not moment.history.add(moment.state.iterations, total):
            return
        moment.history.now = {f"tile_{name}": row for name, row in values.items()}
        if moment.number == self.run_number:
            modes = probe.target.modes
            self._says = sentence(values, 0 if modes is None else len(modes.std), diverged)
            self._measured = {name: float(total[name][0]) for name in METRICS}
            self._status_wanted = True

    def _frame(self, moment: Moment) -> Iterator[bytes]:
        state = moment.state
        header = {
            "type": "frame",
            "run": moment.number,
            "iteration": state.iterations,
            "d_updates": state.d_updates,
            "g_updates": state.g_updates,
            "phase": state.phase,
            "last": moment.last,
        }
        arrays = tiles.pictures(moment.game, state, moment.specs[0])
        when = [0 if d is None else d.iteration for d in moment.diverged]
        yield encode(header, arrays | {"diverged": np.array(when, np.int32)})

    def _more_status(self) -> dict[str, Any]:
        run = self.run
        diverged = 0 if run is None else sum(d is not None for d in run.diverged)
        return {
            "runs": self.runs,
            "diverged": diverged,
            "says": self._says,
        }

    def _why_stopped(self, run: Run) -> str:
        when = [math.inf if d is None else d.iteration for d in run.diverged]
        first = when.index(min(when))
        return (
            f"All {len(run.diverged)} seeds diverged, seed {run.specs[first].seed} first. "
            f"{run.diverged[first]}"
        )


def check_runs(runs: Any) -> int:
    """`runs`, if it is a number of runs that the tiles are laid out for; raises `SpecError`."""
    if type(runs) is not int or runs not in RUNS:
        raise SpecError("runs", runs, f"one of {', '.join(map(str, RUNS))}")
    return runs
