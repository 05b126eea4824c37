"""Exercises: what their sources print, and that each opens as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.comparison import Comparison
from ganlab.presets.exercises import EXERCISES


def losses(spec: Spec) -> tuple[float, float]:
    found = Run(spec).snapshot(picture=False).metrics
    return float(found["d_loss"][0]), float(found["g_loss"][0])


@pytest.mark.parametrize("name", list(EXERCISES))
def test_each_opens_in_a_lab_or_beside_another(name):
    one = EXERCISES[name]
    for spec in one.specs:
        assert Spec.from_query(spec.to_query()) == spec
        run = Run(spec)
        assert run.advance(1) == 1 and not run.stopped
    if len(one.specs) > 1:
        assert len(one.labels) == len(one.specs)
        query = Comparison.among(one.specs).to_query()
        assert Comparison.from_query(query).specs == one.specs
    for text in (one.doc, one.check, one.differs or "."):
        assert text.endswith((".", "?"))


def test_udl_prints_these_losses_and_this_shift():
    (spec,) = EXERCISES["udl"].specs
    np.random.seed(0)
    x = np.random.normal(size=10) + 7.5
    np.random.seed(1)
    z = np.random.normal(size=10)
    np.testing.assert_allclose(spec.target_params["points"], x, atol=1e-6)
    np.testing.assert_allclose(spec.latent_points, z, atol=1e-6)
    d, g = losses(spec)
    assert 10 * d == pytest.approx(13.8148, abs=5e-4) and -10 * g == pytest.approx(
        13.7844, abs=5e-4
    )
    # By hand: Σ softplus(-(x - 2)) + Σ softplus(z + 3 - 2).
    want = np.log1p(np.exp(-(x - 2))).sum() + np.log1p(np.exp(z + 3 - 2)).sum()
    assert 10 * d == pytest.approx(want, abs=1e-4)
    run = Run(spec)
    run.advance(5)
    assert float(run.state.g[0, -1]) == pytest.approx(3.3434, abs=5e-4)


def test_d2l_ends_with_losses_near_ln_2():
    (spec,) = EXERCISES["d2l"].specs
    run = Run([spec.replace(seed=seed) for seed in range(3)])
    run.advance(2500)  # 20 epochs of a thousand points, eight at a time
    found = run.snapshot(picture=False).metrics
    assert 20 * spec.data_size / spec.batch == 2500
    np.testing.assert_allclose(found["d_loss"], 2 * math.log(2), atol=0.02)
    np.testing.assert_allclose(found["g_loss"], math.log(2), atol=0.06)


def test_the_settings_are_those_of_the_sources():
    plain, damped = EXERCISES["numerics"].specs
    run = Run(plain)
    assert run.state.g.shape[1] + run.state.d.shape[1] == 2003 and damped.consensus == 10
    first, _ = EXERCISES["cs294"].specs
    told = first.target_params
    # ½ N(-1.5, .35) + ½ N(.2, .6), divided by 3.
    np.testing.assert_allclose(told["means"], (-1.5 / 3, 0.2 / 3), atol=1e-4)
    np.testing.assert_allclose(told["stds"], (0.35 / 3, 0.6 / 3), atol=1e-4)
    for name in ("murphy", "sga"):
        modes = Run(EXERCISES[name].specs[0]).snapshot(picture=False).probes[0].target.modes
        assert sorted({*modes.centers.ravel()}) == [-1.5, -0.5, 0.5, 1.5] and len(modes.std) == 16
