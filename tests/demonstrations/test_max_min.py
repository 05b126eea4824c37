"""Min-max and max-min: best answers against enumeration, the value, and the collapse."""

import numpy as np
import pytest
from scipy.optimize import minimize

from ganlab.demonstrations import max_min as page

LN4 = np.log(4)


@pytest.mark.parametrize("modes", [2, 5])
def test_best_answers_are_best(modes):
    rng = np.random.default_rng(modes)
    p = rng.dirichlet(np.ones(modes))
    for _ in range(20):
        q, logits = rng.dirichlet(np.ones(modes)), rng.normal(size=modes)
        d = 1 / (1 + np.exp(-logits))

        def v(q, d):
            return float((p * np.log(d) + q * np.log(1 - d)).sum())

        others = rng.dirichlet(np.full(modes, 0.3), 200)
        corners = [v(one, d) for one in np.eye(modes)]
        assert min(corners) == pytest.approx(float(page.best_for_g(p, logits)), abs=1e-12)
        assert min(v(one, d) for one in others) >= min(corners) - 1e-12
        found = minimize(lambda a, q=q: -v(q, 1 / (1 + np.exp(-a))), np.zeros(modes), tol=1e-12)
        assert -found.fun == pytest.approx(float(page.best_for_d(p, q)), abs=1e-7)


def test_both_orders_have_the_value_minus_log_4():
    """Weak duality at every iteration, and both come there with small steps."""
    p = np.full(6, 1 / 6)
    logits, _ = page.g_moves_last(p, 0.01, 4000)
    below, above = page.best_for_g(p, logits), page.best_for_d(p, page.d_moves_last(p, 400))
    assert below.max() <= -LN4 + 1e-12 and above.min() >= -LN4 - 1e-12
    assert below[-1] == pytest.approx(-LN4, abs=5e-3)
    assert above[-1] == pytest.approx(-LN4, abs=1e-9)


@pytest.mark.parametrize("modes", [2, 6, 12])
def test_a_g_that_answers_last_is_collapsed_and_its_mean_is_not(modes):
    p = np.full(modes, 1 / modes)
    logits, places = page.g_moves_last(p, 0.4, 1200)
    np.testing.assert_array_equal(places, logits.argmax(1))
    counts = np.bincount(places[200:], minlength=modes) / len(places[200:])
    np.testing.assert_allclose(counts, p, atol=0.02)
    spread = page.d_moves_last(p, 200)
    np.testing.assert_allclose(spread[-1], p, atol=1e-6)
    assert spread[0].max() > 0.98


def test_ds_step_is_along_its_gradient():
    p = np.array([0.5, 0.3, 0.2])
    logits, places = page.g_moves_last(p, 1e-6, 1)
    near = 1e-6

    def v(a):
        d = 1 / (1 + np.exp(-a))
        return (p * np.log(d)).sum() + np.log(1 - d[places[0]])

    wanted = [(v(logits[0] + near * e) - v(logits[0] - near * e)) / (2 * near) for e in np.eye(3)]
    np.testing.assert_allclose((logits[1] - logits[0]) / 1e-6, wanted, atol=1e-4)


@pytest.mark.parametrize("modes", [2, 8])
def test_a_g_with_one_mode_has_another_value(modes):
    formula, tried = page.alone(modes)
    share = 1 / modes  # D* is p/(p + 1) at its mode and 1 elsewhere
    wanted = share * np.log(share / (share + 1)) + np.log(1 / (share + 1))
    assert formula == pytest.approx(wanted) == pytest.approx(tried)
    assert formula > -LN4 + 0.4


def test_what_it_says_and_the_lab():
    shown = page.ENTRY.at(modes=3)
    assert "been at 3 of 3" in shown.says[-1] and "on 3 of 3 modes" in shown.says[-1]
    spec = page.ENTRY.lab(page.ENTRY.read({"modes": 3}))
    assert spec.g_steps == 20 and spec.target_params["count"] == 3


@pytest.mark.parametrize("modes", [2, 6, 12])
def test_the_smaller_ds_steps_the_nearer_v_comes_to_its_limit(modes):
    """No D has more than −log 4 against a G that answers last; with large steps D stays below."""
    p, ends = np.full(modes, 1 / modes), []
    for step in (0.2, 0.8, 3.0):
        logits, _ = page.g_moves_last(p, step, page.STEPS)
        ends.append(page.best_for_g(p, logits)[-1])
    assert -LN4 > ends[0] > ends[1] > ends[2]
    assert "too large" in page.ENTRY.at(modes=modes, step=3.0).says[-1]
