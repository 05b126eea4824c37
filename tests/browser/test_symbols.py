"""The lab of symbols: its numbers are the engine's, and its panel compares the estimators."""

from __future__ import annotations

import pytest

from ganlab import Run, Spec


def test_the_numbers_are_exact_and_gradients_are_compared(lab):
    spec = Spec(target="categorical", latent_dim=2, estimator="reinforce")
    lab.open(f"/symbols?{spec.to_query()}", moving=False)
    lab.pause()
    lab.get("estimates").click()
    lab.wait("document.querySelectorAll('[data-testid=estimate-4] td').length === 3", 60)
    assert "REINFORCE, baseline" in (lab.page.locator(".gl-own th").text_content() or "")
    assert lab.get("explain").count() == 0, "no iteration of symbols is drawn in its parts"
    lab.at_rest()
    run = Run(spec)
    run.make(lab.status["d_updates"] + lab.status["g_updates"])  # it may pause within an iteration
    wanted = run.snapshot(picture=False).metrics
    near = {n: pytest.approx(wanted[n][0], abs=1e-4) for n in ("jsd", "entropy", "value")}
    for _ in range(100):  # the moment at which it paused is measured after it
        if {name: lab.status["metrics"][name] for name in near} == near:
            break
        lab.page.wait_for_timeout(100)
    assert {name: lab.status["metrics"][name] for name in near} == near
