"""The order of updates: an iteration of Algorithm 1 is k updates of D, then g_steps of G."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import torch

from ganlab.engine.state import State, Update
from ganlab.events import Event
from ganlab.spec import Spec

Player = Literal["D", "G"]
PLAYERS: tuple[Player, ...] = ("D", "G")
START = State(torch.empty(0), torch.empty(0), (), ())  # the counts at the start of a run


class Turns(NamedTuple):
    """The order of updates. An iteration ends with the last of its G updates, by hand or not; D
    updates by hand beyond k belong to the current iteration."""

    k: int
    g_steps: int

    @classmethod
    def of(cls, spec: Spec) -> Turns:
        """The Turns of a Spec."""
        return cls(spec.k, spec.g_steps)

    @property
    def each(self) -> int:
        """The number of updates in an iteration, of both players."""
        return self.k + self.g_steps

    def next(self, state: State) -> Player:
        """The player of the next update: D until it has made k, unless G has begun."""
        return "D" if state.phase < self.k and not state.g_phase else "G"

    def left(self, state: State) -> bytes:
        """The updates that complete the current iteration of `state`, as b"D" and b"G"."""
        d_left = 0 if state.g_phase else max(0, self.k - state.phase)
        return b"D" * d_left + b"G" * (self.g_steps - state.g_phase)

    def players(self, state: State, updates: int) -> bytes:
        """The next `updates`, as b"D" and b"G"."""
        whole = b"D" * self.k + b"G" * self.g_steps
        return (self.left(state) + whole * (updates // self.each + 1))[:updates]

    def after(self, state: State, players: bytes) -> State:
        """`state` with the counts after these updates, in any order."""
        made = state.g_phase + players.count(b"G")
        done, g_phase = divmod(made, self.g_steps)
        phase, tail = state.phase, players
        if done:  # count D's updates since the last completed iteration
            end = len(players)
            for _ in range(g_phase + 1):  # before the updates of G in the current one
                end = players.rfind(b"G", 0, end)
            phase, tail = 0, players[end + 1 :]
        return replace(
            state,
            d_updates=state.d_updates + players.count(b"D"),
            g_updates=state.g_updates + players.count(b"G"),
            phase=phase + tail.count(b"D"),
            iterations=state.iterations + done,
            g_phase=g_phase,
        )

    def ahead(self, state: State, updates: int) -> State:
        """`state` with the counts after the next `updates`."""
        left = self.left(state)
        if updates <= len(left):
            return self.after(state, left[:updates])
        state = self.after(state, left)
        whole, rest = divmod(updates - len(left), self.each)
        state = replace(
            state,
            d_updates=state.d_updates + whole * self.k,
            g_updates=state.g_updates + whole * self.g_steps,
            iterations=state.iterations + whole,
        )
        return self.after(state, self.players(state, rest))

    def moved(self, state: State, player: str, update: Update) -> State:
        """The State after `update` of `player`, "D" or "G"."""
        if player == "D":
            state = replace(state, d=update.params, d_slots=update.slots)
        else:
            state = replace(state, g=update.params, g_slots=update.slots)
        return self.after(state, player.encode())

    def iterations(self, state: State, g_made: np.ndarray) -> np.ndarray:
        """Completed iterations (n,) when G has made `g_made` (n,) more updates than in `state`."""
        return state.iterations + (state.g_phase + g_made) // self.g_steps

    def changed(self, state: State) -> State:
        """`state` once these turns apply: if G has already made its share, the iteration ends."""
        if state.g_phase < self.g_steps:
            return state
        return replace(state, iterations=state.iterations + 1, phase=0, g_phase=0)


class Clock:
    """The iterations and the Spec of a run of `spec` at each of its events.

    Events must be passed to `passes` in order.
    """

    def __init__(self, spec: Spec):
        self.spec, self._state = spec, START

    def passes(self, event: Event) -> int:
        """The number of iterations when `event` happens; applies the event."""
        state, turns = self._state, Turns.of(self.spec)
        state = turns.ahead(state, event.at - state.d_updates - state.g_updates)
        iterations = state.iterations
        self.spec = event.of(self.spec)
        if event.player:
            self._state = turns.after(state, event.player.encode())
        else:
            self._state = Turns.of(self.spec).changed(state)
        return iterations
