"""Many updates of R runs with a compiled program, on all cores."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.engine.draws import Draws
from ganlab.engine.game import Game
from ganlab.engine.native.program import Program
from ganlab.engine.state import State

_CALL_ELEMENTS = 2**19  # the most elements of draws in one call


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        os.cpu_count() or 1, "ganlab-play", initializer=torch.set_num_threads, initargs=(1,)
    )


def numbers_of(
    game: Game, run: int, player: str, players: NDArray[np.uint8], state: State
) -> NDArray[np.float64]:
    """The numbers of each of `player`'s updates in `players`, (n, 1, numbers), in float64."""
    is_d = players == ord("D")
    mine = is_d if player == "D" else ~is_d
    # The number of each player's updates before an update: its index minus the other's.
    place = np.arange(len(players))
    d_before = np.cumsum(is_d) - is_d
    d_updates = (state.d_updates + d_before)[mine].astype(np.float64)
    g_before = (place - d_before)[mine]
    g_updates = (state.g_updates + g_before).astype(np.float64)
    iterations = game.turns.iterations(state, g_before).astype(np.float64)
    columns = game.rules.numbers(player, d_updates, g_updates, iterations, *game.each[run])
    out = np.empty((len(d_updates), 1, len(columns)))
    for j, column in enumerate(columns):
        out[:, 0, j] = column
    return out


def given_for(
    program: Program, game: Game, draws: Draws, run: int, players: bytes, state: State
) -> dict[str, dict[str, torch.Tensor]]:
    """The inputs of the updates named in `players`: see `Program.play`."""
    order = np.frombuffer(players, np.uint8)
    out: dict[str, dict[str, torch.Tensor]] = {}
    for player, first in (("D", state.d_updates), ("G", state.g_updates)):
        numbers = numbers_of(game, run, player, order, state)
        out[player] = {"numbers": torch.from_numpy(numbers.astype(np.float32))}
        for name in program.inputs[player]:
            if name == "fixed":
                assert game.fixed is not None
                out[player][name] = game.fixed[run]
            elif name != "numbers":
                count = len(numbers)
                out[player][name] = draws.slab(run, player, name, first, count)
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

        def one(run: int) -> tuple[int, list[torch.Tensor]]:
            rows = [state.g[run].clone(), state.d[run].clone()]
            rows += [
                torch.stack([s[run] for s in slots]) if slots else torch.empty(0)
                for slots in (state.g_slots, state.d_slots)
            ]
            if not alive[run]:
                return 0, rows
            given = given_for(self.program, game, draws, run, players, state)
            g, d, g_slots, d_slots = rows
            return self.program.play(players, g, d, g_slots, d_slots, given), rows

        runs = range(len(state.g))
        results = list(_threads().map(one, runs)) if len(runs) > 1 else [one(0)]
        made = [count for count, _ in results]
        g, d, g_slots, d_slots = (
            torch.stack(rows) for rows in zip(*(r for _, r in results), strict=True)
        )
        after = dataclasses.replace(
            state,
            g=g,
            d=d,
            g_slots=g_slots.unbind(1) if state.g_slots else (),
            d_slots=d_slots.unbind(1) if state.d_slots else (),
        )
        return game.turns.after(after, players[: max(made)]), made
