"""Many updates of R runs by a compiled program, on all cores."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch

from ganlab.engine.draws import Draws
from ganlab.engine.native.program import Program
from ganlab.engine.step import State
from ganlab.optim import OPTIMIZERS, Hyper
from ganlab.spec import Spec

_CALL_ELEMENTS = 2**19  # of draws held for one call


def most_players(program: Program) -> int:
    """How many updates one call takes, for its draws to stay small."""
    code = program.code
    return max(1, min(512, _CALL_ELEMENTS // (code.batch * (code.g_sizes[0] + code.d_sizes[0]))))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        os.cpu_count() or 1, "ganlab-play", initializer=torch.set_num_threads, initargs=(1,)
    )


def _numbers(spec: Spec, player: str, first: int, count: int) -> np.ndarray:
    """The optimiser's numbers of updates first + 1, first + 2, ..., (count, n), in float64."""
    lr = spec.d_lr if player == "D" else spec.g_lr
    t = np.arange(first + 1, first + 1 + count, dtype=np.float64)
    columns = OPTIMIZERS[spec.optimizer].numbers(t, Hyper(lr, *spec.betas, spec.momentum))
    out = np.empty((count, len(columns)))
    for j, column in enumerate(columns):
        out[:, j] = column
    return out


def _unrolled_numbers(spec: Spec, players: bytes, state: State) -> np.ndarray:
    """For each G update in `players`: D's numbers for its `unroll` next updates, in a row."""
    steps = _numbers(spec, "D", state.d_updates, players.count(b"D") + spec.unroll)
    before = np.cumsum(np.frombuffer(players, np.uint8) == ord("D"))
    before = before[np.frombuffer(players, np.uint8) == ord("G")]
    rows = steps[before[:, None] + np.arange(spec.unroll)]
    return rows.reshape(len(before), spec.unroll * steps.shape[1])


def draws_for(
    draws: Draws, run: int, spec: Spec, players: bytes, state: State
) -> dict[str, torch.Tensor]:
    """What the updates named in `players` take, besides parameters: see `Program.play`."""
    n_d, n_g = players.count(b"D"), players.count(b"G")
    d_from, g_from = state.d_updates, state.g_updates
    numbers_g = _numbers(spec, "G", g_from, n_g)
    if spec.unroll:
        numbers_g = np.concatenate([numbers_g, _unrolled_numbers(spec, players, state)], 1)
    return {
        "data": draws.slab(run, "data", d_from, n_d),
        "latent_d": draws.slab(run, "latent_d", d_from, n_d),
        "data_g": draws.slab(run, "data_g", g_from, n_g if spec.unroll else 0),
        "latent_g": draws.slab(run, "latent_g", g_from, n_g),
        "numbers_d": torch.from_numpy(_numbers(spec, "D", d_from, n_d)).float(),
        "numbers_g": torch.from_numpy(numbers_g).float().contiguous(),
    }


def play(
    program: Program,
    specs: Sequence[Spec],
    state: State,
    draws: Draws,
    alive: Sequence[bool],
    players: bytes,
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
        drawn = draws_for(draws, run, specs[run], players, state)
        made = program.play(players, fresh.g[run], fresh.d[run], g_slots, d_slots, drawn)
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
