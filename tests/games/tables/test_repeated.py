"""Repeated dilemmas against simulation and their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from ganlab.games.tables import PRESETS, repeated, table
from ganlab.registry import SpecError

DILEMMAS = [repeated.dilemma(PRESETS[n].table) for n in ("prisoners", "cooperation")]


def test_the_dilemmas_of_the_textbooks():
    assert DILEMMAS[0] == (0, -1, -8, -10) and DILEMMAS[1] == (5, 3, 1, 0)
    assert DILEMMAS[0].grim_discount == DILEMMAS[0].tit_for_tat_discount == 1 / 8
    assert DILEMMAS[1].grim_discount == 1 / 2 and DILEMMAS[1].tit_for_tat_discount == 2 / 3
    for name in ("coins", "stag", "sexes", "pigs", "rock-paper-scissors"):
        with pytest.raises(SpecError, match="dilemma"):
            repeated.dilemma(PRESETS[name].table)
    turned = table([[3, 0], [5, 1]], [[3, 5], [0, 1]])  # cooperation in the first row
    assert repeated.dilemma(turned) == DILEMMAS[1]


@pytest.mark.parametrize("game", DILEMMAS)
def test_known_pairs(game):
    t, r, p, s = game
    assert repeated.expected(game, "tit-for-tat", "grim", 0.9) == pytest.approx((r, r))
    assert repeated.expected(game, "defect", "cooperate", 0.9) == pytest.approx((t, s))
    # Tit for tat loses one round to one that always defects.
    both = repeated.expected(game, "tit-for-tat", "defect", 0.75)
    assert both == pytest.approx((0.25 * s + 0.75 * p, 0.25 * t + 0.75 * p))
    flat = np.mean([t, r, p, s])
    assert repeated.expected(game, "random", "random", 0.3) == pytest.approx((flat, flat))
    each = repeated.rounds(game, "tit-for-tat", "defect", 4)
    np.testing.assert_allclose(each, [[s, t]] + [[p, p]] * 3)


def test_expected_gains_are_those_of_many_plays():
    game, again, rng = DILEMMAS[1], 0.8, np.random.default_rng(5)
    names = list(repeated.PLAYERS)
    exact = repeated.matrix(game, again)
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            totals = []
            for _ in range(600):
                a, b = repeated.PLAYERS[one], repeated.PLAYERS[other]
                at, to, total = 0, 0, 0.0
                while True:
                    x = int(rng.random() >= a.cooperates[at])
                    y = int(rng.random() >= b.cooperates[to])
                    total += game.payoffs[x, y]
                    at, to = a.after[at][x][y], b.after[to][y][x]
                    if rng.random() > again:
                        break
                totals.append((1 - again) * total)
            error = np.std(totals) / np.sqrt(len(totals))
            assert abs(np.mean(totals) - exact[i, j]) < 5 * error + 1e-9, (one, other)


@pytest.mark.parametrize("game", DILEMMAS)
@pytest.mark.parametrize("name", ["grim", "tit-for-tat"])
def test_cooperation_is_an_equilibrium_from_its_discount_on(game, name):
    least = {"grim": game.grim_discount, "tit-for-tat": game.tit_for_tat_discount}[name]
    for again, holds in ((least - 0.02, False), (least + 0.02, True), (0.95, True)):
        value, _ = repeated.best_reply(game, name, again)
        alone, _ = repeated.expected(game, name, name, again)
        assert (value <= alone + 1e-9) is holds and value >= alone - 1e-9


def test_the_best_reply_beats_every_player():
    for again in (0.0, 0.4, 0.9):
        table_ = repeated.matrix(DILEMMAS[1], again)
        for j, other in enumerate(repeated.PLAYERS):
            assert repeated.best_reply(DILEMMAS[1], other, again)[0] >= table_[:, j].max() - 1e-9


@pytest.mark.parametrize("game", DILEMMAS)
def test_a_known_end_is_exploited_in_its_last_round(game):
    for other in ("tit-for-tat", "grim"):
        assert repeated.best_moves(game, other, 6) == [0] * 5 + [1]
    for other in ("defect", "cooperate", "random"):
        assert repeated.best_moves(game, other, 4) == [1] * 4


@pytest.mark.parametrize("again", [1.0, -0.1, float("nan"), "x"])
def test_bad_probabilities_are_refused(again):
    with pytest.raises(SpecError, match="another round"):
        repeated.expected(DILEMMAS[0], "grim", "grim", again)


def test_bad_players_and_rounds_are_refused():
    with pytest.raises(SpecError, match="player"):
        repeated.expected(DILEMMAS[0], "grim", "pavlov", 0.5)
    for count in (0, 10**9, 1.5):
        with pytest.raises(SpecError, match="rounds"):
            repeated.rounds(DILEMMAS[0], "grim", "grim", count)
