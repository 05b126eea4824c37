"""p_g is computed: the push-forward compared with one of 2^20 latent intervals, with tails."""

import numpy as np
import pytest
import torch
from scipy.stats import cauchy, norm, t, uniform

from ganlab import Run, Spec, metrics, theory
from ganlab.domains.base import RESOLUTION
from ganlab.engine.probe import probe_for
from ganlab.latents import LATENTS, intervals

LAWS = {"normal": norm(), "uniform": uniform(-1, 2), "cauchy": cauchy(), "student": t(3)}
FINE = 2**20
SEEDS = (11, 3)


def test_every_kind_of_latent_is_tried():
    assert set(LATENTS) - {"unit_uniform", "constant"} == set(LAWS)


def fine(run: Run, r: int, edges: np.ndarray) -> np.ndarray:
    """Masses of cells from 2^20 intervals of equal mass, by SciPy's quantiles."""
    level = np.clip(np.arange(FINE + 1) / FINE, 1e-9, 1 - 1e-9)
    z = torch.from_numpy(LAWS[run.spec.latent].ppf(level)).float()[None, :, None]
    with torch.no_grad():
        x = torch.cat(
            [run.game.make(run.state.g[r : r + 1], part) for part in z.split(2**15, 1)], 1
        )
    return metrics.pushforward_1d(x[0, :, 0].double(), np.full(FINE, 1 / FINE), edges)


@pytest.mark.parametrize("target", ["two_gaussians", "cauchy"])
@pytest.mark.parametrize("latent", LAWS)
def test_jsd_and_d_star_are_those_of_a_million_intervals(latent, target):
    run = Run([Spec(target=target, latent=latent, batch=64, seed=s) for s in SEEDS])
    for iterations in (0, 150):
        run.advance(iterations)
        shot = run.snapshot()
        for r, probe in enumerate(shot.probes):
            mass = fine(run, r, probe.edges[0])
            wanted = theory.jsd(mass, probe.p_data)
            assert RESOLUTION <= probe.floors["jsd"] <= 2e-4
            assert abs(shot.metrics["jsd"][r] - wanted) < RESOLUTION
            # D* in every cell with a mass of at least 1e-5, including cells in the tails.
            p, q = probe.p_data[1:-1], mass[1:-1]
            seen = p + q > 1e-5
            star = p[seen] / (p + q)[seen]
            one = Run(run.specs[r])
            one.state = type(run.state)(run.state.g[r : r + 1], run.state.d[r : r + 1], (), ())
            small = one.snapshot(measure=False, detail="coarse").picture
            for picture in (shot.picture["d_star"][r], small["d_star"][0]):
                assert np.abs(picture[seen] - star).max() <= 0.06
            np.testing.assert_allclose(
                shot.picture["p_g"][r] * probe.cell, mass[1:-1], rtol=0, atol=2e-3
            )


def linear(slope: float, offset: float, **fields) -> Run:
    run = Run(Spec(g_hidden=(), **fields))
    run.state.g.copy_(torch.tensor([[slope, offset]]))
    return run


@pytest.mark.parametrize("latent", LAWS)
def test_masses_of_a_linear_g_are_the_laws(latent):
    run = linear(0.4, 0.3, latent=latent, target="two_gaussians")
    probe = probe_for(run.spec)
    z = probe.z.double().numpy()
    got = probe.masses(0.4 * z[None] + 0.3)[0]
    edges = (np.concatenate([[-np.inf], probe.edges[0], [np.inf]]) - 0.3) / 0.4
    below, above = LAWS[latent].cdf(edges), LAWS[latent].sf(edges)
    want = np.where(below[1:] < 0.5, np.diff(below), -np.diff(above))
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-5)
    np.testing.assert_allclose(got[want > 1e-6], want[want > 1e-6], rtol=0.15)


def test_w1_of_tails_is_a_difference_of_means():
    # |x| of t(3) against |x| of the normal: quantiles cross on one side only, as SciPy confirms.
    level = (np.arange(FINE) + 0.5) / FINE
    for latent in ("normal", "student", "uniform"):
        run = linear(0.7, 1.0, latent=latent)
        want = np.abs(0.7 * LAWS[latent].ppf(level) - norm.ppf(level) * 0.7).mean()
        got = run.snapshot(picture=False).metrics["w1"][0]
        assert got == pytest.approx(want, abs=2e-3), latent


def test_w1_is_infinite_where_p_g_has_no_mean():
    def w1(**fields) -> float:
        return Run(Spec(latent="cauchy", **fields)).snapshot(picture=False).metrics["w1"][0]

    assert w1() == np.inf == w1(latent_dim=2) == w1(target="ring", latent_dim=2)
    assert w1(g_hidden=(), g_activation="tanh") == np.inf
    assert np.isfinite(w1(g_activation="tanh")) and np.isfinite(
        w1(latent_dim=2, g_activation="tanh")
    )


@pytest.mark.parametrize("count", [256, 1024, 4096])
def test_the_ends_cost_little(count):
    extra = len(intervals(LATENTS["cauchy"], count).mass) - count
    assert 0 < extra <= 160 and len(intervals(LATENTS["uniform"], count).mass) == count


def tail(run: Run) -> float:
    return run.snapshot(picture=False).metrics["tail"][0]


def test_a_linear_g_reaches_a_cauchys_tails_from_a_cauchy_latent_alone():
    """From the quantiles of both laws; the JSD hardly differs."""
    scale = 0.5
    for name, law in LAWS.items():
        for slope in (0.5, 2.0):
            fields = {"target": "cauchy", "target_params": {"scale": scale}, "latent": name}
            want = slope * law.ppf(0.999) / (scale * cauchy.ppf(0.999))
            assert tail(linear(slope, 0.0, **fields)) == pytest.approx(want, rel=0.03), name
    right = linear(scale, 0.0, target="cauchy", target_params={"scale": scale}, latent="cauchy")
    assert tail(right) == pytest.approx(1, rel=0.03)
    light = linear(1.0, 0.0, target="cauchy", target_params={"scale": scale})
    assert tail(light) < 0.03


def test_tails_of_estimated_samples_too():
    root = 0.7 / np.sqrt(2)
    run = Run(Spec(g_hidden=(), latent_dim=2))
    run.state.g.copy_(torch.tensor([[root, root, 1.0]]))
    assert tail(run) == pytest.approx(1, rel=0.02)
    assert tail(linear(1.4, 1.0)) == pytest.approx(2, rel=0.01)
