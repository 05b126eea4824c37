"""Many updates of R runs by a compiled program, on all cores."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch

from ganlab.engine.code import State
from ganlab.engine.draws import Draws
from ganlab.engine.native.program import Program
from ganlab.engine.rules import Rules
from ganlab.engine.step import hypers
from ganlab.spec import Spec

_CALL_ELEMENTS = 2**19  # of draws held for one call


def most_players(program: Program) -> int:
    """How many updates one call takes, for its draws to stay small."""
    each = max(sum(r * c for r, c in shapes.values()) for shapes in program.inputs.values())
    return max(1, min(512, _CALL_ELEMENTS // each))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        os.cpu_count() or 1, "ganlab-play", initializer=torch.set_num_threads, initargs=(1,)
    )


def _only(values: list[float]) -> float:
    return values[0]


def numbers_of(rules: Rules, spec: Spec, player: str, players: np.ndarray, state: State):
    """The numbers of each of `player`'s updates in `players`, (n, 1, numbers), in float64."""
    is_d = players == ord("D")
    d_updates = state.d_updates + np.cumsum(is_d) - is_d  # before each update
    g_updates = state.g_updates + np.cumsum(~is_d) - ~is_d
    mine = is_d if player == "D" else ~is_d
    counts = d_updates[mine].astype(np.float64), g_updates[mine].astype(np.float64)
    columns = rules.numbers(player, *counts, *hypers((spec,), _only))
    out = np.empty((int(mine.sum()), 1, len(columns)))
    for j, column in enumerate(columns):
        out[:, 0, j] = column
    return out


def given_for(
    program: Program, draws: Draws, run: int, spec: Spec, players: bytes, state: State, fixed
) -> dict[str, dict[str, torch.Tensor]]:
    """What the updates named in `players` take: see `Program.play`."""
    order, out = np.frombuffer(players, np.uint8), {}
    for player, first in (("D", state.d_updates), ("G", state.g_updates)):
        numbers = numbers_of(program.rules, spec, player, order, state)
        out[player] = {"numbers": torch.from_numpy(numbers).float()}
        for name in program.inputs[player]:
            if name == "fixed":
                out[player][name] = fixed[run]
            elif name != "numbers":
                count = len(numbers)
                out[player][name] = draws.slab(run, player, name, first, count)
    return out


def play(
    program: Program,
    specs: Sequence[Spec],
    state: State,
    draws: Draws,
    alive: Sequence[bool],
    players: bytes,
    fixed: torch.Tensor | None = None,
) -> tuple[State, list[int]]:
    """The State after the updates named in `players`, and how many of them each run made.

    A run that leaves the finite numbers stops at its last finite parameters; one that is not
    alive stays as it is. The State's counts are those of the run that came farthest.
    """
    fresh = dataclasses.replace(
        state,
        g=state.g.clone(),
        d=state.d.clone(),
        g_slots=tuple(s.clone() for s in state.g_slots),
        d_slots=tuple(s.clone() for s in state.d_slots),
    )

    def one(run: int) -> int:
        if not alive[run]:
            return 0
        g_slots, d_slots = (
            torch.stack([s[run] for s in slots]) if slots else torch.empty(0)
            for slots in (fresh.g_slots, fresh.d_slots)
        )
        given = given_for(program, draws, run, specs[run], players, state, fixed)
        made = program.play(players, fresh.g[run], fresh.d[run], g_slots, d_slots, given)
        for slots, rows in ((fresh.g_slots, g_slots), (fresh.d_slots, d_slots)):
            for slot, row in zip(slots, rows, strict=True):
                slot[run] = row
        return made

    runs = range(len(specs))
    made = list(_threads().map(one, runs)) if len(specs) > 1 else [one(0)]
    return counted(fresh, players[: max(made)]), made


def counted(state: State, players: bytes) -> State:
    """`state` with the counts after `players`."""
    last_g = players.rfind(b"G")
    return dataclasses.replace(
        state,
        d_updates=state.d_updates + players.count(b"D"),
        g_updates=state.g_updates + players.count(b"G"),
        phase=len(players) - 1 - last_g + (state.phase if last_g < 0 else 0),
    )
