"""Latents: the sampler, the quantiles and the fixed points are of one distribution."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm, uniform

from ganlab.latents import LATENTS, quantile_grid, quasi_random
from ganlab.registry import SpecError

ORACLE = {
    "normal": norm(),
    "uniform": uniform(-1, 2),
    "unit_uniform": uniform(-(3**0.5), 2 * 3**0.5),  # variance 1
}
NAMES = list(LATENTS)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_latent_has_an_oracle_here():
    assert set(ORACLE) == set(LATENTS)


@pytest.mark.parametrize("name", NAMES)
def test_entry(name):
    entry = LATENTS[name]
    assert entry.name == name and entry.title and entry.equation and entry.doc.endswith(".")
    assert 0.9 <= ORACLE[name].cdf(entry.reach) <= 1.0


@pytest.mark.parametrize("name", NAMES)
def test_sample_follows_the_distribution_and_the_generator(name):
    draw = LATENTS[name].sample
    z = draw((200, 50, 2), seeded(3))
    assert z.shape == (200, 50, 2) and z.dtype == torch.float32
    assert torch.equal(z, draw((200, 50, 2), seeded(3)))
    assert not torch.equal(z, draw((200, 50, 2), seeded(4)))
    assert kstest(z.double().numpy().ravel(), ORACLE[name].cdf).pvalue > 1e-3
    assert abs(np.corrcoef(z.reshape(-1, 2).T.numpy())[0, 1]) < 0.05
    before = torch.get_rng_state()
    draw((3,), seeded(0))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", NAMES)
def test_ppf_is_scipys(name):
    u = np.linspace(0.001, 0.999, 777)
    np.testing.assert_allclose(LATENTS[name].ppf(u), ORACLE[name].ppf(u), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_quantile_grid_holds_equal_masses(name):
    ends = quantile_grid(name, 64)
    assert ends.shape == (65,) and np.isfinite(ends).all() and (np.diff(ends) > 0).all()
    np.testing.assert_allclose(np.diff(ORACLE[name].cdf(ends)), 1 / 64, rtol=0, atol=2e-7)
    np.testing.assert_allclose(ends, -ends[::-1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [1, 2, 16, 256])
def test_quasi_random_is_fixed_and_more_even_than_chance(name, dim):
    z = quasi_random(name, dim, 4096)
    assert z.shape == (4096, dim) and np.isfinite(z).all()
    np.testing.assert_array_equal(z, quasi_random(name, dim, 4096))
    for axis in {0, dim - 1}:
        # Each of 64 slices of equal mass holds 64 of 4096 points, give or take one at an edge.
        counts = np.histogram(ORACLE[name].cdf(z[:, axis]), 64, (0, 1))[0]
        assert np.abs(counts - 64).max() <= 1
    assert abs(z.mean()) < 0.01


def test_quasi_random_counts_need_not_be_powers_of_two():
    np.testing.assert_array_equal(
        quasi_random("normal", 3, 100), quasi_random("normal", 3, 128)[:100]
    )
    assert quasi_random("uniform", 2, 1).shape == (1, 2)


def test_unknown_latent():
    with pytest.raises(SpecError, match="one of normal, uniform"):
        quantile_grid("cauchy", 4)
