"""The probe's grids, exact p_data and floors."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from ganlab import Spec
from ganlab.engine.probe import probe_for
from ganlab.targets import TARGETS


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("target", [n for n in TARGETS if 0 < TARGETS[n].dim <= 2])
def test_masses_floors_and_grids(target, latent_dim):
    probe = probe_for(Spec(target=target, latent_dim=latent_dim))
    assert probe.p_data.sum() == pytest.approx(1.0, abs=1e-9) and (probe.p_data >= 0).all()
    assert probe.exact == (TARGETS[target].dim == 1 and latent_dim == 1)
    for edges, (low, high) in zip(probe.edges, probe.target.box, strict=True):
        assert (edges[0], edges[-1]) == (low, high)
        np.testing.assert_allclose(np.diff(edges), probe.cell, rtol=1e-9)
    assert probe.volume == pytest.approx(probe.cell**probe.target.dim, rel=1e-9)
    assert probe.z.shape[1] == latent_dim and probe.x.shape[1] == probe.target.dim
    assert 0 <= probe.floors["jsd_smooth"] <= probe.floors["jsd"] + 1e-6
    assert probe.floors["jsd"] <= 0.02, probe.floors
    wanted = math.inf if target == "cauchy" else 0.1
    assert probe.floors["w1"] <= wanted and (probe.floors["w1"] == math.inf) == (target == "cauchy")


def test_p_data_is_scipys():
    probe = probe_for(Spec())
    edges = probe.edges[0]
    cdf = norm(1, 0.7).cdf
    np.testing.assert_allclose(probe.p_data[1:-1], np.diff(cdf(edges)), rtol=0, atol=1e-12)
    assert probe.p_data[0] == pytest.approx(cdf(edges[0]), abs=1e-12)
    assert probe.p_data[-1] == pytest.approx(norm(1, 0.7).sf(edges[-1]), abs=1e-12)


def test_cells_outside_hold_what_leaves_the_box():
    probe = probe_for(Spec(latent_dim=2))
    gz = np.array([[[-1e30], [1e30], [1.0], [1.0]]])
    masses = probe.masses(gz)[0]
    assert (masses[0], masses[-1], masses.sum()) == (0.25, 0.25, 1.0)
    probe = probe_for(Spec(target="ring"))
    masses = probe.masses(np.array([[[0.0, 1e30], [0.0, 0.0]]]))[0]
    assert (masses[-1], masses.sum()) == (0.5, 1.0)
    assert probe.jsd(masses[None])[0][0] > 0.5


def test_smoothing_keeps_what_stays_inside():
    for spec in (Spec(), Spec(target="ring")):
        probe = probe_for(spec)
        smooth = probe.smoothed(probe.p_data)
        assert smooth.shape == probe.p_data.shape
        assert smooth.sum() == pytest.approx(1.0, abs=2e-3)
        assert smooth.max() < probe.p_data.max()
        binned, smoothed = probe.jsd(probe.p_data[None])
        assert binned[0] == pytest.approx(0, abs=1e-12) == pytest.approx(smoothed[0], abs=1e-12)


def test_one_probe_is_shared():
    assert probe_for(Spec()) is probe_for(Spec(seed=3, k=2, g_hidden=(4,)))
    assert probe_for(Spec()) is not probe_for(Spec(latent="uniform"))


@pytest.mark.parametrize(
    "params", [{"std": 0.01}, {"std": 5.0}, {"mean": 10.0, "std": 0.01}], ids=str
)
def test_extreme_targets_have_finite_floors(params):
    probe = probe_for(Spec(target_params=params))
    assert probe.p_data.sum() == pytest.approx(1.0, abs=1e-9)
    assert len(probe.edges[0]) <= 401 and 0 <= probe.floors["jsd"] < 0.02
