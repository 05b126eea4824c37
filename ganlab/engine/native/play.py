"""Many updates of R runs with a compiled program, on all cores."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

from ganlab.engine.draws import Draws
from ganlab.engine.game import Game
from ganlab.engine.native.program import Program
from ganlab.engine.numbers import numbers_of
from ganlab.engine.state import State

_CALL_ELEMENTS = 2**19  # the most elements of draws in one call


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        os.cpu_count() or 1, "ganlab-play", initializer=torch.set_num_threads, initargs=(1,)
    )


def given_for(
    program: Program, game: Game, draws: Draws, run: int, players: bytes, state: State
) -> dict[str, dict[str, torch.Tensor]]:
    """The inputs of the updates named in `players`: see `Program.play`."""
    numbers = numbers_of(game, run, state, players)
    out: dict[str, dict[str, torch.Tensor]] = {}
    for player, first in (("D", state.d_updates), ("G", state.g_updates)):
        mine = out[player] = {"numbers": numbers[player]}
        for name in program.inputs[player]:
            if name == "fixed":
                assert game.fixed is not None
                mine[name] = game.fixed[run]
            elif name != "numbers":
                mine[name] = draws.slab(run, player, name, first, len(numbers[player]))
    return out


class Compiled:
    """A compiled program as an `Executor`."""

    def __init__(self, program: Program):
        self.program = program

    @property
    def most(self) -> int:
        """The largest number of updates per call that keeps its draws small."""
        inputs = self.program.inputs.values()
        each = max(sum(rows * columns for rows, columns in shapes.values()) for shapes in inputs)
        return max(1, min(512, _CALL_ELEMENTS // each))

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`."""
        g, d = state.g.clone(), state.d.clone()
        # Each run's slots in one block.
        g_slots, d_slots = (
            torch.stack(own, 1) if own else g.new_empty(len(g), 0)
            for own in (state.g_slots, state.d_slots)
        )

        def one(run: int) -> int:
            if not alive[run]:
                return 0
            given = given_for(self.program, game, draws, run, players, state)
            return self.program.play(players, g[run], d[run], g_slots[run], d_slots[run], given)

        runs = range(len(g))
        made = list(_threads().map(one, runs)) if len(runs) > 1 else [one(0)]
        after = dataclasses.replace(
            state,
            g=g,
            d=d,
            g_slots=g_slots.unbind(1) if state.g_slots else (),
            d_slots=d_slots.unbind(1) if state.d_slots else (),
        )
        return game.turns.after(after, players[: max(made)]), made
