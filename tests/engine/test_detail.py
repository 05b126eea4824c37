"""A coarse picture agrees with a full one, with fewer points."""

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.domains.picture import DETAILS
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import take

COARSE = DETAILS["coarse"]
SPEC = Spec(
    target="two_gaussians",
    latent="normal",
    latent_dim=1,
    g_hidden=(16, 16),
    d_hidden=(16,),
    batch=64,
    seed=3,
)


def both(spec: Spec, iterations: int = 60):
    run = Run(spec)
    run.advance(iterations)
    one = run.snapshot(measure=False, detail="coarse")
    return one.picture, run.snapshot(measure=False).picture, run


@pytest.mark.parametrize("latent", ["normal", "uniform"])
def test_p_g_is_the_push_forward_that_a_snapshot_has(latent):
    here, there, run = both(SPEC.replace(latent=latent))
    assert here.keys() == there.keys()
    cell = probe_for(run.spec).cell
    assert here["p_g"].shape == there["p_g"].shape
    # Mass is conserved; they differ only by G's curvature within an interval.
    assert here["p_g"].sum() == pytest.approx(there["p_g"].sum(), abs=5e-3 / cell)
    assert 0 < np.abs(here["p_g"] - there["p_g"]).sum() * cell < 0.1
    for name in ("d", "map_z", "map_x", "grad_x", "grad"):
        np.testing.assert_allclose(here[name], there[name], rtol=1e-4, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(here["shares"], there["shares"], atol=0.01)


def test_an_estimated_p_g_is_the_same_up_to_its_noise():
    here, there, run = both(SPEC.replace(latent_dim=5))
    probe = probe_for(run.spec)
    assert here.keys() == there.keys()
    # The error of n quasi-random points is at most that of n random ones in each cell.
    noise = np.sqrt(np.maximum(there["p_g"] * probe.cell, 1e-3) / COARSE.points) / probe.cell
    off = np.abs(here["p_g"] - there["p_g"]) / noise
    assert 0 < off.max() < 5
    np.testing.assert_array_equal(here["d"], there["d"])


@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_in_two_dimensions(latent_dim):
    spec = SPEC.replace(target="ring", latent_dim=latent_dim)
    here, there, run = both(spec)
    assert here.keys() == there.keys()
    np.testing.assert_allclose(here["fake"], there["fake"][:, : COARSE.fakes], atol=1e-6)
    arrows = there["grad_x"].shape
    assert here["grad_x"].shape == here["grad"].shape == arrows
    np.testing.assert_allclose(here["grad_x"], there["grad_x"], atol=1e-6)
    np.testing.assert_allclose(here["grad"], there["grad"], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(here["shares"], there["shares"], atol=0.05)
    # Each cell of the coarse field lies amid four of the fine one.
    fine = there["d"].reshape(1, COARSE.cells, 2, COARSE.cells, 2)
    low, high = fine.min((2, 4)), fine.max((2, 4))
    room = 0.25 * (high - low) + 1e-4
    assert ((here["d"] > low - room) & (here["d"] < high + room)).all()
    assert here["d"].std() > 0.01
    if latent_dim == 2:
        assert here["manifold"].shape == (1, COARSE.mesh, COARSE.mesh, 2)
        # The corners are images of the same latents.
        corners = np.ix_([0], [0, -1], [0, -1], [0, 1])
        np.testing.assert_allclose(here["manifold"][corners], there["manifold"][corners], atol=1e-6)


def test_arrows_can_be_left_out():
    run = Run(SPEC)
    picture = run.snapshot(measure=False, detail="coarse", arrows=False).picture
    assert "grad" not in picture and "grad_x" not in picture and "p_g" in picture


def test_weights_near_overflow_still_give_a_picture():
    for spec in (SPEC, SPEC.replace(target="ring", latent_dim=2)):
        run = Run(spec)
        state = type(run.state)(
            run.state.g * 1e20, run.state.d * 1e37, run.state.g_slots, run.state.d_slots, 1, 1
        )
        picture = take(
            run.game, state, run.specs, run.diverged, measure=False, detail="coarse"
        ).picture
        assert all(np.isfinite(picture[n]).all() for n in ("shares", "beyond", "grad_x"))
