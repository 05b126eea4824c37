"""Numbers computed ahead are those that each update would compute for itself."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganlab.engine import Game
from ganlab.engine.numbers import _AHEAD, numbers_of
from ganlab.engine.turns import START
from ganlab.spec import Spec

SPECS = {
    "adam": Spec(k=2, lr_decay=0.01, r1=0.3, instance_noise=0.2),
    "two gradients": Spec(k=1, rule="extra-adam", lr_decay=0.1),
    "three steps": Spec(k=1, g_steps=3, lr_decay=0.1),
    "unrolled": Spec(k=3, unroll=4, optimizer="sgd", momentum_ramp=50, momentum_rise=0.2),
}
GAMES = {name: Game.of((spec, spec.replace(d_lr=0.02)), "cpu") for name, spec in SPECS.items()}
CALLS = st.lists(st.one_of(st.integers(1, 300), st.sampled_from(["D", "G", "DDG"])), max_size=8)


def one_by_one(game, run, state, players):
    """The numbers of each update, computed from the State before it."""
    out = {"D": [], "G": []}
    for player in players.decode():
        counts = state.d_updates, state.g_updates, state.iterations
        out[player].append(game.rules.numbers(player, *counts, *game.each[run]))
        state = game.turns.after(state, player.encode())
    return out


@pytest.mark.parametrize("name", GAMES)
@given(CALLS)
def test_they_are_those_of_each_update(name, calls):
    game, state = GAMES[name], START
    for call in calls:
        players = game.turns.players(state, call) if isinstance(call, int) else call.encode()
        for run in (0, 1):
            wanted = one_by_one(game, run, state, players[:20])
            found = numbers_of(game, state, players)[run]
            for player, rows in found.items():
                assert rows.shape == (players.count(player.encode()), 1, game.rules.count)
                assert rows.dtype == torch.float32
                first = np.reshape(wanted[player], (-1, game.rules.count))
                np.testing.assert_allclose(rows[: len(first), 0], first, rtol=1e-6, atol=1e-37)
        state = game.turns.after(state, players)


def test_runs_at_another_moment_do_not_get_the_numbers_of_this_one():
    game = GAMES["adam"]
    late = dataclasses.replace(START, d_updates=40, g_updates=20, iterations=20)
    elsewhere = dataclasses.replace(late, iterations=3)  # its iterations were counted otherwise
    for state in (START, late, elsewhere, START):
        players = game.turns.players(state, _AHEAD + 10)
        wanted = one_by_one(game, 0, state, players[:6])["G"]
        found = numbers_of(game, state, players)[0]["G"]
        assert np.allclose(found[:2, 0], wanted, rtol=1e-6, atol=1e-37)


def test_runs_with_equal_hyperparameters_share_their_numbers():
    rates = (1e-3, 2e-3, 1e-3)
    specs = tuple(Spec(seed=i, g_lr=rate) for i, rate in enumerate(rates))
    game = Game.of(specs, torch.device("cpu"))
    a, b, c = numbers_of(game, START, b"DGDG")
    assert a is c and not torch.equal(a["G"], b["G"])
