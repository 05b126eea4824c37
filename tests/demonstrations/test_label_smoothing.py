"""Label smoothing: D* against a search and the closed form, and the push against differences."""

import numpy as np
import pytest
from scipy.stats import norm

from ganlab.demonstrations import label_smoothing as page

LABELS = [(0.0, 0.0), (0.2, 0.0), (0.1, 0.1), (0.3, 0.5)]


def densities(x):
    p = norm.pdf(x, -1.5, 0.8)
    return p, 0.5 * p + 0.5 * norm.pdf(x, 2.0, 0.7)


@pytest.mark.parametrize(("alpha", "beta"), LABELS)
def test_d_star_minimises_the_cross_entropy_of_these_labels(alpha, beta):
    values = page.ENTRY.read({"alpha": alpha, "beta": beta})
    x = np.linspace(-3, 4, 9)
    p, q = densities(x)
    np.testing.assert_allclose(page.p_g(values, x), q)
    star = page.optimum(p, q, alpha, beta)
    d = np.linspace(0, 1, 20_001)[1:-1, None]
    cost = -p * ((1 - alpha) * np.log(d) + alpha * np.log(1 - d))
    cost = cost - q * (beta * np.log(d) + (1 - beta) * np.log(1 - d))
    np.testing.assert_allclose(d[cost.argmin(0), 0], star, atol=1e-4)
    found = [page.searched(a, b, alpha, beta) for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(found, star, atol=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), LABELS)
def test_the_push_is_the_slope_of_log_d(alpha, beta):
    values = page.ENTRY.read({"alpha": alpha, "beta": beta})
    x, near = np.linspace(-4, 4, 17), 1e-6
    both = [np.log(page.optimum(*densities(x + s * near), alpha, beta)) for s in (1, -1)]
    wanted = (both[0] - both[1]) / (2 * near)
    np.testing.assert_allclose(page.push(values, x, alpha, beta), wanted, rtol=1e-5, atol=1e-7)


def test_one_side_only_rescales_and_the_other_takes_the_push_away():
    values, x = page.ENTRY.read(), np.linspace(-4, 4, 81)
    p, q = densities(x)
    np.testing.assert_allclose(page.optimum(p, q, 0.25, 0), 0.75 * page.optimum(p, q, 0, 0))
    np.testing.assert_allclose(page.push(values, x, 0.25, 0), page.push(values, x, 0, 0), atol=1e-9)
    assert (page.optimum(p, q, 0.1, 0.2) >= 0.2).all()  # a mean of 0.9 and 0.2
    at = np.array([2.0])
    assert page.push(values, at, 0, 0)[0] < -3 and abs(page.push(values, at, 0, 0.1)[0]) < 0.01


def test_what_it_says_and_the_lab():
    assert "0.80 times what it was" in page.ENTRY.at(alpha=0.2, beta=0.0).says
    assert "The samples stay" in page.ENTRY.at().says
    assert "No smoothing" in page.ENTRY.at(alpha=0.0, beta=0.0).says
    assert "on the data" in page.ENTRY.at(place=-1.5).says
    spec = page.ENTRY.lab(page.ENTRY.read({"alpha": 0.2}))
    assert (spec.smooth_real, spec.smooth_fake) == (0.2, 0.3)
