"""Theorem 1 and the costs of G, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from ganlab.demonstrations import DEMONSTRATIONS
from ganlab.targets import make_target

MINIMUM, COSTS = DEMONSTRATIONS["minimum"], DEMONSTRATIONS["costs"]


def gauss(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


@pytest.mark.parametrize(("p", "q"), [((-1, 0.8), (2, 1.2)), ((0, 1), (0, 1)), ((4, 0.3), (-4, 3))])
def test_c_is_the_value_of_the_game_against_the_best_d(p, q):
    def value(x):
        a, b = gauss(x, *p), gauss(x, *q)
        d = a / (a + b) if a + b else 0.5
        return (a * math.log(d) if a else 0.0) + (b * math.log1p(-d) if b else 0.0)

    shown = MINIMUM.at(p_mean=p[0], p_std=p[1], q_mean=q[0], q_std=q[1])
    wanted = quad(value, -20, 20, points=[p[0], q[0]], limit=400)[0]
    c, jsd, above = shown.numbers
    for way in (c.value, c.other):
        assert way == pytest.approx(wanted, abs=1e-7)
    for way in (jsd.value, jsd.other):
        assert way == pytest.approx((wanted + math.log(4)) / 2, abs=1e-7)
    assert above.value == pytest.approx(wanted + math.log(4), abs=1e-7)
    least, curve, dot = shown.panels[1].series
    assert dot.y[0] == pytest.approx(wanted, abs=1e-7) and least.y[0] == pytest.approx(-math.log(4))
    assert np.interp(q[0], curve.x, curve.y) == pytest.approx(wanted, abs=0.01)
    assert np.all(curve.y >= -math.log(4) - 1e-9) and np.all(curve.y <= 1e-9)
    assert ("is p_data" in shown.says) == (p == q)


def test_where_one_density_is_nothing_the_best_d_still_has_a_value():
    best = DEMONSTRATIONS["optimal-d"].at(p_mean=4.5, p_std=3.0, q_mean=4.5, q_std=0.3, x=-5.0)
    a = gauss(-5.0, 4.5, 3.0)
    assert best.numbers[2].value == 1 and "only p_data" not in best.says
    for way in (best.numbers[3].value, best.numbers[3].other):
        assert way == pytest.approx(0, abs=1e-9 * max(1, a))


def test_what_each_x_adds_has_the_area_c():
    shown = MINIMUM.at(q_mean=-1.0, q_std=0.8)
    line = shown.panels[2].series[1]
    assert np.trapezoid(line.y, line.x) == pytest.approx(-math.log(4), abs=1e-4)
    d = next(s for s in shown.panels[0].series if s.title == "D*")
    assert d.y == pytest.approx(0.5)


def test_a_drawn_p_data_with_two_peaks_cannot_be_reached():
    heights = (0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0)
    values = [MINIMUM.at(p_drawn=heights, q_mean=m, q_std=s) for m in (-3, 0, 3) for s in (0.5, 3)]
    assert all(one.numbers[2].value > 0.3 for one in values)
    # The lab has the same p_data.
    lab = MINIMUM.lab(MINIMUM.read({"p_drawn": heights}))
    edges = np.arange(-5.0, 6.0)
    masses = make_target(lab.target, lab.target_params).cell_masses(edges)
    np.testing.assert_allclose(masses, np.convolve(heights, [0.5, 0.5], "valid") / 4, atol=1e-12)


@pytest.mark.parametrize("d", [0.001, 0.03, 0.5, 0.8, 0.999])
def test_costs_and_gradients_are_those_of_figure_16(d):
    shown = COSTS.at(d=d)
    logit = math.log(d / (1 - d))

    def minimax(a):  # log(1 - σ(a))
        return -math.log1p(math.exp(a))

    def saturates_not(a):  # -log σ(a)
        return math.log1p(math.exp(-a))

    def likelihood(a):  # -e^a
        return -math.exp(a)

    e = 1e-5
    for i, cost in enumerate((minimax, saturates_not, likelihood)):
        slope = (cost(logit + e) - cost(logit - e)) / (2 * e)
        for way in ("value", "other"):
            assert getattr(shown.numbers[i], way) == pytest.approx(cost(logit), rel=1e-9)
            assert getattr(shown.numbers[3 + i], way) == pytest.approx(slope, rel=1e-4, abs=1e-9)
    costs = [s for s in shown.panels[0].series if s.title]
    assert [s.title for s in costs] == ["minimax", "non-saturating", "maximum likelihood"]
    assert np.all(np.diff(costs[0].y) < 0) and np.all(np.diff(costs[1].y) < 0)
    assert ("vanished" in shown.says) == (d < 0.1)


def test_the_point_of_a_run_is_said():
    shown = COSTS.at(d=0.5, run=0.031)
    assert shown.says.endswith("In the run, D(G(z)) was 0.031 on average.")
    for panel in shown.panels:
        mark = next(s for s in panel.series if s.title == "mean in the run")
        assert mark.x == (0.031, 0.031)
    assert "In the run" not in COSTS.at(d=0.031).says
