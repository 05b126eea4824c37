"""Proposition 1, against the formula of the paper and a search on a grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganlab.demonstrations import DEMONSTRATIONS
from ganlab.demonstrations.densities import POINTS

ENTRY = DEMONSTRATIONS["optimal-d"]


def gauss(x: float, mean: float, std: float) -> float:
    return math.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


@pytest.mark.parametrize(("x", "p", "q"), [(0.3, (-1, 0.8), (1, 1.2)), (-4, (2, 0.3), (0.5, 3))])
def test_the_numbers_are_the_papers(x, p, q):
    shown = ENTRY.at(x=x, p_mean=p[0], p_std=p[1], q_mean=q[0], q_std=q[1])
    a, b = gauss(x, *p), gauss(x, *q)
    grid = np.linspace(0, 1, 100_001)[1:-1]
    curve = a * np.log(grid) + b * np.log(1 - grid)
    at_x, fake, best, largest = shown.numbers
    assert (at_x.value, fake.value) == pytest.approx((a, b))
    assert best.value == pytest.approx(a / (a + b)) == pytest.approx(grid[curve.argmax()], abs=2e-5)
    assert largest.value == pytest.approx(curve.max(), abs=1e-6)
    densities, integrand = shown.panels
    d = next(s for s in densities.series if s.title == "D*")
    wanted = [gauss(t, *p) / (gauss(t, *p) + gauss(t, *q)) for t in d.x]
    assert d.y == pytest.approx(np.array(wanted)) and np.all((d.y >= 0) & (d.y <= 1))
    dot = integrand.series[-1]
    assert (dot.x[0], dot.y[0]) == pytest.approx((best.value, curve.max()), abs=2e-5)


def test_a_drawn_density_has_area_one_and_says_when_there_is_nothing():
    heights = (0.0, 2.0, 2.0, 0.0, 0.0)  # from -5 in steps of 2.5: a trapezoid of area 10
    shown = ENTRY.at(p_drawn=heights, q_drawn=heights[::-1], x=-1.25)
    assert shown.numbers[0].value == pytest.approx(2 / 10)
    assert shown.numbers[2].value == pytest.approx(2 / (2 + 1))  # half way up: 1 and 2
    assert ENTRY.at(p_drawn=heights, q_drawn=heights).numbers[2].value == pytest.approx(0.5)
    both = ENTRY.at(p_drawn=heights, q_drawn=heights, x=4.0)
    assert "does not depend on D" in both.says and math.isnan(both.numbers[2].value)
    data = next(s for s in shown.panels[0].series if s.title == "p_data")
    assert np.trapezoid(data.y, data.x) == pytest.approx(1, abs=1e-3)
    # It starts from what is there, so that a stroke changes one part only.
    now = shown.panels[0].draws[0].now
    again = ENTRY.at(p_drawn=tuple(now), x=-1.25)
    assert len(now) == POINTS and again.numbers[0].value == pytest.approx(0.2)


def test_the_lab_has_the_same_two_gaussians():
    from ganlab import Run

    spec = ENTRY.lab(ENTRY.read({"p_mean": -2.0, "p_std": 0.5, "q_mean": 1.5, "q_std": 2.0}))
    assert spec.target_params == {"mean": -2.0, "std": 0.5}
    fake = Run(spec).sample(20_000)
    assert (float(fake.mean()), float(fake.std())) == pytest.approx((1.5, 2.0), rel=0.02)
    assert ENTRY.lab(ENTRY.read({"q_drawn": (0, 1, 0)})) is None
