"""Disjoint supports, one Gaussian for two, and f-GANs: closed forms, POT, the lab's losses."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import torch
from scipy.special import ndtri

from ganlab.demonstrations import DEMONSTRATIONS
from ganlab.demonstrations.densities import Normal
from ganlab.demonstrations.disjoint import CASES, RADIUS, blurred, overlap, samples, smooth_jsd
from ganlab.demonstrations.f_gan import DIVERGENCES, by_bound, by_definition
from ganlab.losses import LOSSES

DISJOINT, FIT, F_GAN = (DEMONSTRATIONS[name] for name in ("disjoint", "fit", "f-gan"))
LN2 = math.log(2)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("theta", [-1.5, 0.0, 0.5, 2.0])
def test_jsd_is_ln2_whatever_the_distance_and_w1_is_the_distance(case, theta):
    shown = DISJOINT.at(case=case, theta=theta)
    jsd, w1 = shown.numbers
    real = samples(case)
    cost = ot.dist(real, real + [theta, 0.0], metric="euclidean")
    assert w1.value == pytest.approx(ot.emd2([], [], cost), abs=1e-9) == abs(theta)
    apart = theta != 0 and (case != "discs" or abs(theta) >= 2 * RADIUS)
    assert (jsd.value == pytest.approx(LN2, abs=1e-12)) == apart
    if theta == 0:
        assert jsd.value == 0 == w1.value
    flat = next(s for s in shown.panels[0].series if s.title == "JSD")
    assert np.all(np.asarray(flat.y)[np.abs(flat.x) > 2 * RADIUS] == pytest.approx(LN2))


def test_the_overlap_of_two_discs_is_counted():
    rng = np.random.default_rng(0)
    radius, angle = RADIUS * np.sqrt(rng.random(200_000)), 2 * np.pi * rng.random(200_000)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    for theta in (0.1, 0.4, 0.7):
        share = (np.hypot(x - theta, y) < RADIUS).mean()
        assert overlap(theta) == pytest.approx(share, abs=0.004)
    # A blurred disc has mass 1, and the density of samples with noise.
    r = np.linspace(0, 4, 4001)
    assert np.trapezoid(2 * np.pi * r * blurred(r, 0.3), r) == pytest.approx(1, abs=1e-6)
    far = np.hypot(x + 0.3 * rng.standard_normal(x.size), y + 0.3 * rng.standard_normal(x.size))
    within = np.trapezoid((2 * np.pi * r * blurred(r, 0.3))[:501], r[:501])
    assert within == pytest.approx((far < 0.5).mean(), abs=0.004)


@pytest.mark.parametrize("case", CASES)
def test_noise_gives_jsd_a_slope(case):
    shown = DISJOINT.at(case=case, theta=1.0, noise=0.4)
    noisy = shown.numbers[2]
    assert noisy.value == pytest.approx(noisy.other, abs=1e-4) and 0 < noisy.value < LN2
    curve = next(s for s in shown.panels[0].series if s.title.startswith("JSD after"))
    right = np.asarray(curve.y)[np.asarray(curve.x) >= 0]
    assert np.all(np.diff(right) > -1e-9) and right[-1] - right[1] > 0.5
    # Small shifts: JSD = θ²/(8 σ²) of two Gaussians.
    if case != "discs":
        assert smooth_jsd(case, 0.02, 0.4) == pytest.approx(0.02**2 / (8 * 0.16), rel=0.01)
    rng = np.random.default_rng(1)
    if case == "lines":  # E log of the densities' ratio, by samples of the noise
        x = 0.4 * rng.standard_normal(400_000)
        a, b = np.exp(-(x**2) / 0.32), np.exp(-((x - 1) ** 2) / 0.32)
        assert noisy.value == pytest.approx(np.log(2 * a / (a + b)).mean(), abs=0.003)


@pytest.mark.parametrize("noise", [1e-3, 0.01, 0.1, 1.5])
@pytest.mark.parametrize("case", CASES)
def test_jsd_after_noise_is_between_0_and_ln2_for_all_noise(case, noise):
    for theta in (0.0, 1e-6, 0.3, 2.0):
        value = smooth_jsd(case, theta, noise)
        assert 0 <= value <= LN2 and value == pytest.approx(smooth_jsd(case, -theta, noise))


def test_disjoint_hands_over_a_lab_whose_g_is_at_theta():
    spec = DISJOINT.lab(DISJOINT.read({"theta": -1.25, "noise": 0.3}))
    from ganlab import Run

    assert np.all(Run(spec).sample(10) == -1.25) and spec.instance_noise == 0.3


def test_kl_covers_and_reverse_kl_picks_the_nearer_peak():
    for start, peak in ((1.0, 2.0), (-1.0, -2.0)):
        shown = FIT.at(q_mean=start)
        ends = {kind: path[-1] for kind, path in shown.more["paths"].items()}
        # Moments of p: mean 0, variance .6² + 2².
        assert ends["kl"] == pytest.approx([0, math.sqrt(0.36 + 4)], abs=2e-3)
        assert ends["reverse"] == pytest.approx([peak, 0.6], abs=0.02)
        assert ("right peak" if peak > 0 else "left peak") in shown.says
    # One peak: all three find it, and the divergences at the start are those of two Gaussians.
    one = FIT.at(apart=0.0, width=1.0, q_mean=1.0, q_std=2.0)
    kl, reverse, jsd = one.numbers
    assert kl.value[0] == pytest.approx(math.log(2) + (1 + 1) / 8 - 0.5)
    assert reverse.value[0] == pytest.approx(-math.log(2) + (4 + 1) / 2 - 0.5)
    for number in (kl, reverse, jsd):
        assert number.value[-1] == pytest.approx(0, abs=1e-4)
    assert all(path[-1] == pytest.approx([0, 1], abs=0.01) for path in one.more["paths"].values())


@pytest.mark.parametrize("start", [-4.5, -3.0, 0.0, 2.2, 4.5])
@pytest.mark.parametrize("width", [0.3, 1.0])
def test_every_step_of_a_fit_has_its_divergences(start, width):
    shown = FIT.at(q_mean=start, q_std=0.3, width=width)
    for number in shown.numbers:
        assert np.all(np.isfinite(number.value))
        assert number.value == pytest.approx(number.other, rel=1e-6, abs=1e-9)
        assert np.all(number.value > -1e-12)
    assert np.all(shown.numbers[2].value <= LN2)


def test_the_table_of_fits_has_the_minima():
    for values in ({}, {"apart": 2.5, "left": 0.3}, {"q_mean": 0.5, "q_std": 2.5, "width": 1.0}):
        for _, end, best, _ in FIT.at(**values).table.rows:
            ours, theirs = (
                [float(w.rstrip(",").replace("−", "-")) for w in t.split()[1::2]]
                for t in (end, best)
            )
            assert ours == pytest.approx(theirs, abs=0.02)


P, Q = Normal(-0.8, 1.0), Normal(0.8, 1.2)
CLOSED = {  # of two Gaussians
    "kl": lambda p, q: (
        math.log(q.std / p.std) + (p.std**2 + (p.mean - q.mean) ** 2) / (2 * q.std**2) - 0.5
    ),
    "pearson": lambda p, q: (
        q.std**2
        / (p.std * math.sqrt(2 * q.std**2 - p.std**2))
        * math.exp((p.mean - q.mean) ** 2 / (2 * q.std**2 - p.std**2))
        - 1
    ),
    "hellinger": lambda p, q: (
        2
        - 2
        * math.sqrt(2 * p.std * q.std / (p.std**2 + q.std**2))
        * math.exp(-((p.mean - q.mean) ** 2) / (4 * (p.std**2 + q.std**2)))
    ),
}
CLOSED["reverse-kl"] = lambda p, q: CLOSED["kl"](q, p)


@pytest.mark.parametrize(("p", "q"), [(P, Q), (Q, P), (Normal(2, 0.5), Normal(-1, 2.5))])
@pytest.mark.parametrize("name", DIVERGENCES)
def test_an_f_divergence_is_its_closed_form_and_its_bound(name, p, q):
    value, bound = by_definition(name, p, q), by_bound(name, p, q)
    assert value == pytest.approx(bound, rel=1e-6)
    if name in CLOSED:
        assert value == pytest.approx(CLOSED[name](p, q), rel=1e-6)
    else:
        jsd = DEMONSTRATIONS["minimum"].at(p_mean=p.mean, p_std=p.std, q_mean=q.mean, q_std=q.std)
        assert value == pytest.approx(jsd.numbers[0].value, abs=1e-6)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_ds_objective_is_the_labs_loss(name):
    """The lab's loss of D, at the scores whose outputs are the best T, over quantiles."""
    of = DIVERGENCES[name]
    u = (np.arange(20_000) + 0.5) / 20_000
    t = {}
    for side, one in (("real", P), ("fake", Q)):
        x = one.mean + one.std * ndtri(u)
        t[side] = of.optimum(P.log(x) - Q.log(x))
    score = {  # the inverse of the table's output activation
        "kl": lambda t: t,
        "pearson": lambda t: t,
        "reverse-kl": lambda t: -np.log(-t),
        "hellinger": lambda t: -np.log(1 - t),
        "gan": lambda t: -np.log(np.expm1(-t)),
    }[name]
    real, fake = (torch.tensor(score(t[side]))[None] for side in ("real", "fake"))
    objective = -float(LOSSES[of.loss].d(real, fake))
    assert objective == pytest.approx(by_definition(name, P, Q), rel=0.01)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_no_other_t_gives_more(name):
    shown = F_GAN.at(divergence=name, x=0.4)
    value, best = shown.numbers
    assert best.value == pytest.approx(best.other, abs=1e-4)
    curve, _, dot = shown.panels[1].series
    assert dot.y[0] >= np.max(curve.y) - 1e-12
    assert shown.table.rows[shown.table.chosen][0] == value.label == DIVERGENCES[name].title
    # f* is the conjugate of f: the largest of u t − f(u).
    of = DIVERGENCES[name]
    u = np.geomspace(1e-4, 1e4, 400_001)
    for log_ratio in (-0.7, 0.2, 1.1):
        t = of.optimum(log_ratio)
        assert of.conjugate(t) == pytest.approx((u * t - of.f(u)).max(), abs=1e-6)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_densities_that_are_far_apart_are_no_trouble(name):
    ends = {"p_mean": -4.5, "q_mean": 4.5}
    for widths in ((0.3, 0.3), (0.3, 3.0), (3.0, 0.3)):
        for x in (-5.0, 0.0, 5.0):
            stds = dict(zip(("p_std", "q_std"), widths, strict=True))
            shown = F_GAN.at(divergence=name, x=x, **ends, **stds)
            value, best = shown.numbers
            assert value.value == pytest.approx(value.other, rel=1e-6)
            assert math.isfinite(best.value)
            assert best.other is None or best.other == pytest.approx(best.value, rel=2e-3, abs=1e-4)
            curve, *marks = shown.panels[1].series
            assert np.all(np.isfinite(curve.y)) and bool(marks) != bool(shown.panels[1].note)
            assert not marks or marks[1].y[0] >= np.max(curve.y) - 1e-12


def test_pearson_is_infinite_if_p_g_is_too_narrow():
    shown = F_GAN.at(divergence="pearson", q_std=0.7)  # 2 q_std² < p_std²
    assert shown.numbers[0].value == shown.numbers[0].other == math.inf
    assert F_GAN.at(divergence="pearson", q_std=0.72).numbers[0].value < math.inf
