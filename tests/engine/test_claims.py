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


def test_the_default_spec_reaches_its_target_and_stays():
    # Seeds 0-9, on which the rates were chosen: at most .03 by iteration 750, .003 from 1,500 on.
    # Seeds 100-109: nine reach .03 within 2,250, and three stay between .04 and .055 after 1,500.
    jsd = curve([Spec(seed=s) for s in range(5)], 2400, 200)
    assert (jsd[0] >= 0.3).all()
    assert (jsd[:6].min(0) <= 0.03).sum() >= 4
    assert (jsd[6:].max(0) <= 0.02).sum() >= 4
    assert jsd.min() >= -1e-12


def test_equal_rates_wander():
    # Both rates 1e-3: within 4,000 iterations some check of most seeds is above .03 again.
    jsd = curve([Spec(seed=s, g_lr=1e-3, d_lr=1e-3) for s in range(6)], 4000, 100)
    assert (jsd.min(0) <= 0.03).all()
    assert (jsd[10:].max(0) >= 0.03).sum() >= 4
