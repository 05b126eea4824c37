"""Kernels at nodes against scipy's mixtures of normal distributions."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from ganlab.targets.base import frozen
from ganlab.targets.kernels import Kernels1D, Kernels2D


def line(seed: int = 0, nodes: int = 300, std: float = 0.11) -> Kernels1D:
    rng = np.random.default_rng(seed)
    weights = rng.random(nodes) * (rng.random(nodes) < 0.3)
    weights[40:160] = 0  # a gap of more than forty kernels
    return Kernels1D(weights, [-2.0], [0.04], [std], frozen([[-3.0, 12.0]]))


def by_loop(target: Kernels1D, f, x: np.ndarray) -> np.ndarray:
    nodes = target.origin[0] + target.pitch[0] * np.arange(target.weights.size)
    return sum(w * f(x, m, target.std[0]) for w, m in zip(target.weights, nodes, strict=True) if w)


@pytest.mark.parametrize("std", [0.04, 0.11, 3.0])  # the last covers all nodes
def test_on_the_line_all_is_that_of_the_sum_of_normals(std):
    target = line(std=std)
    x = np.random.default_rng(1).uniform(-4, 14, 500)
    np.testing.assert_allclose(target.cdf(x), by_loop(target, stats.norm.cdf, x), atol=1e-13)
    np.testing.assert_allclose(target.sf(x), by_loop(target, stats.norm.sf, x), atol=1e-13)
    density = np.exp(target.log_density(x[:, None]))
    np.testing.assert_allclose(density, by_loop(target, stats.norm.pdf, x), rtol=1e-10, atol=1e-13)
    assert target.cdf(np.array([-np.inf, np.inf])).tolist() == [0, 1]
    assert target.sf(np.array([-np.inf, np.inf])).tolist() == [1, 0]
    far = np.array([target.origin[0] - 8 * std])  # the lower tail keeps its digits
    np.testing.assert_allclose(target.cdf(far), by_loop(target, stats.norm.cdf, far), rtol=1e-9)


def test_quantiles_invert_the_distribution_function():
    target = line()
    u = (np.arange(4096) + 0.5) / 4096
    x = target.ppf(u)
    assert (np.diff(x) >= 0).all()
    np.testing.assert_allclose(target.cdf(x), u, atol=1e-10)
    assert target.ppf(np.array([0.0, 1.0])).tolist() == [-np.inf, np.inf]


def test_in_the_plane_masses_and_density_are_those_of_the_sum_of_normals():
    weights = np.random.default_rng(2).random((5, 7)) ** 4
    target = Kernels2D(weights, [-1, 0], [0.5, 0.3], [0.2, 0.4], frozen([[-2, 3], [-2, 3]]))
    flat = weights.ravel() / weights.sum()
    nodes = [(-1 + 0.5 * i, 0.3 * j) for i in range(5) for j in range(7)]
    one = [stats.multivariate_normal(m, np.diag([0.04, 0.16])) for m in nodes]
    x = np.random.default_rng(3).uniform(-2, 3, (200, 2))
    wanted = sum(w * n.pdf(x) for w, n in zip(flat, one, strict=True))
    np.testing.assert_allclose(np.exp(target.log_density(x)), wanted, rtol=1e-10)
    masses = target.cell_masses(np.array([-0.3, 0.4]), np.array([0.1, 1.3, np.inf]))
    p = lambda y, x: float(np.exp(target.log_density(np.array([x, y]))))  # noqa: E731
    mass, _ = integrate.dblquad(p, -0.3, 0.4, 0.1, 1.3, epsabs=1e-10)
    assert masses.shape == (1, 2) and abs(masses[0, 0] - mass) < 1e-8


def test_samples_follow_the_mixture():
    target = line()
    x = target.sample(20_000, torch.Generator().manual_seed(5)).double().numpy()[:, 0]
    assert stats.kstest(x, target.cdf).pvalue > 1e-4
    assert stats.kstest(x + 0.1, target.cdf).pvalue < 1e-4


@pytest.mark.parametrize("weights", [np.zeros(3), np.array([1.0, -1.0]), np.array([1.0, np.nan])])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Kernels1D(weights, [0.0], [1.0], [1.0], frozen([[-1, 1]]))
