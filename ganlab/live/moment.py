"""A run at one moment: what render threads look at while the run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganlab.engine import Game, Run, Snapshot, State
from ganlab.engine.snapshot import take
from ganlab.live.history import History
from ganlab.spec import Spec


@dataclass(frozen=True)
class Moment:
    """A run at one moment; nothing of it changes. number: of the runs that it belongs to."""

    number: int
    game: Game
    state: State
    specs: tuple[Spec, ...]
    diverged: tuple
    last: str
    history: History

    @property
    def spec(self) -> Spec:
        """The Spec of the first run."""
        return self.specs[0]

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return self.state.g_updates

    @property
    def size(self) -> int:
        """Bytes."""
        state = self.state
        return sum(x.nbytes for x in (state.g, state.d, *state.g_slots, *state.d_slots))

    def snapshot(self, **wanted: Any) -> Snapshot:
        """As `Run.snapshot`."""
        return take(self.game, self.state, self.specs, list(self.diverged), **wanted)


def moment_of(number: int, run: Run, history: History) -> Moment:
    """Run `number` as it is now."""
    diverged, last = tuple(run.diverged), run.last or ""
    return Moment(number, run.game, run.state, run.specs, diverged, last, history)
