"""Many updates of R runs with a compiled program, on all cores."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.engine.draws import Draws
from ganlab.engine.game import Game
from ganlab.engine.native.program import Program
from ganlab.engine.numbers import numbers_of
from ganlab.engine.state import State
from ganlab.optim import Slots

_CALL_ELEMENTS = 2**19  # the most elements of draws in one call
_ALIGNED = 16  # float32 in 64 bytes
Addresses = dict[str, NDArray[np.uint64]]  # of each input, (R,)


def given_for(
    program: Program, game: Game, draws: Draws, players: bytes, state: State
) -> tuple[dict[str, Addresses], object]:
    """The inputs of the updates named in `players`: see `Program.play`; and what owns them."""
    numbers = numbers_of(game, state, players)
    out: dict[str, Addresses] = {}
    owners: list[object] = [numbers]
    for player, first in (("D", state.d_updates), ("G", state.g_updates)):
        count = len(numbers[0][player])
        mine = out[player] = {}
        for name in program.inputs[player]:
            if name == "numbers":
                mine[name] = _addresses([one[player] for one in numbers])
            elif name == "fixed":
                assert game.fixed is not None
                mine[name] = _addresses(list(game.fixed))
            elif count:
                slabs = draws.slabs(player, name, first, count)
                owners.append(slabs)
                mine[name] = slabs.at(first)
            else:  # none will be read
                mine[name] = np.zeros(len(numbers), np.uint64)
    return out, owners


def _addresses(tensors: Sequence[torch.Tensor]) -> NDArray[np.uint64]:
    return np.array([tensor.data_ptr() for tensor in tensors], np.uint64)


def _rows(vectors: Slots, runs: int) -> torch.Tensor:
    """A copy of each run's vectors (R, P), one after the other: (R, vectors * P).

    Each row begins at a multiple of 64 bytes, as a tensor of its own would.
    """
    if runs == 1 and vectors:
        return torch.cat(vectors, 1)
    ends = list(accumulate((vector.shape[1] for vector in vectors), initial=0))
    out = torch.empty(runs, -(-ends[-1] // _ALIGNED) * _ALIGNED)
    for vector, (start, end) in zip(vectors, pairwise(ends), strict=True):
        out[:, start:end] = vector
    return out[:, : ends[-1]]


class Compiled:
    """A compiled program as an `Executor`."""

    def __init__(self, program: Program):
        self.program = program
        self.seconds = 0.0  # CPU time of the last call's updates, without what prepares them

    @property
    def most(self) -> int:
        """The largest number of updates per call that keeps its draws small."""
        return max(1, min(512, _CALL_ELEMENTS // self.program.elements))

    def play(
        self, game: Game, state: State, draws: Draws, alive: Sequence[bool], players: bytes
    ) -> tuple[State, list[int]]:
        """See `Executor.play`."""
        given, owners = given_for(self.program, game, draws, players, state)
        vectors = ((state.g,), (state.d,), state.g_slots, state.d_slots)
        rows = [_rows(own, len(alive)) for own in vectors]
        started = time.process_time()
        made = self.program.play(players, rows, given, alive)
        self.seconds = time.process_time() - started
        del owners  # not before the call
        g, d, g_slots, d_slots = rows
        after = dataclasses.replace(
            state,
            g=g.contiguous(),
            d=d.contiguous(),
            g_slots=g_slots.split_with_sizes([g.shape[1]] * len(state.g_slots), 1),
            d_slots=d_slots.split_with_sizes([d.shape[1]] * len(state.d_slots), 1),
        )
        return game.turns.after(after, players[: max(made)]), made
