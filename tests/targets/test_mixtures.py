"""Mixtures with unequal widths and curves with unequal speed: sums and integrals by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate
from scipy.stats import norm

from ganlab import SpecError
from ganlab.metrics import mode_score
from ganlab.targets import make_target

MEANS, STDS, WEIGHTS = (-3.0, 0.0, 0.4, 7.0), (0.02, 1.5, 0.2, 3.0), (2.0, 1.0, 0.5, 4.0)
SHARES = np.array(WEIGHTS) / sum(WEIGHTS)
LINE = make_target("mixture", {"means": MEANS, "stds": STDS, "weights": WEIGHTS})
PLANE_MEANS = (-2.0, 1.0, 0.5, 0.0, 3.0, -1.0)


def test_the_density_and_distribution_are_the_sums_of_the_modes():
    x = np.random.default_rng(3).uniform(-12, 16, 400)
    pdf = sum(w * norm.pdf(x, m, s) for m, s, w in zip(MEANS, STDS, SHARES, strict=True))
    np.testing.assert_allclose(np.exp(LINE.log_density(x[:, None])), pdf, rtol=1e-10, atol=1e-300)
    for found, of in ((LINE.cdf, norm.cdf), (LINE.sf, norm.sf)):
        want = sum(w * of(x, m, s) for m, s, w in zip(MEANS, STDS, SHARES, strict=True))
        np.testing.assert_allclose(found(x), want, rtol=1e-10, atol=1e-300)


def test_quantiles_invert_the_distribution():
    u = np.concatenate([np.linspace(0, 1, 501), [1e-12, 1e-5, 1 - 1e-5]])
    x = LINE.ppf(u)
    assert x[0] == -np.inf and x[500] == np.inf
    np.testing.assert_allclose(LINE.cdf(x), u, atol=1e-10)


def test_samples_come_from_the_modes_in_proportion():
    x = LINE.sample(50_000, torch.Generator().manual_seed(2)).double().numpy()[:, 0]
    u = np.sort(LINE.cdf(x))
    assert abs(u - (np.arange(len(u)) + 0.5) / len(u)).max() < 1.95 / np.sqrt(len(u))
    narrow = np.abs(x + 3.0) < 0.06  # nearly only the first mode's, within its 3 sigma
    assert narrow.mean() == pytest.approx(SHARES[0] * 0.9973, abs=0.02)


def test_in_the_plane_masses_are_products_of_each_mode_s():
    params = {"means": PLANE_MEANS, "stds": (0.1, 0.5, 1.0), "weights": (1.0, 2.0, 3.0)}
    target = make_target("mixture_2d", params)
    centers = np.array(PLANE_MEANS).reshape(-1, 2)
    ex, ey = np.linspace(-3, 4, 6), np.linspace(-2, 2, 5)
    want = sum(
        w * np.outer(np.diff(norm.cdf(ex, cx, s)), np.diff(norm.cdf(ey, cy, s)))
        for (cx, cy), s, w in zip(centers, (0.1, 0.5, 1.0), (1 / 6, 2 / 6, 3 / 6), strict=True)
    )
    np.testing.assert_allclose(target.cell_masses(ex, ey), want, rtol=1e-9, atol=1e-15)
    x = target.sample(40_000, torch.Generator().manual_seed(1)).double().numpy()
    score = mode_score(x, target.modes)
    assert score.captured == 3 and score.high_quality == pytest.approx(0.9889, abs=0.005)


def test_equal_widths_are_as_one():
    one = make_target("mixture", {"means": (-1.0, 2.0), "stds": (0.3,)})
    two = make_target("mixture", {"means": (-1.0, 2.0), "stds": (0.3, 0.3)})
    x = np.linspace(-3, 4, 50)[:, None]
    assert np.array_equal(one.log_density(x), two.log_density(x))
    draws = [t.sample(99, torch.Generator().manual_seed(5)) for t in (one, two)]
    assert torch.equal(*draws)


@pytest.mark.parametrize(
    ("name", "params", "field"),
    [
        ("mixture", {"means": ()}, "means"),
        ("mixture", {"means": (1.0, 2.0, 3.0), "stds": (1.0, 2.0)}, "stds"),
        ("mixture", {"means": (1e6,), "stds": (0.01,)}, "stds"),
        ("mixture", {"weights": (1.0, 2.0, 3.0)}, "weights"),
        ("mixture_2d", {"means": (1.0, 2.0, 3.0)}, "means"),
    ],
)
def test_what_does_not_fit_together_is_named(name, params, field):
    with pytest.raises(SpecError) as error:
        make_target(name, params)
    assert error.value.name == field


CURVES = {
    "parabola": lambda s: (4 * (s - 0.5), 3 * (2 * s - 1) ** 2),
    "sine": lambda s: (6 * (s - 0.5), np.sin(3 * np.pi * (s - 0.5))),
    "swiss_roll": lambda s: (
        2 / (4.5 * np.pi) * 1.5 * np.pi * (1 + 2 * s) * np.cos(1.5 * np.pi * (1 + 2 * s)),
        2 / (4.5 * np.pi) * 1.5 * np.pi * (1 + 2 * s) * np.sin(1.5 * np.pi * (1 + 2 * s)),
    ),
    "circle": lambda s: (1.5 * np.cos(2 * np.pi * s), 1.5 * np.sin(2 * np.pi * s)),
}


@pytest.mark.parametrize("name", CURVES)
def test_the_density_of_a_curve_is_its_integral(name):
    target, std = make_target(name), 0.05
    for at in (0.07, 0.31, 0.5, 0.93):
        x = np.array(CURVES[name](at)) + (0.03, -0.02)

        def height(s, x=x):
            cx, cy = CURVES[name](s)
            return norm.pdf(x[0], cx, std) * norm.pdf(x[1], cy, std)

        want, _ = integrate.quad(height, 0, 1, points=[at], limit=400, epsabs=1e-11)
        assert np.exp(target.log_density(x)) == pytest.approx(want, rel=1e-5)


def test_rings_interlock_and_have_equal_mass():
    target = make_target("rings", {"radius": 1.0, "apart": 1.2, "std": 0.05})
    x = target.sample(20_000, torch.Generator().manual_seed(4)).double().numpy()
    away = [np.abs(np.hypot(x[:, 0] - c, x[:, 1]) - 1.0) for c in (-0.6, 0.6)]
    assert (np.minimum(*away) < 0.25).all()
    assert (away[0] < away[1]).mean() == pytest.approx(0.5, abs=0.02)
