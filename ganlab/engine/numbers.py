"""The numbers of a run's updates (learning rates, strengths), computed for many updates ahead.

They are a function of the counts of a State. Computed for each call, they would take as long as the
updates of a short call.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.engine.game import Game
from ganlab.engine.state import State

_AHEAD = 2048  # updates


class Numbers:
    """The numbers of the updates of one run of a Game, which is passed to each call."""

    def __init__(self, run: int):
        self._run = run
        self._players = b""  # of the updates computed ahead
        self._before: NDArray[np.int64] = np.zeros(1, np.int64)  # D's updates before each of them
        self._start = (0, 0, 0, 0)
        self._of: dict[str, torch.Tensor] = {}

    def of(self, game: Game, state: State, players: bytes) -> dict[str, torch.Tensor]:
        """For each player, the numbers of its updates in `players`: (n, 1, numbers) float32.

        players: the next updates after `state`, as b"D" and b"G".
        """
        at = self._place(game, state, players)
        if at is None:
            self._compute(game, state, players)
            at = 0
        d_before, end = int(self._before[at]), at + len(players)
        d_after = int(self._before[end])
        return {
            "D": self._of["D"][d_before:d_after],
            "G": self._of["G"][at - d_before : end - d_after],
        }

    def _place(self, game: Game, state: State, players: bytes) -> int | None:
        """How many of the updates computed ahead precede `state`; None if they are others."""
        d_updates, g_updates, iterations, g_phase = self._start
        at = state.d_updates + state.g_updates - d_updates - g_updates
        if not 0 <= at <= len(self._players) - len(players):
            return None
        g_made = state.g_updates - g_updates
        done, phase = divmod(g_phase + g_made, game.turns.g_steps)
        same = (
            self._before[at] == at - g_made
            and state.iterations == iterations + done
            and state.g_phase == phase
            and self._players[at : at + len(players)] == players
        )
        return at if same else None

    def _compute(self, game: Game, state: State, players: bytes) -> None:
        turns = game.turns
        more = turns.players(turns.after(state, players), max(0, _AHEAD - len(players)))
        self._players = players + more
        self._start = (state.d_updates, state.g_updates, state.iterations, state.g_phase)
        is_d = np.frombuffer(self._players, np.uint8) == ord("D")
        self._before = np.append(0, np.cumsum(is_d))
        for player, mine in (("D", is_d), ("G", ~is_d)):
            d_before = self._before[:-1][mine]
            g_before = np.flatnonzero(mine) - d_before
            columns = game.rules.numbers(
                player,
                (state.d_updates + d_before).astype(np.float64),
                (state.g_updates + g_before).astype(np.float64),
                turns.iterations(state, g_before).astype(np.float64),
                *game.each[self._run],
            )
            out = np.empty((len(d_before), 1, len(columns)), np.float32)
            for j, column in enumerate(columns):
                out[:, 0, j] = column
            self._of[player] = torch.from_numpy(out)


_KNOWN: WeakKeyDictionary[Game, list[Numbers]] = WeakKeyDictionary()


def numbers_of(game: Game, state: State, players: bytes) -> list[dict[str, torch.Tensor]]:
    """For each run and each player, the numbers of its updates: see `Numbers.of`.

    Runs whose hyperparameters are equal share them.
    """
    known = _KNOWN.get(game)
    if known is None:
        each = [Numbers(run) for run in range(len(game.specs))]
        known = _KNOWN[game] = [each[game.each.index(own)] for own in game.each]
    made = {one: one.of(game, state, players) for one in dict.fromkeys(known)}
    return [made[one] for one in known]
