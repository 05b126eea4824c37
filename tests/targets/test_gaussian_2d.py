"""The Gaussian with a covariance: D2L's affine image of normal latents, and its extremes."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from ganlab import Run, Spec, SpecError
from ganlab.targets import make_target

A, B = np.array([[1.0, 2.0], [-0.1, 0.5]]), np.array([1.0, 2.0])
CASES = {
    "D2L": {},
    "round": {"mean_x": 0.0, "mean_y": 0.0, "var_x": 1.0, "var_y": 1.0, "cov": 0.0},
    "thin": {"var_x": 4.0, "var_y": 1.0, "cov": -1.9998},
    "steep": {"var_x": 0.01, "var_y": 9.0, "cov": 0.29},
    "far": {"mean_x": -1e6, "mean_y": 4e5, "var_x": 1e8, "var_y": 4e8, "cov": 1e8},
}


def scipys(params: dict):
    filled = defaults() | params
    covariance = [[filled["var_x"], filled["cov"]], [filled["cov"], filled["var_y"]]]
    return multivariate_normal([filled["mean_x"], filled["mean_y"]], covariance)


def defaults() -> dict:
    return dict(Spec(target="gaussian_2d").target_params)


def test_the_defaults_are_d2ls():
    p = defaults()
    np.testing.assert_allclose([[p["var_x"], p["cov"]], [p["cov"], p["var_y"]]], A.T @ A)
    assert (p["mean_x"], p["mean_y"]) == tuple(B)


@pytest.mark.parametrize("params", CASES.values(), ids=CASES)
def test_density_masses_and_samples_are_scipys(params):
    target, oracle = make_target("gaussian_2d", params), scipys(params)
    x = target.sample(200_000, torch.Generator().manual_seed(0)).double().numpy()
    some = np.concatenate([x[:200], oracle.mean + np.array([[0.0, 0.0], [3.0, -2.0]])])
    np.testing.assert_allclose(target.log_density(some), oracle.logpdf(some), rtol=1e-6, atol=1e-6)
    error = np.sqrt(np.diag(oracle.cov) / len(x))
    assert np.all(np.abs(x.mean(0) - oracle.mean) < 5 * error)
    np.testing.assert_allclose(np.cov(x.T), oracle.cov, rtol=0.03, atol=0.02 * oracle.cov.max())
    (x0, x1), (y0, y1) = target.box
    assert x1 - x0 == pytest.approx(y1 - y0) and x0 < oracle.mean[0] < x1
    masses = target.cell_masses(np.linspace(x0, x1, 9), np.linspace(y0, y1, 9))
    assert masses.sum() == pytest.approx(1, abs=1e-3)
    # Rectangles by SciPy's own distribution function, whose errors are below 1e-7.
    xe, ye = np.linspace(x0, x1, 9), np.linspace(y0, y1, 9)
    corners = np.stack(np.meshgrid(xe, ye, indexing="ij"), -1)
    below = oracle.cdf(corners.reshape(-1, 2)).reshape(9, 9)
    np.testing.assert_allclose(masses, np.diff(np.diff(below, axis=0), axis=1), atol=2e-6)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"cov": 2.08}, "cov = 2.08 is not allowed; it must be from -2.07"),
        ({"var_x": 0.0}, "var_x"),
        ({"mean_x": 1e6}, "float32 does not resolve"),
        ({"mean_y": 2e6}, "mean_y"),
    ],
)
def test_what_is_no_gaussian(params, words):
    with pytest.raises(SpecError, match=words):
        make_target("gaussian_2d", params)


def test_d2ls_exercise():
    """Linear G, D 5-3 tanh, Adam .05 and .005, batch 8, 20 epochs of 125 iterations."""
    nets = {"g_hidden": (), "d_hidden": (5, 3), "d_activation": "tanh", "latent_dim": 2}
    game = {"batch": 8, "d_lr": 0.05, "g_lr": 0.005, "betas": (0.9, 0.999)}
    start = {"init": "gaussian", "init_gain": 0.02}
    run = Run([Spec(target="gaussian_2d", **nets, **game, **start, seed=s) for s in range(10)])
    before = run.snapshot(picture=False).metrics
    run.advance(2500)
    after = run.snapshot(picture=False)
    # D reaches chance on every seed, as the book's curves show: both costs at ln 2.
    loss = np.sort(np.abs(after.metrics["d_loss"] - 2 * math.log(2)))
    assert loss[7] < 0.01 and loss[-1] < 0.05
    # G does not settle at these learning rates: close to the floor of .0017 at best, .014 in
    # median.
    jsd = np.sort(after.metrics["jsd"])
    assert before["jsd"].min() > 0.5 and jsd[5] < 0.03 and jsd[0] < 0.006
    assert 0.001 < after.probes[0].floors["jsd"] < 0.0025
