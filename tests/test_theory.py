"""Closed forms compared with SciPy, numeric maximisation and values from the literature."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import expit
from scipy.stats import entropy

from ganlab import theory

LN2 = math.log(2)


def masses(seed: int, shape=(5, 40), zeros: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, q = rng.gamma(0.3, size=(2, *shape)) * (rng.random((2, *shape)) > zeros)
    return p / p.sum(-1, keepdims=True), q / q.sum(-1, keepdims=True)


def test_d_star_maximises_the_value_pointwise():
    p, q = masses(0, (60,), zeros=0.0)
    d = np.linspace(0, 1, 10_001)[1:-1]
    gain = p[:, None] * np.log(d) + q[:, None] * np.log1p(-d)
    best = d[gain.argmax(1)]
    closed = theory.d_star(p, q)
    inner = (closed > d[0]) & (closed < d[-1])
    assert inner.sum() > 40
    np.testing.assert_allclose(best[inner], closed[inner], rtol=0, atol=1e-4)


def test_d_star_where_one_or_both_are_missing():
    got = theory.d_star([0.5, 0.0, 0.2, 0.0, 5e-324], [0.0, 0.3, 0.2, 0.0, 0.0])
    np.testing.assert_array_equal(got, [1.0, 0.0, 0.5, np.nan, 1.0])


@pytest.mark.parametrize("seed", range(3))
def test_kl_is_scipys(seed):
    p, q = masses(seed, zeros=0.0)
    np.testing.assert_allclose(theory.kl(p, q), entropy(p, q, axis=-1), rtol=1e-11)
    np.testing.assert_allclose(theory.kl(p, q[0]), entropy(p, q[[0]], axis=-1), rtol=1e-11, atol=0)


def test_kl_of_cells_without_mass():
    assert theory.kl([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]) == pytest.approx(LN2, abs=1e-15)
    assert theory.kl([0.25, 0.25, 0.5], [0.5, 0.5, 0.0]) == math.inf
    assert theory.kl([0.3, 0.7, 0.0], [0.3, 0.7, 0.0]) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_jsd_is_scipys_symmetric_and_bounded(seed):
    p, q = masses(seed)
    got = theory.jsd(p, q)
    assert got.shape == (5,)
    np.testing.assert_allclose(got, jensenshannon(p, q, axis=-1) ** 2, rtol=1e-10)
    np.testing.assert_allclose(got, theory.jsd(q, p), rtol=1e-13)
    assert np.all((got > 0.05) & (got < LN2))
    np.testing.assert_array_equal(theory.jsd(p, p), 0.0)


def test_jsd_of_disjoint_is_ln_2_however_small_the_masses():
    rng = np.random.default_rng(0)
    for cells in (1, 7, 300):
        p, q = rng.random((2, cells))
        p, q = np.r_[p / p.sum(), np.zeros(cells)], np.r_[np.zeros(cells), q / q.sum()]
        assert theory.jsd(p, q) == pytest.approx(LN2, abs=2e-15)
        assert theory.jsd(p, q) <= LN2
    tiny = np.array([1.0, 5e-324])
    assert theory.jsd(tiny, [1.0, 0.0]) == 0.0  # not inf, through a mean that underflows


def test_value_against_the_plain_formula_and_at_a_half():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(3, 50)), rng.normal(size=(3, 70))
    plain = np.log(expit(real)).mean(-1) + np.log(1 - expit(fake)).mean(-1)
    np.testing.assert_allclose(theory.value(real, fake), plain, rtol=1e-12)
    assert theory.value(np.zeros(4), np.zeros(4)) == pytest.approx(-math.log(4), abs=1e-15)


def test_value_of_extreme_logits_is_exact():
    assert theory.value([1e3], [-1e3]) == 0.0
    assert theory.value([-1e3, -1e3], [1e3]) == -2e3
    # Far beyond the point where 1 - sigmoid rounds to 0.
    assert theory.value([40.0], [-40.0]) == pytest.approx(-2 * math.exp(-40), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_value_at_d_star_is_c_of_g(seed):
    # Theorem 1, on samples: counts are the masses, so means over samples are sums over cells.
    rng = np.random.default_rng(seed)
    real, fake = rng.multinomial(4000, rng.dirichlet(np.ones(12)), 2) + 1
    p, q = real / real.sum(), fake / fake.sum()
    d = theory.d_star(p, q)
    logits = np.log(d / (1 - d))
    at_best = theory.value(np.repeat(logits, real), np.repeat(logits, fake))
    assert at_best == pytest.approx(theory.c_g(theory.jsd(p, q)), abs=1e-12)
    worse = theory.value(np.repeat(logits + 0.1, real), np.repeat(logits + 0.1, fake))
    assert worse < at_best - 1e-4


def test_c_g_at_its_ends():
    np.testing.assert_allclose(theory.c_g([0.0, LN2]), [-math.log(4), 0.0], rtol=0, atol=1e-15)


@pytest.mark.parametrize(("k", "jsd"), [(1, 0.4969), (4, 0.2158), (7, 0.0454)])
def test_k_of_8_modes_table(k, jsd):
    assert theory.jsd_captured(k, 8) == pytest.approx(jsd, abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 8, 25])
def test_k_of_n_modes_is_the_divergence_of_those_masses(n):
    for k in range(1, n + 1):
        data, generator = np.full(n, 1 / n), np.where(np.arange(n) < k, 1 / k, 0.0)
        assert theory.jsd_captured(k, n) == pytest.approx(theory.jsd(data, generator), abs=1e-14)
        assert theory.kl_captured(k, n) == pytest.approx(theory.kl(generator, data), abs=1e-14)
        if k < n:
            assert theory.kl(data, generator) == math.inf


def test_k_of_n_modes_at_its_ends_and_beyond():
    np.testing.assert_allclose(theory.jsd_captured([0, 8], 8), [LN2, 0.0], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(theory.kl_captured([0, 8], 8), [math.inf, 0.0])
    for k, n in ((-1, 8), (9, 8), (0, 0), (math.nan, 8)):
        with pytest.raises(ValueError, match="0 <= k <= n"):
            theory.jsd_captured(k, n)
        with pytest.raises(ValueError, match="0 <= k <= n"):
            theory.kl_captured(k, n)
