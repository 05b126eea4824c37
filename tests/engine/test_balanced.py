"""Minibatches with as many samples of each mode as its weight says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.targets import make_target
from ganlab.targets.mixtures import evenly_spaced

RING = Spec(target="ring", latent_dim=2, g_hidden=(4,), d_hidden=(4,), balanced="yes", batch=20)
UNEVEN = RING.replace(
    target="mixture",
    target_params={"means": (-3.0, 0.0, 3.0), "stds": (0.1,), "weights": (5.0, 2.0, 1.0)},
    latent_dim=1,
    batch=13,
)


def modes_of(spec: Spec, x: torch.Tensor) -> np.ndarray:
    """The number of samples of each mode in x (n, dim), which are all far apart."""
    centers = torch.tensor(make_target(spec.target, spec.target_params).modes.centers).to(x)
    which = torch.cdist(x, centers).argmin(1)
    return np.bincount(which, minlength=len(centers))


@pytest.mark.parametrize("spec", [RING, UNEVEN, RING.replace(batch=16)])
def test_each_minibatch_has_the_share_of_each_mode_to_within_one(spec):
    draws = Run(spec).draws
    weights = make_target(spec.target, spec.target_params).modes.weights
    counts = np.array([modes_of(spec, draws.get("D", "data", n)[0]) for n in range(200)])
    away = counts - spec.batch * weights
    assert (abs(away) < 1).all() and (counts.sum(1) == spec.batch).all()
    # On average the share is the weight itself, so that p_data is the same.
    assert abs(away.mean(0)).max() < 0.12
    if spec.batch == 16:
        assert (counts == 2).all()
    # Without it the numbers vary as a multinomial's do.
    free = Run(spec.replace(balanced="no")).draws
    some = np.array([modes_of(spec, free.get("D", "data", n)[0]) for n in range(200)])
    np.testing.assert_allclose(
        some.std(0), np.sqrt(spec.batch * weights * (1 - weights)), rtol=0.25
    )


def test_each_sample_alone_is_uniform_and_its_place_in_the_minibatch_is_random():
    u = torch.rand(20_000, 7, generator=torch.Generator().manual_seed(0))
    even = evenly_spaced(u)
    assert ((even >= 0) & (even < 1)).all()
    assert torch.equal(even.argsort(1), u.argsort(1))
    gaps = even.sort(1).values.diff(dim=1)
    torch.testing.assert_close(gaps, torch.full_like(gaps, 1 / 7))
    for column in even.T:  # Kolmogorov, exceeded once in a thousand
        far = (column.sort().values - (torch.arange(20_000) + 0.5) / 20_000).abs().max()
        assert far < 1.95 / 20_000**0.5


def test_draws_are_functions_of_the_number_and_keep_their_noise():
    draws, again = Run(RING).draws, Run(RING.replace(k=3)).draws
    for n in (130, 7, 0):
        assert torch.equal(draws.get("D", "data", n), again.get("D", "data", n))
    free = Run(RING.replace(balanced="no")).draws
    same = (draws.get("D", "data", 3) == free.get("D", "data", 3)).all(-1).float().mean()
    assert 0.5 < same < 1  # most samples are the same: only some change their mode
    told = Run(RING.replace(conditional="yes")).draws
    x, label = told.get("D", "data", 4)[0], told.get("D", "label", 4)[0]
    centers = torch.tensor(make_target("ring").modes.centers).float()
    assert torch.equal(torch.cdist(x, centers).argmin(1), label.argmax(1))
    fresh = Run(RING.replace(unroll=3, unroll_data="fresh")).draws.get("G", "u_data", 1)[0]
    assert all((abs(modes_of(RING, one) - 20 / 8) < 1).all() for one in fresh.split(20))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"target": "gaussian", "latent_dim": 1}, "mixture of several"),
        ({"target": "moons"}, "mixture of several"),
        ({"data_size": 50}, "finite set"),
        ({"packing": 2}, "independent"),
    ],
)
def test_where_it_makes_no_sense_it_is_refused(fields, why):
    with pytest.raises(SpecError, match=why):
        RING.replace(**fields)
