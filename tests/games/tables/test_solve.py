"""Equilibria against an independent enumeration; values and dominance against brute force."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab.games import tables
from ganlab.games.tables import PRESETS
from ganlab.registry import SpecError


def vertices(payoffs: np.ndarray) -> list[tuple[np.ndarray, frozenset[int]]]:
    """Vertices x (m,) >= 0 of {xᵀ payoffs <= 1}, but 0, with the inequalities that are equalities.

    payoffs (m, n) > 0. Labels 0 to m - 1: x_i = 0; m to m + n - 1: a best response j.
    """
    m, n = payoffs.shape
    rows = np.vstack([np.eye(m), payoffs.T])
    right = np.concatenate([np.zeros(m), np.ones(n)])
    out: dict[tuple[float, ...], frozenset[int]] = {}
    for chosen in combinations(range(m + n), m):
        some = rows[list(chosen)]
        if abs(np.linalg.det(some)) < 1e-9:
            continue
        x = np.linalg.solve(some, right[list(chosen)])
        if (x < -1e-9).any() or (x @ payoffs > 1 + 1e-9).any() or abs(x).max() < 1e-9:
            continue
        tight = np.flatnonzero(np.isclose(rows @ x, right, atol=1e-8))
        out[tuple(np.round(x, 8))] = frozenset(map(int, tight))
    return [(np.array(x), labels) for x, labels in out.items()]


def enumerated(a: np.ndarray, b: np.ndarray) -> set[tuple[float, ...]]:
    """All extreme equilibria: pairs of vertices with every label. Source: von Stengel 2007."""
    m, n = a.shape
    a, b = a - a.min() + 1, b - b.min() + 1
    found = set()
    for x, of_x in vertices(b):
        for y, of_y in vertices(a.T):
            labels = of_x | {label + m if label < n else label - n for label in of_y}
            if len(labels) == m + n:
                found.add(tuple(np.round(np.concatenate([x / x.sum(), y / y.sum()]), 5) + 0.0))
    return found


def random_payoffs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Small integers, so that half of the games have ties and are degenerate; or real numbers."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 5, 2))
    make = (lambda: rng.integers(-2, 3, shape)) if seed % 2 else (lambda: rng.normal(size=shape))
    a = make().astype(float)
    return a, -a if seed % 3 == 0 else make().astype(float)


@pytest.mark.parametrize("seed", range(200))
def test_all_equilibria_are_found(seed):
    a, b = random_payoffs(seed)
    found = tables.equilibria(tables.table(a, b))
    ours = {tuple(np.round(np.concatenate([e.x, e.y]), 5) + 0.0) for e in found}
    theirs = enumerated(a, b)
    assert len(ours) == len(found) == len(theirs)
    for one in ours:
        assert min(np.abs(np.subtract(one, other)).max() for other in theirs) < 3e-5
    for e in found:
        assert max(tables.regrets(tables.table(a, b), e.x, e.y)) < 1e-6
        assert (e.row_gets, e.column_gets) == pytest.approx((e.x @ a @ e.y, e.x @ b @ e.y))


def pure(game) -> list[tuple[int, int]]:
    return [(int(e.x.argmax()), int(e.y.argmax())) for e in tables.equilibria(game) if e.pure]


def test_the_games_of_the_textbooks():
    coins = PRESETS["coins"].table
    (only,) = tables.equilibria(coins)
    np.testing.assert_allclose([only.x, only.y], [[3 / 8, 5 / 8]] * 2, atol=1e-9)
    assert tables.security(coins).value == pytest.approx(-1 / 8) and coins.zero_sum
    for name in ("prisoners", "cooperation"):
        assert pure(PRESETS[name].table) == [(0, 0)]
        assert len(tables.equilibria(PRESETS[name].table)) == 1
    assert pure(PRESETS["pigs"].table) == [(0, 1)]
    for name in ("sexes", "stag"):
        game = PRESETS[name].table
        assert pure(game) == [(0, 0), (1, 1)] and len(tables.equilibria(game)) == 3
    mixed = tables.equilibria(PRESETS["sexes"].table)[2]
    np.testing.assert_allclose([mixed.x, mixed.y], [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], atol=1e-9)
    (third,) = tables.equilibria(PRESETS["rock-paper-scissors"].table)
    np.testing.assert_allclose(third.x, [1 / 3] * 3, atol=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_max_min_and_min_max_meet_in_mixed_strategies(seed):
    a, _ = random_payoffs(seed)
    found = tables.security(tables.table(a))
    assert found.pure_max_min == max(min(row) for row in a)
    assert found.pure_min_max == min(max(column) for column in a.T)
    # What each can be sure of is the same number: no oracle is needed to know that it is right.
    assert (found.row @ a).min() == pytest.approx(found.value, abs=1e-7)
    assert (a @ found.column).max() == pytest.approx(found.value, abs=1e-7)
    assert found.pure_max_min - 1e-9 <= found.value <= found.pure_min_max + 1e-9
    for e in tables.equilibria(tables.table(a)):
        assert e.row_gets == pytest.approx(found.value, abs=1e-6)


def test_best_responses_meet_at_the_pure_equilibria():
    for seed in range(60):
        game = tables.table(*random_payoffs(seed))
        rows, columns = tables.best_responses(game)
        a, b = game.payoffs
        for i, j in product(*map(range, game.shape)):
            assert rows[i, j] == (a[i, j] >= a[:, j]).all()
            assert columns[i, j] == (b[i, j] >= b[i]).all()
        assert sorted(pure(game)) == [tuple(cell) for cell in np.argwhere(rows & columns)]


def test_what_is_dropped_is_dominated_and_what_is_left_is_not():
    count = 0
    for seed in range(40):
        a, b = random_payoffs(seed)
        game = tables.table(a, b)
        left = [set(range(n)) for n in game.shape]
        for player, strategy, by, strict in tables.dominated(game):
            u = (a, b.T)[player][:, sorted(left[1 - player])]
            more = by @ u - u[strategy]
            assert strict and (more > 0).all()
            assert by.sum() == pytest.approx(1) and set(np.flatnonzero(by)) <= left[player]
            left[player].remove(strategy)
            count += 1
        for e in tables.equilibria(game):  # they survive
            assert all(e.x[i] < 1e-6 for i in range(len(e.x)) if i not in left[0])
            assert all(e.y[j] < 1e-6 for j in range(len(e.y)) if j not in left[1])
        for player in (0, 1):  # no mixture on a grid dominates what is left
            own, other = sorted(left[player]), sorted(left[1 - player])
            u = (a, b.T)[player][np.ix_(own, other)]
            grid = [p for p in product(range(9), repeat=len(own)) if sum(p) == 8]
            best = np.array(grid) / 8 @ u
            for row in u:
                assert not (best - row > 1e-6).all(1).any()
    assert count > 15


def test_by_a_mixture_and_weakly():
    game = tables.table([[4, 0], [0, 4], [1, 1]], [[0, 0]] * 3)
    (one,) = tables.dominated(game)
    assert (one.player, one.strategy) == (0, 2) and one.by[2] == 0 and (one.by[:2] > 0.2).all()
    game = tables.table([[1, 1], [1, 0]], [[1, 2], [1, 2]])
    assert [d[:2] for d in tables.dominated(game)] == [(1, 0), (0, 1)]
    game = tables.table([[1, 1], [1, 0]], [[1, 1], [1, 1]])
    assert tables.dominated(game) == []
    (weak,) = tables.dominated(game, weakly=True)
    assert weak[:2] == (0, 1) and not weak.strict


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_text_of_payoffs(seed):
    a, _ = random_payoffs(seed)
    assert np.allclose(tables.read(tables.write(a)), a, rtol=1e-11)


@pytest.mark.parametrize(
    ("a", "b", "field"),
    [
        ([[1, 2]], None, "row player"),
        ([[1, 2], [3, float("nan")]], None, "row player"),
        ([[1, 2], [3, 1e9]], None, "row player"),
        ([[1] * 5] * 2, None, "row player"),
        ([[1, 2], [3, 4]], [[1, 2, 3], [4, 5, 6]], "column player"),
    ],
)
def test_bad_payoffs_are_named(a, b, field):
    with pytest.raises(SpecError, match=field):
        tables.table(a, b)


@pytest.mark.parametrize("text", ["", "1,2;3", "1,2;x,4", "1;2", "1e999,1;1,1", "1,2;" * 200])
def test_bad_text_is_refused(text):
    with pytest.raises(SpecError):
        tables.Table(tables.read(text))


def test_names_are_checked_and_an_edit_keeps_the_rest():
    game = PRESETS["coins"].table
    assert game.with_payoff(0, 1, 0, 5.0).payoffs[1][1, 0] == -5 and game.b is None
    assert not game.with_payoff(1, 1, 0, 5.0).zero_sum
    assert game.with_payoff(0, 1, 0, 5.0).rows == ("heads", "tails")
    for names in ("a", "a,a", "a," + "b" * 30):
        with pytest.raises(SpecError, match="names of the rows"):
            tables.table([[1, 2], [3, 4]], rows=names)
