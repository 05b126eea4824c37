"""Latents: the sampler, the quantiles and the fixed points have the same distribution."""

import numpy as np
import pytest
import torch
from scipy.stats import cauchy, kstest, norm, t, uniform

from ganlab.latents import LATENTS, intervals, quasi_random
from ganlab.registry import SpecError

ORACLE = {
    "normal": norm(),
    "uniform": uniform(-1, 2),
    "unit_uniform": uniform(-(3**0.5), 2 * 3**0.5),  # variance 1
    "cauchy": cauchy(),
    "student": t(3),
}
NAMES = [name for name in LATENTS if name != "constant"]  # which has no density


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_latent_has_an_oracle_here():
    assert {*ORACLE, "constant"} == set(LATENTS)


def test_no_latent_is_always_1():
    z = LATENTS["constant"].sample((5, 3), seeded(0))
    assert z.shape == (5, 3) and z.dtype == torch.float32 and (z == 1).all()
    assert (quasi_random(LATENTS["constant"], 3, 8) == 1).all()
    assert (intervals(LATENTS["constant"], 64).ends == 1).all()
    assert intervals(LATENTS["constant"], 64).mass.sum() == pytest.approx(1)


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
    np.testing.assert_allclose(LATENTS[name].ppf(u), ORACLE[name].ppf(u), rtol=1e-9, atol=1e-12)
    small = 10.0 ** -np.arange(3, 9)
    for got, want in ((small, ORACLE[name].ppf(small)), (1 - small, ORACLE[name].isf(small))):
        np.testing.assert_allclose(LATENTS[name].ppf(got), want, rtol=1e-6)


@pytest.mark.parametrize("count", [64, 100, 4096])
@pytest.mark.parametrize("name", NAMES)
def test_intervals_hold_what_they_say(name, count):
    over = intervals(LATENTS[name], count)
    assert np.isfinite(over.ends).all() and (np.diff(over.ends) > 0).all()
    assert len(over.ends) == len(over.level) == len(over.mass) + 1
    assert over.mass.sum() == pytest.approx(1, abs=1e-12)
    # Except for the mass beyond the ends of an infinite latent, by SciPy's two tails.
    law = ORACLE[name]
    below, above = law.cdf(over.ends), law.sf(over.ends)
    exact = np.where(below[1:] < 0.5, np.diff(below), -np.diff(above))
    np.testing.assert_allclose(over.mass[1:-1], exact[1:-1], rtol=1e-6)
    np.testing.assert_allclose(over.mass[[0, -1]], exact[[0, -1]], rtol=1e-6, atol=2.0**-26)
    np.testing.assert_allclose(over.ends, -over.ends[::-1], rtol=1e-6, atol=1e-9)
    # The whole intervals: `count` of equal mass; every second end is a median.
    masses = np.add.reduceat(over.mass, over.whole[:-1])
    np.testing.assert_allclose(masses, np.full(count, 1 / count), rtol=1e-9)
    middles = law.cdf(over.ends[over.whole[1::2]])
    np.testing.assert_allclose(middles, np.arange(1, count, 2) / count, rtol=0, atol=1e-9)
    if np.isfinite(law.support()).all():
        assert len(over.mass) == count
    else:  # towards infinity no interval holds more than a quarter of the remaining mass
        outer = np.cumsum(over.mass)[:-1] < 4 / count
        share = over.mass[1:][outer] / np.cumsum(over.mass)[:-1][outer]
        assert share.max() <= 0.26 and over.level[0] < 1e-7


def test_heavy_tails_are_drawn_as_often_as_they_should():
    n = 400_000
    for name in ("cauchy", "student"):
        z = LATENTS[name].sample((n,), seeded(9)).double().numpy()
        assert np.isfinite(z).all()
        for tail in (1e-2, 1e-3, 1e-4):
            hits = (np.abs(z) > ORACLE[name].isf(tail / 2)).mean()
            assert hits == pytest.approx(tail, abs=5 * np.sqrt(tail / n)), (name, tail)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [1, 2, 16, 256])
def test_quasi_random_is_fixed_and_more_even_than_chance(name, dim):
    z = quasi_random(LATENTS[name], dim, 4096)
    assert z.shape == (4096, dim) and np.isfinite(z).all()
    np.testing.assert_array_equal(z, quasi_random(LATENTS[name], dim, 4096))
    for axis in {0, dim - 1}:
        # Each of 64 slices of equal mass holds 64 of 4096 points, give or take one at an edge.
        counts = np.histogram(ORACLE[name].cdf(z[:, axis]), 64, (0, 1))[0]
        assert np.abs(counts - 64).max() <= 1
    if LATENTS[name].has_mean:
        assert abs(z.mean()) < 0.01


def test_quasi_random_counts_need_not_be_powers_of_two():
    np.testing.assert_array_equal(
        quasi_random(LATENTS["normal"], 3, 100), quasi_random(LATENTS["normal"], 3, 128)[:100]
    )
    assert quasi_random(LATENTS["uniform"], 2, 1).shape == (1, 2)


def test_unknown_latent():
    with pytest.raises(SpecError, match="one of normal, uniform"):
        intervals(LATENTS["levy"], 4)
