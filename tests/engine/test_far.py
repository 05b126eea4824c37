"""Data far from 0, or spread widely: axes, cells and float32 are adapted."""

import math

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.targets import make_target

CASES = [
    ("gaussian", {"mean": 1e6, "std": 100.0}, "normal", (100.0, 1e6)),
    ("gaussian", {"mean": -1e6, "std": 1e6}, "normal", (1e6, -1e6)),
    ("gaussian", {"mean": 250.0, "std": 0.5}, "normal", (0.5, 250.0)),
    ("gaussian", {"mean": 0.0, "std": 1e6}, "normal", (1e6, 0.0)),
    ("uniform", {"center": 1e6, "width": 200.0}, "uniform", (100.0, 1e6)),
    ("cauchy", {"location": -1e5, "scale": 1e3}, "cauchy", (1e3, -1e5)),
]


@pytest.mark.parametrize(("target", "params", "latent", "start"), CASES)
def test_a_perfect_g_scores_its_floor_and_an_untrained_one_all_there_is(
    target, params, latent, start
):
    base = {"target": target, "target_params": params, "latent": latent, "g_hidden": ()}
    perfect, fresh = Run(Spec(**base, g_start=start)), Run(Spec(**base, init_gain=0.001))
    shot = perfect.snapshot()
    probe = shot.probes[0]
    scale, place = start
    low, high = probe.edges[0][0], probe.edges[0][-1]
    assert low < place < high and high - low < 30 * scale + (2 if abs(place) < 25 else 0)
    assert 20 <= len(probe.edges[0]) - 1 <= 400 and probe.cell < scale
    # float32 has at least some 1,600 steps per scale, which adds this to the floor.
    assert shot.metrics["jsd"] == pytest.approx(probe.floors["jsd"], abs=3e-4)
    assert np.isfinite(shot.picture["d"]).all() and np.isfinite(shot.picture["grad"]).all()
    shares = shot.picture["p_g"][0] * probe.cell
    np.testing.assert_allclose(shares, probe.p_data[1:-1], atol=0.02)
    before = fresh.snapshot().metrics
    if target != "cauchy":  # whose tails extend to 0
        if abs(place) > 20 * scale:
            assert before["jsd"] == pytest.approx(math.log(2), abs=1e-3)
        assert shot.metrics["w1"] < 0.02 * scale
        distance = max(abs(place), scale * 0.5)
        assert before["w1"] > 0.9 * distance


def test_near_data_keep_0_in_sight():
    for mean in (-10.0, 0.0, 10.0):
        ((low, high),) = make_target("gaussian", {"mean": mean, "std": 0.5}).box
        assert low <= -1 and high >= 1
    ((low, high),) = make_target("gaussian", {"mean": 100.0, "std": 0.5}).box
    assert 90 < low <= 98 and 102 <= high < 110
