"""A run at one moment, which render threads read while the run continues."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganlab.domains import Probe
from ganlab.domains.picture import MEAN
from ganlab.engine import Game, Run, Snapshot, State
from ganlab.engine.divergence import Divergence
from ganlab.engine.executor import Eager
from ganlab.engine.native.play import Compiled
from ganlab.engine.native.program import Program
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import points_for, snapshot_of, take
from ganlab.live import cpu_time, estimators, messages, thumbnails
from ganlab.live.held_state import HeldState
from ganlab.live.history import History
from ganlab.live.parts import parts
from ganlab.live.picture_request import PictureRequest
from ganlab.live.pools import NOWHERE, Places
from ganlab.live.process_pool import ProcessPool, Unavailable
from ganlab.live.spectra import Message, Price, of_moment
from ganlab.spec import Spec

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Moment:
    """A run at one moment, immutable.

    number: of the runs that it belongs to. places: the processes that evaluate it.
    """

    number: int
    game: Game
    state: State
    specs: tuple[Spec, ...]
    diverged: tuple[Divergence | None, ...]
    last: str
    history: History
    places: Places = NOWHERE

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
        return self.state.nbytes

    # -- evaluation, by the process that its place names if there is one ---------------------------

    def see(self, view: Probe | None = None, points: int | None = None, **wanted: Any) -> Snapshot:
        """See `snapshot.take`; by default with the number of latents that `points_for` returns.

        view: the probe of the axes, if they are not the target's own.
        """
        points, diverged = points or points_for(self.game), list(self.diverged)
        box = None if view is None else view.target.box
        with suppress(Unavailable):
            found = self._ask(self.places.metrics, "see", box, points, wanted)
            return snapshot_of(self.state, self.specs, diverged, points, *found)
        views = None if view is None else (view,)
        return take(
            self.game, self.state, self.specs, diverged, points=points, view=views, **wanted
        )

    def snapshot(self, /, **wanted: Any) -> Snapshot:
        """See `Run.snapshot`: the claims of presets are decided by it."""
        return self.see(**wanted)

    def measure(self) -> Arrays:
        """See `Snapshot.metrics`."""
        return self.see(picture=False).metrics

    def picture(
        self,
        detail: str = "full",
        view: Probe | None = None,
        arrows: Arrays | None = None,
        label: int = MEAN,
    ) -> messages.Picture:
        """See `messages.picture`."""
        points = points_for(self.game)
        box = None if view is None else view.target.box
        request = PictureRequest(self.number, points, detail, box, arrows, label)
        if isinstance(self.state, HeldState) and self.state.painted is not None:
            wanted, painted = self.state.painted
            if wanted.is_same(request):
                cpu_time.charge(painted.seconds)
                return painted.picture
        with suppress(Unavailable):
            made: messages.Picture = self._ask(self.places.frames, "picture", request, self.last)
            return made
        return messages.picture(
            self.game,
            self.state,
            self.specs,
            self.number,
            self.last,
            points,
            detail,
            view,
            arrows,
            label,
        )

    def parts(self, view: Probe | None, program: Program | None) -> messages.Picture:
        """See `ganlab.live.parts`; program: that of the run, which makes its updates."""
        points, box = points_for(self.game), None if view is None else view.target.box
        with suppress(Unavailable):
            made: messages.Picture = self._ask(
                self.places.frames, "parts", self.number, points, box, program is not None
            )
            return made
        executor = Eager() if program is None else Compiled(program)
        view = view or probe_for(self.spec, points)
        return parts(self.game, self.state, self.specs, self.number, view, executor)

    def spectrum(self, paid: Price, r1: float | None = None) -> Message:
        """See `spectra.of_moment`."""
        with suppress(Unavailable):
            made: Message = self._ask(self.places.frames, "spectrum", paid, r1)
            return made
        return of_moment(self.state, self.spec, paid, r1)

    def estimates(self) -> Message:
        """See `estimators.of_moment`."""
        with suppress(Unavailable):
            made: Message = self._ask(self.places.frames, "estimates")
            return made
        return estimators.of_moment(self.state, self.spec)

    def tiles(self) -> Arrays:
        """See `thumbnails.pictures`."""
        with suppress(Unavailable):
            made: Arrays = self._ask(self.places.frames, "tiles", state=self.state.nets)
            return made
        return thumbnails.pictures(self.game, self.state, self.spec)

    def measure_tiles(self) -> Generator[None, None, Arrays]:
        """See `thumbnails.measure`."""
        with suppress(Unavailable):
            found: Arrays = self._ask(self.places.metrics, "measure_tiles", state=self.state.nets)
            return found
        return (yield from thumbnails.measure(self.game, self.state, self.spec))

    def _ask(
        self, pool: ProcessPool | None, name: str, *arguments: Any, state: State | None = None
    ) -> Any:
        if pool is None:
            raise Unavailable
        return pool.call(name, self.game, state or self.state, *arguments)


def moment_of(number: int, run: Run, history: History, places: Places = NOWHERE) -> Moment:
    """The current moment of run `number`."""
    diverged, last = tuple(run.diverged), run.last or ""
    return Moment(number, run.game, run.state, run.specs, diverged, last, history, places)
