"""Drawn curves against closed forms and plain quadrature."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab.registry import SpecError
from ganlab.targets import make_target
from ganlab.targets.drawn import Curve

heights = st.lists(st.integers(0, 100), min_size=3, max_size=128).filter(any)


def test_a_triangle_has_the_distribution_of_a_sum_of_two_uniform_numbers():
    target = make_target("drawn", {"heights": (0, 70, 0), "center": 1.0, "width": 2.0})
    x = np.array([-1.0, 0.0, 0.25, 1.0, 1.5, 2.0, 3.0])
    wanted = np.array([0, 0, 0.25**2 / 2, 0.5, 1 - 0.5**2 / 2, 1, 1])
    np.testing.assert_allclose(target.cdf(x), wanted, atol=1e-15)
    np.testing.assert_allclose(target.sf(x), 1 - wanted, atol=1e-15)
    np.testing.assert_allclose(target.ppf(wanted[1:6]), x[1:6], atol=1e-15)
    np.testing.assert_allclose(target.log_density(x[2:5, None]), np.log([0.25, 1, 0.5]))
    assert np.isneginf(target.log_density(x[[0, -1], None])).all()


def test_equal_heights_are_a_uniform_distribution():
    drawn = make_target("drawn", {"heights": (7, 7, 7, 7), "center": -1.0, "width": 3.0})
    uniform = make_target("uniform", {"center": -1.0, "width": 3.0})
    x = np.linspace(-3, 1, 37)
    for name in ("cdf", "sf"):
        np.testing.assert_allclose(getattr(drawn, name)(x), getattr(uniform, name)(x), atol=1e-15)
    sampled = drawn.sample(5000, torch.Generator().manual_seed(0))
    assert -2.5 <= sampled.min() and sampled.max() <= 0.5, "rounding leaves the interval"


@settings(max_examples=40, deadline=None)
@given(heights, st.floats(-20, 20), st.floats(0.5, 40))
def test_masses_and_quantiles_of_any_curve(values, center, width):
    target = make_target("drawn", {"heights": tuple(values), "center": center, "width": width})
    knots = np.linspace(center - width / 2, center + width / 2, len(values))
    # The trapezoidal rule is exact for a curve that bends at its points only.
    fine = np.union1d(knots, np.linspace(knots[0], knots[-1], 301))
    p = np.interp(fine, knots, values) / np.trapezoid(values, knots)
    below = np.append(0, np.cumsum(np.diff(fine) * (p[1:] + p[:-1]) / 2))
    np.testing.assert_allclose(target.cdf(fine), below, atol=1e-12)
    np.testing.assert_allclose(target.sf(fine), 1 - below, atol=1e-12)
    edges = np.linspace(knots[0] - 1, knots[-1] + 1, 14)
    np.testing.assert_allclose(
        target.cell_masses(edges), np.diff(np.interp(edges, fine, below)), atol=2e-3 * p.max()
    )
    u = np.linspace(0, 1, 41)
    np.testing.assert_allclose(target.cdf(target.ppf(u)), u, atol=1e-12)
    # The smallest and the largest quantile are the ends of the support; where the curve ends at 0,
    # a quantile is as exact as the root of a mass.
    used = np.flatnonzero(np.convolve(values, [1, 1, 1], "same"))
    assert target.ppf(np.array([0.0, 1.0])) == pytest.approx(knots[used[[0, -1]]], abs=1e-7 * width)


def test_no_sample_and_no_quantile_falls_into_a_gap():
    target = make_target("drawn")
    assert isinstance(target, Curve)
    x = target.sample(20_000, torch.Generator().manual_seed(1)).numpy()
    gap = target.cdf(np.array([-0.95, 0.45]))
    assert gap[0] == gap[1] and not ((x > -0.95) & (x < 0.45)).any()
    left = (x < 0).mean()
    assert abs(left - gap[0]) < 4 * np.sqrt(gap[0] * (1 - gap[0]) / len(x))


@pytest.mark.parametrize("values", [(), (5, 5), (0, 0, 0, 0)])
def test_a_curve_without_an_area_is_refused(values):
    with pytest.raises(SpecError, match="heights.*3 to 128 heights from 0 to 100, not all of them"):
        make_target("drawn", {"heights": values})
