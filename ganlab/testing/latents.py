"""Checks of latents."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from ganlab.latents import LatentEntry, intervals
from ganlab.testing.targets import chi_square_p

_BINS = 64


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def samples_are_a_function_of_the_generator(
    latent: LatentEntry, beside: Mapping[str, object]
) -> None:
    """float32 of the requested shape, a function of the seed, without other random numbers."""
    state = torch.random.get_rng_state()
    z = latent.sample((50, 7, 2), _seeded(3))
    assert z.shape == (50, 7, 2) and z.dtype == torch.float32 and z.isfinite().all()
    assert torch.equal(z, latent.sample((50, 7, 2), _seeded(3))), "two draws of one seed differ"
    assert torch.equal(state, torch.random.get_rng_state()), "it draws from torch's own generator"


def quantiles_rise(latent: LatentEntry, beside: Mapping[str, object]) -> None:
    """`ppf` maps quantiles (n,) in (0, 1) to float64, in ascending order."""
    u = np.linspace(1e-6, 1 - 1e-6, 1001)
    z = latent.ppf(u)
    assert z.shape == u.shape and z.dtype == np.float64 and np.isfinite(z).all()
    assert (np.diff(z) >= 0).all(), "quantiles fall"
    assert latent.reach > 0
    found = intervals(latent, 64)
    assert abs(found.mass.sum() - 1) < 1e-12 and (np.diff(found.ends) >= 0).all()


def samples_follow_the_quantiles(latent: LatentEntry, beside: Mapping[str, object]) -> None:
    """Samples are equally frequent between quantiles, and coordinates are independent."""
    z = latent.sample((20_000, 2), _seeded(5)).double().numpy()
    ends = latent.ppf(np.arange(1, _BINS) / _BINS)
    if ends[0] == ends[-1]:
        assert (z == ends[0]).all(), "its quantiles are all the same, its samples are not"
        return
    counts = np.bincount(np.searchsorted(ends, z.ravel()), minlength=_BINS)
    p = chi_square_p(counts, np.full(_BINS, z.size / _BINS))
    assert p > 1e-7, f"samples do not follow ppf: p = {p:.1e}"
    above = z > latent.ppf(np.array([0.5]))
    apart = abs((above[:, 0] & above[:, 1]).mean() - 0.25)
    assert apart < 5 * (0.25 * 0.75 / len(z)) ** 0.5, "its coordinates depend on each other"


CHECKS = (
    samples_are_a_function_of_the_generator,
    quantiles_rise,
    samples_follow_the_quantiles,
)
