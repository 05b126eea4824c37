"""Metrics of runs with an unrolled D: only G's cost and the gradients depend on unrolling."""

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.engine.snapshot import take

LINE = Spec(g_hidden=(8,), d_hidden=(8,), batch=16)
RING = Spec(target="ring", latent_dim=2, g_hidden=(8, 8), d_hidden=(8, 8), batch=16)
OF_G = {"g_loss", "grad_x", "grad_g"}


def measured(spec: Spec, run: Run) -> dict[str, np.ndarray]:
    """The metrics of a run's State in the game of `spec`."""
    return take(Run(spec).game, run.state, (spec,), [None], picture=False, points=4096).metrics


@pytest.mark.parametrize(
    "spec",
    [
        LINE,
        LINE.replace(latent_dim=3),
        RING,
        RING.replace(g_norm="batch"),
        RING.replace(conditional="yes"),
        RING.replace(minibatch_discrimination=2),
    ],
    ids=["line", "estimated", "ring", "batch norm", "labels", "kernels"],
)
def test_only_what_g_faces_depends_on_unrolling(spec):
    run = Run(spec.replace(unroll=2, d_lr=0.02))
    run.advance(50)
    unrolled, plain = (measured(spec.replace(unroll=u, d_lr=0.02), run) for u in (2, 0))
    assert unrolled.keys() == plain.keys()
    for name in plain.keys() - OF_G:
        np.testing.assert_allclose(unrolled[name], plain[name], rtol=1e-4, atol=1e-6, err_msg=name)
    for name in OF_G:
        assert np.isfinite(unrolled[name]).all()
        assert not np.allclose(unrolled[name], plain[name], rtol=1e-3)


@pytest.mark.parametrize("unroll", [0, 1])
def test_a_g_that_overflows_has_no_value(unroll):
    spec = RING.replace(unroll=unroll)
    run = Run(spec)
    run.state.g.mul_(1e25)
    found = measured(spec, run)
    assert np.isnan(found["value"]) and np.isnan(found["d_loss"])
