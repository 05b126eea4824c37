"""The 1-D targets compared with SciPy, root finding and plain loops."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import brentq

from ganlab.targets import TARGETS, make_target
from ganlab.targets.one_d import float32_inside

SCIPY = [
    ("gaussian", {"mean": -2.5, "std": 0.3}, stats.norm(-2.5, 0.3)),
    ("gaussian", {}, stats.norm(1.0, 0.7)),
    ("uniform", {"center": 1.0, "width": 3.0}, stats.uniform(-0.5, 3.0)),
    ("laplace", {"mean": 2.0, "scale": 0.4}, stats.laplace(2.0, 0.4)),
    ("cauchy", {"location": -1.0, "scale": 0.2}, stats.cauchy(-1.0, 0.2)),
]
LINE = [name for name in TARGETS if TARGETS[name].dim == 1 and make_target(name).has_density]


@pytest.mark.parametrize(("name", "params", "oracle"), SCIPY)
def test_agrees_with_scipy(name, params, oracle):
    target = make_target(name, params)
    x = np.linspace(-12, 12, 483).reshape(3, -1)
    np.testing.assert_allclose(
        target.log_density(x[..., None]), oracle.logpdf(x), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(target.cdf(x), oracle.cdf(x), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(target.sf(x), oracle.sf(x), rtol=1e-10, atol=1e-300)
    u = np.concatenate([[1e-300, 1e-12], np.linspace(0.001, 0.999, 200), [1 - 1e-12]])
    np.testing.assert_allclose(target.ppf(u), oracle.ppf(u), rtol=1e-11, atol=1e-12)
    assert target.ppf(np.array([0.0, 1.0])).tolist() == list(oracle.support())


def mixture_by_loop(centers, std, weights, function, x):
    return sum(w * function(x, c, std) for c, w in zip(centers, weights, strict=True))


MIXTURES = [
    ("two_gaussians", {"separation": 3, "std": 0.2}, [-1.5, 1.5], 0.2, [0.5, 0.5]),
    ("two_gaussians", {"weights": (3, 1)}, [-2, 2], 0.5, [0.75, 0.25]),
    ("gaussians", {}, [-3, -1, 1, 3], 0.3, [0.25] * 4),
    (
        "gaussians",
        {"count": 3, "spacing": 1, "std": 0.6, "weights": (1, 2, 5)},
        [-1, 0, 1],
        0.6,
        [0.125, 0.25, 0.625],
    ),
]


@pytest.mark.parametrize(("name", "params", "centers", "std", "weights"), MIXTURES)
def test_mixtures_agree_with_a_loop_over_their_modes(name, params, centers, std, weights):
    target = make_target(name, params)
    np.testing.assert_allclose(target.modes.centers[:, 0], centers, atol=1e-15)
    np.testing.assert_allclose(target.modes.std, std)
    np.testing.assert_allclose(target.modes.weights, weights)
    x = np.linspace(-5, 5, 301)
    for ours, theirs in (
        (np.exp(target.log_density(x[:, None])), stats.norm.pdf),
        (target.cdf(x), stats.norm.cdf),
        (target.sf(x), stats.norm.sf),
    ):
        loop = mixture_by_loop(centers, std, weights, theirs, x)
        np.testing.assert_allclose(ours, loop, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize(("name", "params", "centers", "std", "weights"), MIXTURES)
def test_mixture_quantiles_agree_with_root_finding(name, params, centers, std, weights):
    target = make_target(name, params)
    u = np.concatenate([[1e-14, 1e-9], np.linspace(0.003, 0.997, 38), [1 - 1e-9]])

    def root(v):
        return brentq(
            lambda x: mixture_by_loop(centers, std, weights, stats.norm.cdf, x) - v,
            -12,
            12,
            xtol=1e-13,
            rtol=1e-14,
        )

    # Compared where the density is large enough that rounding of u does not move the quantile.
    np.testing.assert_allclose(target.ppf(u[:-1]), [root(v) for v in u[:-1]], atol=2e-10)
    np.testing.assert_allclose(target.ppf(u[-1]), root(u[-1]), atol=1e-6)


@pytest.mark.parametrize("name", LINE)
def test_cdf_of_ppf_is_the_identity(name):
    settings = [{}]
    if name == "gaussians":
        # Distant narrow modes, where the distribution function has flat stretches, and many.
        settings += [{"count": 16, "spacing": 5.0, "std": 0.01}, {"count": 16, "std": 2.0}]
        settings += [{"weights": (1000.0, 0.001, 1.0, 30.0)}]
    for params in settings:
        target = make_target(name, params)
        u = (np.arange(4096) + 0.5) / 4096
        x = target.ppf(u)
        assert np.all(np.diff(x) >= 0)
        np.testing.assert_allclose(target.cdf(x), u, rtol=0, atol=1e-10)
        np.testing.assert_allclose(target.sf(x), 1 - u, rtol=0, atol=1e-10)
        assert target.ppf(u.reshape(64, 64)).shape == (64, 64)
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            target.ppf(np.array([0.5, wrong]))


@pytest.mark.parametrize("name", LINE)
def test_samples_pass_kolmogorov_smirnov(name):
    # With p > 1e-4 for each of three fixed seeds; a shift by .05 of the data is rejected.
    target = make_target(name)
    for seed in range(3):
        x = target.sample(20_000, torch.Generator().manual_seed(seed)).double().numpy()[:, 0]
        assert stats.kstest(x, target.cdf).pvalue > 1e-4
        assert stats.kstest(x + 0.05, target.cdf).pvalue < 1e-4


def test_small_masses_keep_their_digits():
    edges = np.array([8.0, 8.5, 9.0])
    for sign in (1, -1):
        e = np.sort(sign * edges)
        masses = make_target("gaussian", {"mean": 0.0, "std": 1.0}).cell_masses(e)
        exact = stats.norm.sf(edges[:-1]) - stats.norm.sf(edges[1:])
        np.testing.assert_allclose(masses, exact[::sign], rtol=1e-12)
    far = make_target("cauchy").cell_masses(np.array([1e9, 2e9]))
    np.testing.assert_allclose(far, 0.5 / np.pi * (1e-9 - 0.5e-9), rtol=1e-9)


def test_log_density_far_out_is_exact_and_not_minus_infinity():
    x = np.array([[60.0], [-1e4], [np.inf], [-np.inf]])
    values = make_target("two_gaussians", {"std": 0.05}).log_density(x)
    expected = np.log(0.5) + stats.norm.logpdf(np.array([58.0, 9998.0]), 0, 0.05)
    np.testing.assert_allclose(values[:2], expected, rtol=1e-12)
    assert np.all(np.isneginf(values[2:]))


def test_uniform_support():
    target = make_target("uniform", {"center": 1.0, "width": 2.0})
    values = target.log_density(np.array([[-1e-9], [0.0], [1.0], [2.0], [2 + 1e-9]]))
    assert values.tolist() == [-np.inf, -np.log(2), -np.log(2), -np.log(2), -np.inf]


@pytest.mark.parametrize(("center", "width"), [(0.05, 0.1), (9.999, 0.13), (-3.3, 7.77)])
def test_uniform_samples_never_leave_the_support(center, width):
    target = make_target("uniform", {"center": center, "width": width})
    x = target.sample(1_000_000, torch.Generator().manual_seed(0)).numpy()
    assert np.all(np.isfinite(target.log_density(x)))
    # They also reach both ends: the gaps are about width / 10^6, and float32's own spacing.
    reach = 20 * width / 1e6 + 1e-6
    assert x.min() - (center - width / 2) < reach and (center + width / 2) - x.max() < reach


def test_float32_inside():
    low, high = np.array([0.1, 0.3, 1.0, -0.1]), np.array([0.2, 0.7, 2.0, 0.0])
    low32, high32 = float32_inside(low, high)
    assert low32.dtype == high32.dtype == np.float32
    assert np.all(low32 >= low) and np.all(high32.astype(np.float64) < high)
    below = np.nextafter(low32, np.float32(-9)).astype(np.float64)
    above = np.nextafter(high32, np.float32(9)).astype(np.float64)
    assert np.all(below < low) and np.all(above >= high)


def test_samples_are_finite_at_the_ends_of_the_generator(monkeypatch):
    # torch.rand returns each end only once in 2^24 draws, so they are inserted by hand.
    ends = torch.tensor([[0.0], [1 - 2**-24], [0.5], [2**-24]])
    for name in ("cauchy", "laplace", "uniform"):
        target = make_target(name)
        with monkeypatch.context() as patch:
            patch.setattr(torch, "rand", lambda *shape, generator: ends.clone())
            x = target.sample(4, torch.Generator())
        assert torch.all(torch.isfinite(x))
        assert np.all(np.isfinite(target.log_density(x.numpy())))


def test_boxes():
    boxes = {name: make_target(name).box[0].tolist() for name in LINE}
    assert boxes["gaussian"] == [-2, 4]
    assert boxes["two_gaussians"] == [-4, 4]
    assert boxes["gaussians"] == [-5, 5]
    assert boxes["uniform"] == [-2.5, 2.5]
    assert boxes["laplace"] == [-8, 8]
    assert boxes["cauchy"] == [-5, 5]
    assert make_target("gaussian", {"mean": 0.0, "std": 0.05}).box.tolist() == [[-1, 1]]
