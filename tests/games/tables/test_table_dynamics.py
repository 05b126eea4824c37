"""What circles, what averages to an equilibrium, and what gets there itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from ganlab.games.tables import PRESETS, dynamics, table
from ganlab.registry import SpecError

COINS = PRESETS["coins"].table
X, Y = np.array([0.6, 0.4]), np.array([0.5, 0.5])


def test_replicator_is_its_equation_and_circles():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 3, 4))
    x, y = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))

    def flow(_, s):
        u, v = a @ s[3:], s[:3] @ b
        return np.concatenate([s[:3] * (u - s[:3] @ u), s[3:] * (v - v @ s[3:])])

    found = dynamics.play(table(a, b), "replicator", x, y, 0.5, 20)
    exact = solve_ivp(flow, (0, 10), np.concatenate([x, y]), rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(np.concatenate([found.x[-1], found.y[-1]]), exact, atol=1e-6)
    # In a zero-sum game Σ x* log x + Σ y* log y is conserved.
    path = dynamics.play(COINS, "replicator", X, Y, 0.1, 3000)
    rest = np.array([3 / 8, 5 / 8])
    kept = np.log(path.x) @ rest + np.log(path.y) @ rest
    assert np.ptp(kept) < 1e-5 and np.ptp(path.x[:, 0]) > 0.3


@pytest.mark.parametrize("name", ["extragradient", "optimistic"])
def test_looking_ahead_gets_there(name):
    path = dynamics.play(COINS, name, X, Y, 0.05, 4000)
    np.testing.assert_allclose([path.x[-1], path.y[-1]], [[3 / 8, 5 / 8]] * 2, atol=1e-4)
    assert path.regret[-1] < 1e-3


@pytest.mark.parametrize("name", ["gradient", "weights"])
def test_simultaneous_steps_move_away_and_their_averages_do_not(name):
    path = dynamics.play(COINS, name, np.array([0.4, 0.6]), np.array([0.37, 0.63]), 0.05, 4000)
    away = np.abs(path.x[:, 0] - 3 / 8)
    assert away[:20].max() < 0.1 and away[-500:].max() > 0.3
    assert path.mean_regret[-1] < 0.2 < 1 < path.regret[-500:].max()


@pytest.mark.parametrize("name", list(dynamics.DYNAMICS))
def test_averages_of_a_zero_sum_game_come_to_its_value(name):
    path = dynamics.play(COINS, name, X, Y, 0.01, 8000)
    assert path.mean_regret[-1] < 0.1
    value = path.mean_x[-1] @ COINS.payoffs[0] @ path.mean_y[-1]
    assert value == pytest.approx(-1 / 8, abs=0.06)


def test_strategies_stay_probabilities_and_rest_points_rest():
    rng = np.random.default_rng(0)
    for name in dynamics.DYNAMICS:
        a, b = rng.normal(size=(2, 4, 3)) * 5
        x, y = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(3))
        path = dynamics.play(table(a, b), name, x, y, 1.0, 200)
        for p in (path.x, path.y):
            assert (p >= 0).all() and np.allclose(p.sum(1), 1) and np.isfinite(p).all()
        if name != "fictitious":
            still = dynamics.play(COINS, name, np.array([3, 5]) / 8, np.array([3, 5]) / 8, 0.1, 50)
            np.testing.assert_allclose(still.x, [[3 / 8, 5 / 8]] * 51, atol=1e-12)


def test_fictitious_play_by_hand():
    game = PRESETS["rock-paper-scissors"].table
    path = dynamics.play(game, "fictitious", np.eye(3)[0], np.eye(3)[0], 0.1, 4)
    total = [np.eye(3)[0], np.eye(3)[0]]
    a, b = game.payoffs
    for t in range(1, 5):
        x, y = np.eye(3)[(a @ total[1]).argmax()], np.eye(3)[(total[0] @ b).argmax()]
        np.testing.assert_array_equal(path.x[t], x)
        np.testing.assert_array_equal(path.y[t], y)
        total = [total[0] + x, total[1] + y]
    assert path.x[1].argmax() == 1


def test_the_nearest_probabilities():
    rng = np.random.default_rng(1)
    for _ in range(20):
        p = rng.normal(size=4) * 2
        found = dynamics.onto_simplex(p)
        best = minimize(
            lambda q, p=p: ((q - p) ** 2).sum(),
            np.full(4, 0.25),
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
            tol=1e-12,
        ).x
        np.testing.assert_allclose(found, best, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dynamics": "newton"},
        {"step": 0.0},
        {"updates": -1},
        {"updates": 10**9},
        {"x": np.array([0.5, 0.6])},
        {"x": np.array([1.5, -0.5])},
        {"y": np.array([1.0, 0, 0])},
    ],
)
def test_what_is_refused(wrong):
    with pytest.raises(SpecError):
        dynamics.play(COINS, **({"dynamics": "weights", "x": X, "y": Y} | wrong))


@pytest.mark.parametrize("name", list(dynamics.DYNAMICS))
def test_several_paths_at_once_are_those_of_each_alone(name):
    rng = np.random.default_rng(4)
    game = table(*rng.normal(size=(2, 3, 4)))
    starts = [(rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))) for _ in range(3)]
    for start, found in zip(starts, dynamics.plays(game, name, starts, 0.2, 50), strict=True):
        alone = dynamics.play(game, name, *start, 0.2, 50)
        for field in ("x", "y", "mean_x", "mean_y", "regret", "mean_regret"):
            np.testing.assert_allclose(getattr(found, field), getattr(alone, field), atol=1e-12)
