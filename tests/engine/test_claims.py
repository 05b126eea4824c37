"""What training is said to do, as counts over seeds."""

import numpy as np

from ganlab import Run, Spec


def curve(specs: list[Spec], iterations: int, every: int) -> np.ndarray:
    """JSD in nats at iteration 0, every, 2 every, ...: (checks, R)."""
    run = Run(specs)
    rows = []
    while True:
        rows.append(run.snapshot(picture=False).metrics["jsd"])
        if run.iteration >= iterations:
            return np.stack(rows)
        run.advance(every)


def test_the_default_spec_finds_its_target_within_a_thousand_iterations():
    jsd = curve([Spec(seed=s) for s in range(4)], 1000, 125)
    assert (jsd[0] >= 0.3).all()
    assert (jsd.min(0) <= 0.03).sum() >= 3
    assert np.median(jsd[4:]) <= 0.05


def test_a_faster_discriminator_holds_the_generator_there():
    # Equal rates of 1e-3 wander: single checks up to .15 after iteration 3,000.
    jsd = curve([Spec(seed=s, g_lr=5e-4, d_lr=2e-3) for s in range(4)], 2500, 250)
    assert (jsd[0] >= 0.3).all()
    assert (jsd[4:].max(0) <= 0.06).sum() >= 3
    assert np.median(jsd[4:]) <= 0.02
