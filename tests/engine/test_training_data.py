"""Finite training data: their draws, and their effect on D and G."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError, theory
from ganlab.engine.draws import data_set
from ganlab.engine.training_data import nearest, nearest_histogram, new_histogram
from ganlab.targets import TARGETS, make_target

ANY = [name for name in TARGETS if 0 < TARGETS[name].dim <= 2 and not TARGETS[name].finite]


@pytest.mark.parametrize("name", ANY)
def test_every_epoch_has_each_point_once(name):
    spec = Spec(target=name, data_size=12, batch=9, seed=5)
    points = data_set(spec)
    assert points.shape == (12, spec.dim) and len(points.unique(dim=0)) == 12
    draws = Run(spec).draws
    # Twelve minibatches of nine are nine epochs; those of D and of G have orders of their own.
    for player in "DG" if "data" in Run(spec).draws.shapes["G"] else "D":
        seen = torch.cat([draws.get(player, "data", n)[0] for n in range(12)])
        for epoch in seen.view(9, 12, spec.dim):
            assert torch.equal(epoch.unique(dim=0), points.unique(dim=0))


def test_the_data_are_samples_of_p_data_and_depend_on_the_seed_alone():
    spec = Spec(target="laplace", data_size=4000, seed=3)
    points = data_set(spec)
    other = spec.replace(k=5, g_hidden=(7,), loss="minimax", batch=3)
    assert torch.equal(data_set(other), points)
    assert not torch.equal(data_set(spec.replace(seed=4)), points)
    u = np.sort(make_target("laplace").cdf(points.double().numpy().ravel()))
    far = np.abs(u - (np.arange(4000) + 0.5) / 4000).max()
    assert 1e-3 < far < 1.95 / np.sqrt(4000)  # Kolmogorov: exceeded once in a thousand
    # A longer set begins differently, but without a set nothing changes.
    assert data_set(spec.replace(data_size=0)) is None


def test_a_run_with_data_is_its_events_and_batches_with_others():
    specs = [Spec(data_size=n, seed=s, g_hidden=(4,), d_hidden=(4,)) for n, s in ((0, 1), (7, 2))]
    both = Run(specs)
    both.advance(20)
    for i, spec in enumerate(specs):
        one = Run(spec)
        one.advance(20)
        assert torch.allclose(one.state.g[0], both.state.g[i], atol=1e-6)


def test_v_on_the_data_is_the_mean_over_the_data():
    run = Run(Spec(target="two_gaussians", data_size=10, g_hidden=(8,), d_hidden=(16,), k=3))
    run.advance(200)
    found = run.snapshot(picture=False).metrics
    d, points = run.discriminator(), data_set(run.spec)
    fake = run.sample(2**15, seed=4)
    with torch.no_grad():
        want = theory.value(d(points).ravel().numpy(), d(torch.as_tensor(fake)).ravel().numpy())
    assert found["value_data"][0] == pytest.approx(float(want), abs=0.02)
    assert found["overfit"][0] == found["value_data"][0] - found["value"][0]
    assert "data_distance" not in Run(Spec()).snapshot(picture=False).metrics


@pytest.mark.parametrize("target", ["gaussian", "ring"])
def test_copies_are_told_from_new_samples(target):
    dim = TARGETS[target].dim
    spec = Spec(target=target, data_size=50, latent_dim=dim)
    p_data = make_target(target)
    new = p_data.sample(20_000, torch.Generator().manual_seed(1)).double().numpy()
    assert nearest(spec, new) == pytest.approx(1.0, abs=0.15)
    copies = data_set(spec).double().numpy()
    assert nearest(spec, copies) == 0.0
    # By hand: the median of all pairs' least distances.
    far = np.linalg.norm(new[:500, None] - copies[None], axis=-1).min(1)
    unseen = p_data.sample(2000, torch.Generator().manual_seed(20140610)).double().numpy()
    apart = np.linalg.norm(unseen[:, None] - copies[None], axis=-1).min(1)
    assert nearest(spec, new[:500]) == pytest.approx(np.median(far) / np.median(apart))


def test_of_what_is_finite_already_no_data_are_drawn():
    with pytest.raises(SpecError, match="finite set of points already"):
        Spec(target="points", data_size=8)
    with pytest.raises(SpecError, match="at least 2"):
        Spec(data_size=1)
    with pytest.raises(SpecError, match="1000000"):
        Spec(data_size=10**7)


def test_d_learns_few_points_by_heart_and_not_many():
    specs = [Spec(target="moons", latent_dim=2, data_size=n, k=5) for n in (6, 20_000)]
    run = Run([spec.replace(seed=seed) for spec in specs for seed in range(3)])
    run.advance(300)
    overfit = run.snapshot(picture=False).metrics["overfit"]
    assert (overfit[:3] > 0.2).all() and (abs(overfit[3:]) < 0.05).all()


@pytest.mark.parametrize("target", ["laplace", "moons"])
def test_the_histogram_of_distances_by_hand(target):
    spec = Spec(target=target, data_size=30, latent_dim=2)
    points = data_set(spec).double().numpy()
    p_data = make_target(target)
    unseen = p_data.sample(2000, torch.Generator().manual_seed(20140610)).double().numpy()
    away = np.linalg.norm(unseen[:, None] - points[None], axis=-1).min(1)
    edges = np.array([*np.arange(12) / 4, np.inf]) * np.median(away)
    np.testing.assert_allclose(new_histogram(spec), np.histogram(away, edges)[0] / 2000)
    assert new_histogram(spec)[:4].sum() == pytest.approx(0.5, abs=1e-3)
    # Copies, and samples that have left: the first and the last bar.
    some = np.concatenate([np.tile(points, (3, 1)), np.full((10, spec.dim), 1e6)])
    first, *between, last = nearest_histogram(spec, some)
    assert (first, last) == (0.9, 0.1) and not any(between)
    assert np.isnan(nearest_histogram(spec.replace(data_size=0), some)).all()
    shot = Run(spec).snapshot(measure=False)
    made = shot.picture["distances"]
    assert made.shape == (1, 12) and made.sum() == pytest.approx(1.0)
    if target == "moons":  # a picture shows 1,500 samples, of which every third counts
        away = np.linalg.norm(shot.picture["fake"][0][::3][:, None] - points, axis=-1).min(1)
        np.testing.assert_allclose(made[0], np.histogram(away, edges)[0] / 500)
