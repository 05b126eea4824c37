"""Metrics compared with plain loops, SciPy, closed forms and their own noise floors."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest, norm, wasserstein_distance

from ganlab import metrics, theory
from ganlab.engine.near import near_shares
from ganlab.targets import TARGETS, make_target


def slow_pushforward(x, mass, edges):
    """One interval and one cell at a time."""
    bounds = [-math.inf, *edges, math.inf]
    out = np.zeros(len(edges) + 1)
    for i, m in enumerate(mass):
        low, high = sorted((x[i], x[i + 1]))
        for j in range(len(out)):
            left, right = bounds[j], bounds[j + 1]
            if low == high:
                out[j] += m if left <= low < right else 0.0
            else:
                out[j] += m * max(0.0, min(high, right) - max(low, left)) / (high - low)
    return out


RNG = np.random.default_rng(0)
EDGES = np.linspace(-2, 2, 23)
UNEVEN = np.sort(RNG.uniform(-2, 2, 30))
MAPS = {
    "identity": np.linspace(-1.9, 1.9, 61),
    "falling": np.linspace(3, -3, 61),
    "rough": RNG.normal(size=61) * 1.5,
    "folded": np.sin(np.linspace(0, 20, 61)) * 2.5,
    "collapsed": np.full(61, 0.37),
    "collapsed on an edge": np.full(61, EDGES[7]),
    "all left": np.linspace(-9, -5, 61),
    "all right": np.linspace(5, 9, 61),
    "flat steps": np.round(np.linspace(-3, 3, 61)),
    "on edges": EDGES[RNG.integers(0, len(EDGES), 61)],
    "rough to the left": RNG.uniform(-1.9, 0.3, 61),
    "rough to the right": RNG.uniform(-0.3, 1.9, 61),
    "rough in the middle": RNG.uniform(-0.9, 0.7, 61),
    "short": RNG.normal(size=61) * 0.01 + 0.1,
    "one wide": np.r_[np.full(30, -1e12), np.full(31, 1e12)],
    "hair's breadth over an edge": np.nextafter(EDGES[5], RNG.choice([-9.0, 9.0], 61)),
    "narrow beside wide": np.cumsum(RNG.choice([1e-15, 1e-11, 0.3], 61)) - 2,
}


@pytest.mark.parametrize("edges", [EDGES, UNEVEN, np.array([0.37])], ids=["even", "uneven", "one"])
@pytest.mark.parametrize("name", MAPS)
def test_pushforward_is_the_plain_double_loop(name, edges):
    mass = np.random.default_rng(1).dirichlet(np.ones(60))
    got = metrics.pushforward_1d(MAPS[name], mass, edges)
    want = slow_pushforward(MAPS[name], mass, edges)
    np.testing.assert_allclose(got, want, rtol=0, atol=5e-15)
    assert got.sum() == pytest.approx(1.0, abs=1e-13)
    # Empty cells must be exactly 0, since KL and D* depend on it.
    np.testing.assert_array_equal(got[want == 0], 0.0)
    assert np.all(got >= 0)


def test_pushforward_of_many_runs_is_each_alone():
    mass = np.full(60, 1 / 60)
    x = np.stack(list(MAPS.values())[:6]).reshape(2, 3, 61)
    got = metrics.pushforward_1d(x, mass, EDGES)
    assert got.shape == (2, 3, len(EDGES) + 1)
    for i in np.ndindex(2, 3):
        np.testing.assert_allclose(
            got[i], metrics.pushforward_1d(x[i], mass, EDGES), rtol=0, atol=1e-15
        )


def test_pushforward_of_normal_quantiles_is_the_normal_distribution():
    z = norm.ppf(np.linspace(0, 1, 4097)[1:-1])
    x, mass = np.r_[-9, z, 9], np.full(4096, 1 / 4096)
    want = np.diff(norm.cdf(np.r_[-np.inf, EDGES, np.inf]))
    np.testing.assert_allclose(metrics.pushforward_1d(x, mass, EDGES), want, rtol=0, atol=2e-6)


def test_pushforward_refuses_what_has_no_answer():
    mass = np.full(3, 1 / 3)
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="not finite"):
            metrics.pushforward_1d([0.0, bad, 1.0, 2.0], mass, EDGES)
    with pytest.raises(ValueError, match="not finite"):
        metrics.pushforward_1d([0.0, 1e308, -1e308, 0.0], mass, EDGES)
    with pytest.raises(ValueError, match="one value more"):
        metrics.pushforward_1d([0.0, 1.0, 2.0], mass, EDGES)
    with pytest.raises(ValueError, match="increasing"):
        metrics.pushforward_1d([0.0, 1.0, 2.0, 3.0], mass, EDGES[::-1])


@pytest.mark.parametrize("low", [-1.0, 0.1, 1e5])
def test_histogram_is_numpys(low):
    rng = np.random.default_rng(3)
    xe, ye = np.linspace(low, low + 0.7, 8), np.linspace(-1, 2, 31)
    x = np.r_[rng.uniform(low - 0.2, low + 0.9, 3000), rng.choice(xe, 500), low + 0.1 * 3]
    y = np.r_[rng.normal(size=3000), rng.choice(ye, 500), 2.0]
    # Also one step of rounding to either side of an edge.
    x[3000:3400] = np.nextafter(x[3000:3400], rng.choice([-np.inf, np.inf], 400))
    got = metrics.histogram_2d(np.stack([x, y], -1), xe, ye)
    want = np.histogram2d(x, y, (xe, ye))[0]
    assert 1000 < want.sum() < 3400
    np.testing.assert_array_equal(np.rint(got[:-1] * len(x)).reshape(7, 30), want)
    assert got[-1] == pytest.approx(1 - want.sum() / len(x), abs=1e-15)
    assert got.sum() == pytest.approx(1.0, abs=1e-14)


def test_histogram_of_many_runs_and_of_points_outside():
    rng = np.random.default_rng(4)
    points, edges = rng.normal(size=(2, 3, 400, 2)), np.linspace(-2, 2, 9)
    got = metrics.histogram_2d(points, edges, edges)
    assert got.shape == (2, 3, 65)
    for i in np.ndindex(2, 3):
        np.testing.assert_array_equal(got[i], metrics.histogram_2d(points[i], edges, edges))
    bad = [[np.nan, 0], [0, np.inf], [-np.inf, 0], [3, 0], [0, -1e308], [0, 0], [2, 2], [-2, -2]]
    got = metrics.histogram_2d(bad, edges, edges)
    assert (got[-1], got[0], got[36], got[63]) == (5 / 8, 1 / 8, 1 / 8, 1 / 8)


def test_histogram_refuses_uneven_edges_and_no_points():
    even = np.linspace(0, 1, 5)
    for edges in (np.array([0, 0.1, 1.0]), even[::-1], np.array([0.0])):
        with pytest.raises(ValueError, match="edges"):
            metrics.histogram_2d(np.zeros((3, 2)), edges, even)
    for points in (np.zeros((0, 2)), np.zeros((3, 3)), np.zeros(2)):
        with pytest.raises(ValueError, match="points"):
            metrics.histogram_2d(points, even, even)


def plain_smooth(row, sigma):
    reach = int(4 * sigma + 0.5)
    kernel = np.array([math.exp(-0.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1)])
    kernel /= kernel.sum()
    out = np.zeros(len(row))
    for i, m in enumerate(row):
        for k in range(-reach, reach + 1):
            if 0 <= i + k < len(row):
                out[i + k] += m * kernel[k + reach]
    return out


@pytest.mark.parametrize("sigma", [0.5, 1.7])
def test_smooth_is_a_plain_convolution(sigma):
    mass = np.random.default_rng(0).dirichlet(np.ones(40), 3)
    want = np.stack([plain_smooth(row, sigma) for row in mass])
    np.testing.assert_allclose(metrics.smooth(mass, sigma), want, rtol=0, atol=1e-15)
    both = np.stack([plain_smooth(col, sigma) for col in want.T]).T
    np.testing.assert_allclose(metrics.smooth(mass, sigma, (-2, -1)), both, rtol=0, atol=1e-15)


def test_smooth_keeps_inner_mass_loses_leaving_mass_and_spreads_by_sigma():
    atom = np.zeros(101)
    atom[50] = 1.0
    out, i = metrics.smooth(atom, 5.0), np.arange(101)
    assert out.sum() == pytest.approx(1.0, abs=1e-14)
    assert math.sqrt((out * (i - 50) ** 2).sum()) == pytest.approx(5.0, rel=3e-3)
    edge = np.zeros(101)
    edge[0] = 1.0
    assert metrics.smooth(edge, 5.0).sum() == pytest.approx(0.5 + out[50] / 2, abs=1e-13)
    np.testing.assert_array_equal(metrics.smooth(atom, 0.0), atom)
    assert metrics.smooth(atom, 0.0) is not atom
    for bad in (-1.0, math.nan):
        with pytest.raises(ValueError, match="sigma_cells"):
            metrics.smooth(atom, bad)


def test_w1_quantiles_is_scipys_and_scales():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 300)), rng.gamma(2.0, size=(4, 300))
    got = metrics.w1_quantiles(a, b)
    np.testing.assert_allclose(
        got, [wasserstein_distance(x, y) for x, y in zip(a, b, strict=True)], rtol=1e-12
    )
    np.testing.assert_allclose(metrics.w1_quantiles(-3 * a, -3 * b), 3 * got, rtol=1e-12)
    np.testing.assert_allclose(metrics.w1_quantiles(a, a[:, ::-1] + 0.4), 0.4, rtol=1e-12)
    assert metrics.w1_quantiles(a, b[0]).shape == (4,)
    with pytest.raises(ValueError, match="equally many"):
        metrics.w1_quantiles(a, b[:, :1])


def test_w1_quantiles_of_two_widths_is_the_closed_form():
    u = (np.arange(4096) + 0.5) / 4096
    got = metrics.w1_quantiles(norm.ppf(u), norm.ppf(u, scale=3.0))
    assert got == pytest.approx(2 * math.sqrt(2 / math.pi), abs=2e-3)


def test_w1_exact_against_one_dimension_and_assignment():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 1)), rng.gamma(2.0, size=(45, 1))
    assert metrics.w1_exact(a, b) == pytest.approx(
        wasserstein_distance(a[:, 0], b[:, 0]), rel=1e-10
    )
    x, y = rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) * 0.5 + 1
    cost = np.linalg.norm(x[:, None] - y, axis=-1)
    want = cost[linear_sum_assignment(cost)].mean()
    assert metrics.w1_exact(x, y) == pytest.approx(want, rel=1e-10)
    assert metrics.w1_exact(7 * x, 7 * y) == pytest.approx(7 * want, rel=1e-10)
    assert metrics.w1_exact(x, x[::-1]) == pytest.approx(0.0, abs=1e-12)


def test_w1_sliced_is_a_plain_loop_over_directions():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 2)), rng.normal(size=(80, 2)) * 0.5 + 1
    angles = [math.pi * (i + 0.5) / 16 for i in range(16)]
    directions = [np.array([math.cos(a), math.sin(a)]) for a in angles]
    plain = [wasserstein_distance(x @ v, y @ v) for v in directions]
    got = metrics.w1_sliced(x, y, projections=16)
    assert got == pytest.approx(np.mean(plain), rel=1e-10)
    assert metrics.w1_sliced(3 * x, 3 * y, 16) == pytest.approx(3 * got, rel=1e-10)
    assert 0.3 * metrics.w1_exact(x, y) < got < metrics.w1_exact(x, y)


@pytest.mark.parametrize("shift", [(0.6, 0.8), (1.0, 0.0), (0.0, -1.0)])
def test_w1_sliced_of_a_shift_in_the_plane(shift):
    x = np.random.default_rng(0).normal(size=(20, 2))
    # The mean of |cos| over the half circle.
    assert metrics.w1_sliced(x, x + shift) == pytest.approx(2 / math.pi, abs=1e-3)


@pytest.mark.parametrize("target", [n for n in TARGETS if TARGETS[n].dim == 2])
def test_w1_sliced_is_that_of_5000_directions(target):
    made = make_target(target)
    x = made.sample(1024, torch.Generator().manual_seed(1)).double().numpy()
    rng = np.random.default_rng(2)
    wide = made.box[0, 1] * 0.3
    others = (
        x[:1].repeat(1024, 0) + 0.01 * rng.normal(size=x.shape),  # collapsed on a point
        wide * rng.normal(size=x.shape),  # a blob over all
        np.stack([wide * rng.normal(size=1024), np.zeros(1024)], 1),  # on a line
        x * [0.5, 1.0] + [0.3 * wide, 0.0],  # squeezed and shifted
    )
    for y in others:
        want = metrics.w1_sliced(x, y, 5000)
        assert metrics.w1_sliced(x, y) == pytest.approx(want, rel=0.01), target


@pytest.mark.parametrize("distance", [metrics.w1_exact, metrics.w1_sliced])
def test_w1_of_samples_refuses_what_has_no_answer(distance):
    good = np.zeros((4, 2))
    for bad in (np.full((4, 2), np.nan), np.zeros((4, 3)), np.zeros((0, 2)), np.zeros(4)):
        with pytest.raises(ValueError, match="samples"):
            distance(bad, good)
        with pytest.raises(ValueError, match="samples"):
            distance(good, bad)


@pytest.mark.parametrize("theta", [0.25, -1.5])
def test_parallel_lines(theta):
    # Arjovsky et al. 2017, Example 1: JSD and KL do not measure the distance, W1 does.
    z = np.random.default_rng(0).random(120)
    a, b = np.stack([0 * z, z], -1), np.stack([0 * z + theta, z], -1)
    assert metrics.w1_exact(a, b) == pytest.approx(abs(theta), rel=1e-12)
    cells = np.linspace(-2.05, 2.05, 42)
    p, q = (metrics.histogram_2d(points, cells, cells) for points in (a, b))
    assert theory.jsd(p, q) == pytest.approx(math.log(2), abs=1e-14)
    assert theory.kl(p, q) == theory.kl(q, p) == math.inf


def ring(count=8, radius=2.0, std=0.02):
    angle = 2 * np.pi * np.arange(count) / count
    return SimpleNamespace(
        centers=radius * np.stack([np.cos(angle), np.sin(angle)], -1),
        std=np.full(count, std),
        weights=np.full(count, 1 / count),
    )


def grid(side=5, std=0.05):
    at = 2.0 * np.arange(side) - (side - 1)
    return SimpleNamespace(
        centers=np.stack(np.meshgrid(at, at), -1).reshape(-1, 2),
        std=np.full(side**2, std),
        weights=np.full(side**2, side**-2.0),
    )


def perfect(modes, rng, *shape):
    which = rng.choice(len(modes.weights), shape, p=modes.weights)
    noise = rng.normal(size=(*shape, modes.centers.shape[1]))
    return modes.centers[which] + modes.std[which][..., None] * noise


def test_ring_against_one_mode_has_the_closed_form_w1():
    # Everything must move to one mode: mean chord (1/2) cot(pi/16) = 2.5137; W2^2 = 8.
    modes = ring()
    want = 0.5 / math.tan(math.pi / 16)
    assert want == pytest.approx(2.5137, abs=5e-5)
    one = np.tile(modes.centers[3], (8, 1))
    assert metrics.w1_exact(modes.centers, one) == pytest.approx(want, rel=1e-12)
    rng = np.random.default_rng(0)
    noise = modes.std[0] * rng.normal(size=(2, 400, 2))
    x, y = np.repeat(modes.centers, 50, axis=0) + noise[0], modes.centers[3] + noise[1]
    # The triangle inequality bounds the effect of noise, from which the plan profits.
    bound = np.linalg.norm(noise, axis=-1).mean(-1).sum()
    assert bound < 0.06
    assert want - bound < metrics.w1_exact(x, y) < want


@pytest.mark.parametrize("modes", [ring(), grid()], ids=["ring", "grid"])
def test_a_perfect_sampler_scores_the_ceiling_and_the_floor(modes):
    m, n, runs = len(modes.weights), 2500, 120
    score = metrics.mode_score(perfect(modes, np.random.default_rng(0), runs, n), modes)
    ceiling = 1 - math.exp(-4.5)
    error = math.sqrt(ceiling * (1 - ceiling) / n)  # .0021 for one run
    assert np.all(np.abs(score.high_quality - ceiling) < 4 * error)
    assert abs(score.high_quality.mean() - ceiling) < 4 * error / math.sqrt(runs)
    np.testing.assert_array_equal(score.captured, m)
    # 2n KL is chi-square with m - 1 degrees of freedom.
    floor = (m - 1) / (2 * n * ceiling)
    tolerance = 4 * math.sqrt(2 / (m - 1) / runs)
    assert score.reverse_kl.mean() == pytest.approx(floor, rel=tolerance)
    assert floor == pytest.approx({8: 0.0014, 25: 0.0048}[m], abs=1e-4)
    spread = 5 * math.sqrt((1 / m) * (1 - 1 / m) / n)
    assert np.all(np.abs(score.shares - 1 / m) < spread)
    np.testing.assert_allclose(score.shares.sum(-1), 1.0, rtol=0, atol=1e-14)


def test_one_dimension_has_its_own_ceiling():
    modes = SimpleNamespace(
        centers=np.array([[-2.0], [2.0]]), std=np.full(2, 0.3), weights=np.array([0.5, 0.5])
    )
    score = metrics.mode_score(perfect(modes, np.random.default_rng(1), 100_000), modes)
    want = 2 * norm.cdf(3) - 1
    assert score.high_quality == pytest.approx(want, abs=4 * math.sqrt(want * (1 - want) / 1e5))


@pytest.mark.parametrize("k", [1, 4, 7, 8])
def test_k_captured_modes_score_ln_n_over_k(k):
    modes = ring()
    score = metrics.mode_score(np.repeat(modes.centers[:k], 10, axis=0), modes)
    assert score.captured == k
    assert score.high_quality == 1.0
    assert score.reverse_kl == pytest.approx(theory.kl_captured(k, 8), abs=1e-14)
    np.testing.assert_allclose(score.shares, np.where(np.arange(8) < k, 1 / k, 0), atol=1e-15)


def test_high_quality_ends_at_three_sigma_of_the_nearest_mode_in_its_own_sigma():
    modes = SimpleNamespace(
        centers=np.array([[0.0, 0.0], [10.0, 0.0]]),
        std=np.array([1.0, 0.1]),
        weights=np.array([0.25, 0.75]),
    )
    # Diagonal, so that the distance is Euclidean; the last is Euclid-nearer to the narrow mode.
    samples = [[2.1, 2.1], [2.13, 2.13], [10.0, 0.29], [10.0, 0.31], [9.0, 0.0]]
    score = metrics.mode_score(samples, modes)
    assert score.captured == 2
    assert score.high_quality == 2 / 5
    assert score.reverse_kl == pytest.approx(theory.kl([0.5, 0.5], [0.25, 0.75]), abs=1e-15)
    np.testing.assert_array_equal(score.shares, [3 / 5, 2 / 5])


def test_scores_of_samples_that_are_far_or_not_finite():
    modes = ring()
    score = metrics.mode_score(np.zeros((6, 2)) + [9, 9], modes)
    assert (score.captured, score.high_quality) == (0, 0.0)
    assert math.isnan(score.reverse_kl)
    assert score.shares.sum() == 1.0
    bad = [[np.nan, 0], [np.inf, 0], [2, -np.inf], modes.centers[0]]
    score = metrics.mode_score(bad, modes)
    assert (score.captured, score.high_quality, score.shares.sum()) == (1, 0.25, 0.25)
    score = metrics.mode_score(bad[:3], grid())  # which has a mode at 0
    assert (score.captured, score.high_quality, score.shares.sum()) == (0, 0.0, 0.0)
    for wrong in (np.zeros((0, 2)), np.zeros((5, 3)), np.zeros(2)):
        with pytest.raises(ValueError, match="samples"):
            metrics.mode_score(wrong, modes)


def test_scores_of_many_runs_are_each_alone():
    modes = grid()
    samples = np.random.default_rng(2).normal(size=(2, 3, 200, 2)) * 3
    samples[1, 2] = 99.0
    score = metrics.mode_score(samples, modes)
    assert score.shares.shape == (2, 3, 25)
    for i in np.ndindex(2, 3):
        alone = metrics.mode_score(samples[i], modes)
        for name in ("captured", "high_quality", "reverse_kl", "shares"):
            np.testing.assert_array_equal(getattr(score, name)[i], getattr(alone, name))


def test_samples_between_narrow_modes_are_near_none_of_them():
    modes = SimpleNamespace(
        centers=np.array([[0.0], [4.0], [8.0]]), std=np.full(3, 0.1), weights=np.full(3, 1 / 3)
    )
    x = np.array([[0.0], [0.9], [-0.9], [2.0], [5.1], [4.9], [8.0], [np.nan]])
    np.testing.assert_allclose(near_shares(x, modes), np.array([3, 1, 1]) / 8)
    wide = SimpleNamespace(centers=modes.centers, std=np.full(3, 0.5), weights=modes.weights)
    np.testing.assert_allclose(near_shares(x, wide), np.array([3, 2, 1]) / 8)
    one = SimpleNamespace(centers=np.zeros((1, 1)), std=np.ones(1), weights=np.ones(1))
    np.testing.assert_allclose(near_shares(np.stack([x, x + 1]), one), [[4 / 8], [4 / 8]])


def test_d_distance_is_a_weighted_mean_over_defined_cells():
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.5, 0.5, 0.0])
    best = theory.d_star(p, q)
    weight = (p + q) / 2
    d = np.array([[0.5] * 4, [1.0, 0.5, 0.0, 0.9], [0.0, 0.5, 1.0, np.nan]])
    got = metrics.d_distance(d, best, weight)
    np.testing.assert_allclose(got, [0.25, 0.0, 0.5], rtol=0, atol=1e-15)
    assert metrics.d_distance([0.2, 0.9], [0.5, np.nan], [1.0, 99.0]) == pytest.approx(0.3)
    assert math.isnan(metrics.d_distance([0.2], [np.nan], [1.0]))


@pytest.mark.parametrize(("held", "of"), [(0, 10), (10, 10), (45, 50), (50, 50), (1, 3)])
def test_wilson_is_scipys(held, of):
    want = binomtest(held, of).proportion_ci(method="wilson")
    assert metrics.wilson(held, of) == pytest.approx((want.low, want.high), abs=1e-6)
    with pytest.raises(ValueError, match="must be a count"):
        metrics.wilson(of + 1, of)
