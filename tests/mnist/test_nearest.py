"""Nearest training images compared with SciPy's search, including ties and tiny differences."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from ganlab.digits import strokes
from ganlab.mnist import distances, nearest
from ganlab.registry import SpecError


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks whose size does not divide the tests' numbers of images."""
    monkeypatch.setattr(distances, "_CPU", (37, 101))


@pytest.fixture
def searches(monkeypatch):
    """The rows for which the fast search was uncertain."""
    rows, search = [], nearest._search
    monkeypatch.setattr(nearest, "_search", lambda *a: rows.append(1) or search(*a))
    return rows


def test_of_digits(searches):
    drawn = strokes.digits(train=1000, test=300)
    train, x = drawn.train.images, drawn.test.images
    got = nearest.nearest(x, train)
    distance, index = cKDTree(train.astype(np.float64)).query(x.astype(np.float64))
    np.testing.assert_array_equal(got.index, index)
    np.testing.assert_allclose(got.distance, distance, rtol=1e-12)
    assert not searches


@pytest.mark.parametrize("n", [1, 3, 4, 5, 250])
@pytest.mark.parametrize("d", [1, 2, 64])
def test_of_any_size(n, d):
    rng = np.random.default_rng([n, d])
    x, train = rng.random((90, d), np.float32), rng.random((n, d), np.float32)
    got = nearest.nearest(x, torch.tensor(train))
    square = cdist(x.astype(np.float64), train.astype(np.float64))
    np.testing.assert_array_equal(got.index, square.argmin(1))
    np.testing.assert_allclose(got.distance, square.min(1), rtol=1e-12)


def test_a_copy_is_at_distance_zero_and_found():
    drawn = strokes.digits(train=1000, test=10)
    got = nearest.nearest(drawn.train[::9].images, drawn.train.images)
    np.testing.assert_array_equal(got.index, np.arange(0, 1000, 9))
    np.testing.assert_array_equal(got.distance, 0.0)


def test_what_float32_products_cannot_tell_apart(searches):
    """Training images that differ by 1e-4 of a pixel, far from zero, and many equal ones."""
    rng = np.random.default_rng(0)
    base = 30 + rng.random((1, 784), np.float32)
    train = np.repeat(base, 400, 0) + 1e-4 * rng.standard_normal((400, 784)).astype(np.float32)
    x = base + 1e-4 * rng.standard_normal((60, 784)).astype(np.float32)
    square = cdist(x.astype(np.float64), train.astype(np.float64))
    naive = ((train**2).sum(1) - 2 * x @ train.T).argmin(1)
    assert (naive != square.argmin(1)).mean() > 0.5  # hard indeed
    got = nearest.nearest(x, train)
    np.testing.assert_array_equal(got.index, square.argmin(1))
    np.testing.assert_allclose(got.distance, square.min(1), rtol=1e-9)
    assert len(searches) == 60

    equal = np.repeat(rng.random((5, 784), np.float32), 50, 0)
    got = nearest.nearest(equal[::25], equal[::-1].copy())
    np.testing.assert_array_equal(got.index, [200, 200, 150, 150, 100, 100, 50, 50, 0, 0])


def test_budget_progress_and_refusals():
    rng = np.random.default_rng(1)
    x, train, told = rng.random((80, 784)), rng.random((300, 784)), []
    want = nearest.nearest(x, train, progress=told.append)
    got = nearest.nearest(x, train, budget=50_000)
    np.testing.assert_array_equal(got.index, want.index)
    assert told == [37 / 80, 74 / 80, 1.0]
    for bad in (x[:, :5], x[:0], np.full_like(x, np.inf), (x * 255).astype(np.uint8)):
        with pytest.raises(SpecError):
            nearest.nearest(bad, train)
    with pytest.raises(SpecError, match="budget = 10"):
        nearest.nearest(x, train, budget=10)
