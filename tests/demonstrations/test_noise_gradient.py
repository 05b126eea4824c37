"""Equation 1: closed forms against SciPy's quadrature and finite differences, and the limit."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from ganlab.demonstrations import noise_gradient as page

PLACES = [(0.4, 0.2), (-1.7, 0.05), (0.0, 1.3)]
SMOOTH = ["wave", "square", "step"]
OF = {
    "wave": (lambda y: np.sin(3 * y), lambda y: 3 * np.cos(3 * y)),
    "square": (lambda y: y * y, lambda y: 2 * y),
    "step": (lambda y: norm.cdf(4 * y), lambda y: 4 * norm.pdf(4 * y)),
    "corner": (abs, np.sign),
}


def mean(of, x, s):
    """E of(x + sε, ε), with the integral cut at the corner of |x|."""
    corner = float(np.clip(-x / s, -9, 9))
    parts = [(-9, corner), (corner, 9)]
    return sum(quad(lambda e: of(x + s * e, e) * norm.pdf(e), *p, limit=200)[0] for p in parts)


@pytest.mark.parametrize("name", list(page.FUNCTIONS))
@pytest.mark.parametrize(("x", "s"), PLACES)
def test_closed_forms(name, x, s):
    f, (of, by) = page.FUNCTIONS[name], OF[name]
    at = np.asarray(x)
    assert float(f.mean(at, s)) == pytest.approx(mean(lambda y, e: of(y), x, s), abs=1e-8)
    slope = mean(lambda y, e: of(y) * e, x, s) / s
    assert float(f.slope(at, np.asarray(s))) == pytest.approx(slope, abs=1e-8)
    near = 1e-5
    both = [float(f.mean(np.asarray(x + d), s)) for d in (near, -near)]
    assert float(f.slope(at, np.asarray(s))) == pytest.approx(
        (both[0] - both[1]) / (2 * near), abs=1e-6
    )
    found = {n: v[0] for n, v in page.variances(f, x, np.array([s])).items()}
    wanted = {
        "pathwise": mean(lambda y, e: by(y) ** 2, x, s) - slope**2,
        "score": mean(lambda y, e: (of(y) * e) ** 2, x, s) / s**2 - slope**2,
        "baseline": mean(lambda y, e: ((of(y) - of(x)) * e) ** 2, x, s) / s**2 - slope**2,
    }
    assert found == pytest.approx(wanted, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", list(page.FUNCTIONS))
def test_samples_have_these_means_and_variances(name):
    f = page.FUNCTIONS[name]
    wanted = page.variances(f, 0.4, np.array([0.3]))
    slope = float(f.slope(np.asarray(0.4), np.asarray(0.3)))
    for way, drawn in page.samples(f, 0.4, 0.3, seed=7).items():
        assert abs(drawn.mean() - slope) < 4.5 * np.sqrt(wanted[way][0] / page.DRAWS)
        assert drawn.var() == pytest.approx(wanted[way][0], rel=0.25)
    again = page.samples(f, 0.4, 0.3, seed=7)
    assert all(np.array_equal(again[n], v) for n, v in page.samples(f, 0.4, 0.3, seed=7).items())


@pytest.mark.parametrize("name", SMOOTH)
def test_the_limit_and_the_orders_of_the_variances(name):
    """∇E f → f'(x); through f the variance falls as σ², REINFORCE's grows as f(x)²/σ²."""
    f, (of, by), x = page.FUNCTIONS[name], OF[name], 0.4
    errors = [abs(float(f.slope(np.asarray(x), np.asarray(s))) - by(x)) for s in (0.02, 0.01)]
    assert errors[1] < 2e-3 and errors[1] <= errors[0]
    two = page.variances(f, x, np.array([0.002, 0.001]))
    assert two["pathwise"][0] / two["pathwise"][1] == pytest.approx(4, rel=0.02)
    assert two["score"][1] * 0.001**2 == pytest.approx(of(x) ** 2, rel=1e-3)
    assert two["baseline"][1] == pytest.approx(2 * by(x) ** 2, rel=1e-2)


def test_what_it_says():
    says = page.ENTRY.at(f="square", x=1.0, noise=0.1).says
    ratio = (1 / 0.01 + 14 + 15 * 0.01) / (4 * 0.01)
    assert f"{ratio:,.3g} times as many" in says and "2.000; without noise it is 2.000" in says
    assert "smaller variance" in page.ENTRY.at(noise=2.0, x=-2.5).says
    assert "is exact" in page.ENTRY.at(f="corner", noise=0.01).says
