"""A run at one moment, which render threads read while the run continues."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganlab.domains import Probe
from ganlab.engine import Game, Run, Snapshot, State
from ganlab.engine.divergence import Divergence
from ganlab.engine.snapshot import points_for, snapshot_of, take
from ganlab.live import thumbnails
from ganlab.live.history import History
from ganlab.live.remote import Remote, Unavailable
from ganlab.spec import Spec


@dataclass(frozen=True)
class Moment:
    """A run at one moment, immutable. number: of the runs that it belongs to."""

    number: int
    game: Game
    state: State
    specs: tuple[Spec, ...]
    diverged: tuple[Divergence | None, ...]
    last: str
    history: History
    remote: Remote | None = None

    @property
    def spec(self) -> Spec:
        """The Spec of the first run."""
        return self.specs[0]

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return self.state.iterations

    @property
    def size(self) -> int:
        """Its size in bytes."""
        state = self.state
        return sum(x.nbytes for x in (state.g, state.d, *state.g_slots, *state.d_slots))

    # -- evaluation, in the process for slow runs if the run has one -------------------------------

    def see(self, view: Probe | None = None, points: int | None = None, **wanted: Any) -> Snapshot:
        """See `snapshot.take`; by default with the number of latents that `points_for` returns.

        view: the probe of the axes, if they are not the target's own.
        """
        points = points or points_for(self.game)
        if self.remote is not None:
            box = None if view is None else view.target.box
            try:
                found = self.remote.call("see", self.specs, self.state, box, points, wanted)
            except Unavailable:
                pass
            else:
                return snapshot_of(self.state, self.specs, list(self.diverged), points, *found)
        views = None if view is None else (view,)
        return take(
            self.game,
            self.state,
            self.specs,
            list(self.diverged),
            points=points,
            view=views,
            **wanted,
        )

    def snapshot(self, /, **wanted: Any) -> Snapshot:
        """See `Run.snapshot`: the claims of presets are decided by it."""
        return self.see(**wanted)

    def tiles(self) -> dict[str, np.ndarray]:
        """See `thumbnails.pictures`."""
        if self.remote is not None:
            with suppress(Unavailable):
                made: dict[str, np.ndarray] = self.remote.call("tiles", self.specs, self.state)
                return made
        return thumbnails.pictures(self.game, self.state, self.spec)

    def measure_tiles(self, first: int, count: int) -> dict[str, np.ndarray]:
        """See `thumbnails.measure`, for `count` runs from number `first` on."""
        if self.remote is not None:
            with suppress(Unavailable):
                found: dict[str, np.ndarray]
                found = self.remote.call("measure_tiles", self.specs, self.state, first, count)
                return found
        probe, rows = thumbnails.probe_of(self.spec), slice(first, first + count)
        return thumbnails.measure(self.game, self.state, probe, rows)


def moment_of(number: int, run: Run, history: History) -> Moment:
    """The current moment of run `number`."""
    diverged, last = tuple(run.diverged), run.last or ""
    remote = run.remote if isinstance(run.remote, Remote) else None
    return Moment(number, run.game, run.state, run.specs, diverged, last, history, remote)
