"""The view of many seeds of one Spec: a tile for each, and statistics of all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ganlab.languages import _
from ganlab.live import thumbnails
from ganlab.live.quantiles import METRICS, SERIES, quantiles, sentence
from ganlab.live.view import Message, Moments, View
from ganlab.live.wire import encode


class SeedsView(View):
    """A tile for each seed, and the median and quartiles of their metrics."""

    # Of up to 64 tiles, whose making takes time from training. A frame may be up to a fifth early.
    frame_seconds = 0.115
    slowest_frames = 0.5
    call_seconds = 0.025
    sparse_share = 0.3  # training uses all cores
    has_figures = False
    _says = ""

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the quantiles over the seeds."""
        return SERIES

    def scene(self, number: int) -> Message:
        """The scene of the tiles."""
        self._says, spec = "", self.group.spec
        probe = thumbnails.probe_of(spec)
        header, arrays = thumbnails.scene(spec, len(self.group.rows), probe, number)
        return header | {"lab_query": self.session.lab_query}, arrays

    def measure(self, moments: Moments) -> Iterator[None]:
        """Measure all seeds, and add the quantiles of their metrics."""
        (moment,) = moments
        values = yield from moment.measure_tiles()
        diverged = sum(d is not None for d in moment.diverged)
        total = quantiles(values, diverged)
        if not moment.history.add(moment.state.iterations, total):
            return
        moment.history.now = {f"tile_{name}": row for name, row in values.items()}
        if moment.number == self.session.run_number:
            modes = thumbnails.probe_of(moment.spec).target.modes
            self._says = sentence(values, 0 if modes is None else len(modes.std), diverged)
        numbers = {name: float(total[name][0]) for name in METRICS}
        self.session.found(moment.number, numbers, tell=True)

    def frame(self, moments: Moments) -> Iterator[bytes]:
        """One message with all tiles."""
        (moment,) = moments
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
        arrays = moment.tiles()
        when = [0 if d is None else d.iteration for d in moment.diverged]
        yield encode(header, arrays | {"diverged": np.array(when, np.int32)})

    def status(self) -> dict[str, Any]:
        """The number of seeds, how many have diverged, and a summary."""
        return {
            "seeds": self.session.experiment.seeds,
            "diverged": sum(d is not None for d in self.group.diverged),
            "says": self._says,
            "lab_query": self.session.lab_query,
        }

    def why_stopped(self) -> str:
        """That all have diverged, and why the first one did."""
        diverged = self.group.diverged
        when = [math.inf if d is None else d.iteration for d in diverged]
        first = when.index(min(when))
        return _(
            "All {count} seeds diverged, seed {seed} first. {diverged}",
            count=len(diverged),
            seed=self.group.rows[first].seed,
            diverged=diverged[first],
        )
