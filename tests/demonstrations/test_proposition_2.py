"""Proposition 2: both descents against closed forms, the proof's bound, and finite differences."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from ganlab import theory
from ganlab.demonstrations import proposition_2 as page

P = page.masses(0.0)


def kl(p, q):
    return float((p * np.log(p / q)).sum())


def test_masses_are_those_of_scipy():
    for theta in (0.0, 1.3, -5.0):
        edges = page.EDGES
        cdf = (norm.cdf(edges, theta - 2, 0.55) + norm.cdf(edges, theta + 2, 0.55)) / 2
        np.testing.assert_allclose(
            page.masses(theta), np.diff(cdf) / np.diff(cdf).sum(), atol=1e-15
        )
        np.testing.assert_allclose(page.masses(-theta)[::-1], page.masses(theta), rtol=1e-9)


def test_with_step_1_p_g_halves_its_way_to_p_data():
    """q ← q exp(-log(1 - D*)) / Z = (p + q)/2, so that q_t - p = (q_0 - p)/2^t."""
    q = page.masses(3.0)
    found = page.of_densities(P, q, 1.0, 20)
    wanted = P + (q - P) / 2.0 ** np.arange(21)[:, None]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("theta", [-5.0, 2.5, 3.4])
@pytest.mark.parametrize("step", [0.05, 0.3, 1.0])
def test_c_falls_as_the_proof_says(theta, step):
    """Monotonically, and at most KL(p ‖ q_0) / (step · t) above -log 4."""
    q = np.maximum(page.masses(theta), page.TINY)
    path = page.of_densities(P, q, step, 60)
    np.testing.assert_allclose(path.sum(1), 1)
    c = np.array(
        [(P * np.log(P / (P + one)) + one * np.log(one / (P + one))).sum() for one in path]
    )
    assert (np.diff(c) <= 1e-12).all()
    gap = c + 2 * np.log(2)
    assert (gap[1:] <= kl(P, q) / (step * np.arange(1, 61)) + 1e-12).all()
    np.testing.assert_allclose(c, page.c_of(P, path), atol=1e-12)
    np.testing.assert_allclose(c, page.value(P, path), atol=1e-12)


def test_sup_over_d_is_convex_in_p_g_and_not_in_theta():
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = rng.dirichlet(np.full(page.CELLS, 0.3), 2)
        share = rng.random()
        mixed = page.c_of(P, share * a + (1 - share) * b)
        assert mixed <= share * page.c_of(P, a) + (1 - share) * page.c_of(P, b) + 1e-12
    ends, middle = page.c_of(P, page.masses(np.array([0.0, 4.0]))), page.c_of(P, page.masses(2.0))
    assert middle > ends.mean() + 0.1


def test_the_gradient_in_p_g_is_that_of_v_at_the_optimal_d():
    q = page.masses(1.0)
    rng = np.random.default_rng(1)
    for _ in range(5):
        way = rng.normal(size=page.CELLS) * q
        near = 1e-6
        both = [page.value(P, q + s * near * way) for s in (1, -1)]
        assert (both[0] - both[1]) / (2 * near) == pytest.approx(page.pulls(P, q) @ way, rel=1e-5)


def test_a_shift_stops_in_a_valley():
    """The descent ends where a bounded search finds the local minimum of C(θ)."""
    for start, bounds in ((3.4, (3.0, 5.0)), (-3.0, (-5.0, -3.0)), (1.0, (-1.0, 1.5))):
        found = page.of_parameter(P, start, page.RATE, 300)[-1]
        lowest = minimize_scalar(
            lambda t: float(page.c_of(P, page.masses(t))), bounds=bounds, method="bounded"
        )
        assert found == pytest.approx(lowest.x, abs=1e-3)
    assert page.c_of(P, page.masses(0.0)) == pytest.approx(theory.c_g(0.0))


def test_what_it_says_and_the_lab():
    shown = page.ENTRY.at()
    assert shown.frames == page.STEPS + 1 and "stuck" in shown.says[-1]
    assert "has found p_data" in page.ENTRY.at(theta=1.0).says[-1]
    spec = page.ENTRY.lab(page.ENTRY.read())
    assert spec.d_to_optimum > 0 and spec.g_bias == "alone"
