"""Finite data: D's optimum against another minimiser, V against other rules, copies counted."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from ganlab.demonstrations import finite_data as page
from ganlab.demonstrations import kernel_d

LN4 = math.log(4)


def d_on(count, detail=20, seed=3):
    return page.bumps_of(detail, count, seed), np.array(page.trained(detail, count, seed))


@pytest.mark.parametrize("count", [10, 60, 400])
def test_no_other_minimiser_finds_a_lower_cost(count):
    """The cost is strictly convex: L-BFGS on the plain formula ends at the same weights."""
    bumps, weights = d_on(count)
    real, fake = page.real_points(count, 3), page.fake_points(count, 3)

    def bump(x):
        away = ((x[:, None] - bumps.centres[None]) ** 2).sum(2)
        return np.column_stack([1 / (1 + away / 0.25**2), np.ones(len(x))])

    a, b = bump(real), bump(fake)
    np.testing.assert_allclose(bumps.of(real), a, atol=1e-12)

    def cost(w):
        value = np.logaddexp(0, -a @ w).mean() + np.logaddexp(0, b @ w).mean()
        by = -a.T @ expit(-a @ w) / count + b.T @ expit(b @ w) / count
        return value + 1e-5 / 2 * w @ w, by + 1e-5 * w

    limits = {"maxiter": 20_000, "maxfun": 20_000, "ftol": 0, "gtol": 1e-8}
    start = np.zeros(bumps.size)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=limits)
    assert cost(weights)[0] <= found.fun + 1e-12
    assert cost(weights)[0] == pytest.approx(found.fun, abs=1e-7)
    assert np.abs(kernel_d.gradient(weights, a, b)).max() < kernel_d.TOLERANCE
    np.testing.assert_allclose(kernel_d.gradient(weights, a, b), cost(weights)[1], atol=1e-12)
    before = cost(weights)[0]
    assert kernel_d.cost(weights, a, b) == pytest.approx(before, abs=1e-12)


def test_slopes_of_the_logit_are_its_differences():
    bumps, weights = d_on(30)
    x, near = np.random.default_rng(0).normal(size=(20, 2)), 1e-6
    for axis in (0, 1):
        way = near * np.eye(2)[axis]
        wanted = (bumps.logits(weights, x + way) - bumps.logits(weights, x - way)) / (2 * near)
        np.testing.assert_allclose(bumps.slopes(weights, x)[:, axis], wanted, rtol=1e-5, atol=1e-5)


def test_densities_are_those_of_the_samples():
    """Both integrate to 1, and the share of samples near a mode is that of the density."""
    for which, draw in ((0, page.real_points), (1, page.fake_points)):
        inside = dblquad(
            lambda y, x, which=which: page.densities(np.array([[x, y]]))[which][0],
            1.5,
            2.5,
            -0.5,
            0.5,
            epsabs=1e-6,
        )[0]
        x = draw(10_000, 0)
        share = ((np.abs(x - [2, 0]) < 0.5).all(1)).mean()
        assert share == pytest.approx(inside, abs=4.5 * math.sqrt(inside / 10_000))
    one = norm.pdf(1.2, 0, 1.5) * norm.pdf(-0.4, 0, 1.5)
    assert page.densities(np.array([[1.2, -0.4]]))[1][0] == pytest.approx(one)


def test_v_on_all_points_is_that_on_many_samples():
    bumps, weights = d_on(100)
    value = page.everywhere(bumps, weights)
    assert value == pytest.approx(page.everywhere(bumps, weights, pieces=True), abs=1e-3)
    fresh = page.real_points(10_000, 77), page.fake_points(10_000, 77)
    each = [
        np.logaddexp(0, s * bumps.logits(weights, x)) for s, x in zip((-1, 1), fresh, strict=True)
    ]
    error = math.sqrt(sum(e.var() for e in each) / 10_000)
    assert value == pytest.approx(-sum(e.mean() for e in each), abs=4.5 * error)
    assert page.on_points(bumps, weights, *fresh) == pytest.approx(-sum(e.mean() for e in each))


def test_d_learns_few_points_by_heart_and_many_not():
    """No D is better than D* on all points; on the training points it may be."""
    best, by_jsd = page.best()
    assert best == pytest.approx(by_jsd, abs=1e-4) and -LN4 < best < 0
    gaps = []
    for count in page.COUNTS:
        trained, beyond = page.worths(40, count, 0)
        assert beyond < best + 1e-6
        gaps.append(trained - beyond)
    assert all(b < a for a, b in zip(gaps[1:], gaps[2:], strict=False)), gaps
    assert page.worths(40, 30, 0)[0] > best > -LN4 > page.worths(40, 30, 0)[1]
    assert gaps[-1] < 0.03


@pytest.mark.parametrize("seed", [0, 1])
def test_samples_of_g_copy_training_points_if_they_are_few(seed):
    few, many = page.ENTRY.at(n="30", seed=seed), page.ENTRY.at(n="10000", seed=seed)
    assert "copies" in few.says[-1] and "no copies" not in few.says[-1]
    assert "every sample on a mode is near one" in many.says[-1]
    share = next(n for n in few.numbers if n.label.startswith("share within"))
    assert f"{share.value[-1]:.0%} of G's samples" in few.says[-1] and 0.5 < share.value[-1] <= 1
    assert "by heart" in few.says[0] and "about the same" in many.says[0]


def test_samples_climb():
    bumps, weights = d_on(30)
    path = page.moved(bumps, weights, np.random.default_rng(0).normal(size=(20, 2)))
    heights = np.array([bumps.logits(weights, x) for x in path])
    assert (np.diff(heights, axis=0) >= 0).all() and (heights[-1] > heights[0] + 0.5).all()


def test_nearest_is_the_smallest_of_all_distances():
    rng = np.random.default_rng(0)
    points, among = rng.normal(size=(4, 7, 2)), rng.normal(size=(130, 2))
    wanted = np.array([[min(math.dist(p, q) for q in among) for p in row] for row in points])
    np.testing.assert_allclose(page.nearest(points, among), wanted, rtol=1e-9)
    np.testing.assert_allclose(page.by_trial(points, among), wanted, atol=1e-7)


def test_points_are_the_first_of_one_sequence_and_the_lab_has_them():
    np.testing.assert_array_equal(page.real_points(10, 5), page.real_points(1000, 5)[:10])
    assert not np.array_equal(page.real_points(10, 5), page.real_points(10, 6))
    spec = page.ENTRY.lab(page.ENTRY.read({"n": "10"}))
    points = np.array(spec.target_params["points"]).reshape(-1, 2)
    np.testing.assert_allclose(points, page.real_points(10, 0), atol=1e-3)
    assert page.ENTRY.lab(page.ENTRY.read({"n": "1000"})).target == "ring"
