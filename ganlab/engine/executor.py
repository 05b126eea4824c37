"""Ways to compute a run's updates: eagerly, a compiled program, CUDA graphs, another process."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import torch

from ganlab.engine.draws import Draws
from ganlab.engine.game import Game
from ganlab.engine.state import State
from ganlab.optim import Slots


class Executor(Protocol):
    """Makes many updates of R runs in one call."""

    @property
    def most(self) -> int:
        """The largest number of updates in one call."""

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """The State after the updates named in `players`, and how many of them each run made.

        A run with a result that is not finite stops at its last finite parameters. A run that is
        not alive does not change and makes no update. The counts of the State are those of the run
        that made the most updates.
        """


class Elsewhere(Protocol):
    """Computes updates outside of the calling thread."""

    def instead_of(self, executor: Executor) -> Executor:
        """An executor with the results of `executor`."""


class Eager:
    """Executes one torch operation after the other, in the calling thread."""

    most = 1  # an interrupted call loses its updates, and calls have no overhead here

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`."""
        runs = len(alive)
        made = [len(players) if lives else 0 for lives in alive]
        dead = torch.tensor([not lives for lives in alive], device=state.g.device)
        lost = not all(alive)
        for number, player in enumerate(players.decode()):
            update = game.after(player, state, draws.get)
            finite = torch.isfinite(update.check)
            if lost:
                finite = finite | dead
            if not finite.all().item():
                for run in torch.nonzero(~finite).flatten().tolist():
                    made[run] = number
                dead, lost = dead | ~finite, True
                if dead.all().item():
                    break
            after = game.turns.moved(state, player, update)
            state = _choose(~dead, after, state) if lost and runs > 1 else after
        return state, made


def suited(executor: Executor, game: Game) -> Executor:
    """`executor`, or an eager one if updates train D to its optimum: programs have no such loop."""
    return Eager() if game.to_optimum else executor


def _choose(alive: torch.Tensor, new: State, old: State) -> State:
    """`new`, but with `old`'s parameters and slots for the runs that are not alive."""
    keep = alive.unsqueeze(1)

    def each(a: Slots, b: Slots) -> Slots:
        return tuple(torch.where(keep, x, y) for x, y in zip(a, b, strict=True))

    return dataclasses.replace(
        new,
        g=torch.where(keep, new.g, old.g),
        d=torch.where(keep, new.d, old.d),
        g_slots=each(new.g_slots, old.g_slots),
        d_slots=each(new.d_slots, old.d_slots),
    )
