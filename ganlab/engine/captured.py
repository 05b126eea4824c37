"""Whole updates captured as CUDA graphs, each of which is one launch and adds hardly any overhead.

The updates are those of `Rules`, on tensors with fixed addresses; numbers and draws are copied into
them. The function that records an update is an argument, so that everything else can be tested on
any device.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import torch

from ganlab.engine.draws import Draws
from ganlab.engine.game import Game
from ganlab.engine.numbers import numbers_of
from ganlab.engine.state import State

Step = Callable[[], object]


def on_cuda(step: Step) -> Step:
    """`step` as the replay of a CUDA graph; it is executed a few times to warm up."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


class Captured:
    """The two updates of a Game, each recorded once and replayed any number of times.

    A run with a result that is not finite keeps its last finite parameters, without a
    synchronisation with the host. Raises what recording raises, such as RuntimeError if out of
    memory.
    """

    most = 256  # updates per call, whose numbers are transferred together

    def __init__(self, game: Game, state: State, draws: Draws, record: Callable[[Step], Step]):
        self._rules, self._fixed = game.rules, game.fixed
        runs, device = len(state.g), state.g.device
        self._params = {"G": state.g.clone(), "D": state.d.clone()}
        self._slots = {
            "G": [s.clone() for s in state.g_slots],
            "D": [s.clone() for s in state.d_slots],
        }
        self._alive = torch.ones(runs, dtype=torch.bool, device=device)
        self._made = torch.zeros(runs, dtype=torch.int64, device=device)
        self._numbers = {p: torch.zeros(runs, self._rules.count, device=device) for p in "DG"}
        self._drawn = {
            p: {name: draws.get(p, name, 0).clone() for name in self._rules.draws(p)} for p in "DG"
        }
        for player in "DG":
            self._numbers[player].fill_(0.5)  # avoids divisions by 0 while recording
        self._replay = {p: record(partial(self._step, p)) for p in "DG"}

    def _step(self, player: str) -> None:
        numbers = self._numbers[player].split(1, 1)
        params, slots = self._params[player], self._slots[player]
        made = self._rules.update(
            player,
            self._params["G"],
            self._params["D"],
            tuple(self._slots["G"]),
            tuple(self._slots["D"]),
            numbers,
            self._drawn[player],
            self._fixed,
        )
        self._alive &= torch.isfinite(made.check)
        self._made += self._alive
        keep = self._alive.unsqueeze(1)
        places, values = [params, *slots], [made.params, *made.slots]
        # Compute everything before the first copy: a slot may be the old parameters themselves.
        values = [torch.where(keep, v, p) for p, v in zip(places, values, strict=True)]
        for place, value in zip(places, values, strict=True):
            place.copy_(value)

    def _load(self, state: State, alive: Sequence[bool]) -> None:
        for player, params, slots in (
            ("G", state.g, state.g_slots),
            ("D", state.d, state.d_slots),
        ):
            self._params[player].copy_(params)
            for mine, slot in zip(self._slots[player], slots, strict=True):
                mine.copy_(slot)
        self._alive.copy_(torch.tensor(alive))
        self._made.zero_()

    def play(
        self,
        game: Game,
        state: State,
        draws: Draws,
        alive: Sequence[bool],
        players: bytes,
    ) -> tuple[State, list[int]]:
        """The State after these updates, and how many each run made: see `Executor.play`.

        game: the recorded one, possibly with other numbers.
        """
        self._load(state, alive)
        at = {"D": state.d_updates, "G": state.g_updates}
        each = numbers_of(game, state, players)
        blocks = {
            player: iter(torch.cat([numbers[player] for numbers in each], 1).to(self._alive.device))
            for player in "DG"
        }  # (R, numbers) for each update
        for player in players.decode():
            self._numbers[player].copy_(next(blocks[player]))
            for name, place in self._drawn[player].items():
                place.copy_(draws.get(player, name, at[player]))
            self._replay[player]()
            at[player] += 1
        made = [n if was else 0 for n, was in zip(self._made.tolist(), alive, strict=True)]
        after = dataclasses.replace(
            state,
            g=self._params["G"].clone(),
            d=self._params["D"].clone(),
            g_slots=tuple(s.clone() for s in self._slots["G"]),
            d_slots=tuple(s.clone() for s in self._slots["D"]),
        )
        return game.turns.after(after, players[: max(made)]), made
