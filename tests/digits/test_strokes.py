"""Drawn digits: recognisable, varied, placed like MNIST's, and a function of the seed alone."""

import numpy as np
import pytest

from ganlab.digits import strokes
from ganlab.digits.alphabet import STYLES


@pytest.fixture(scope="module")
def drawn():
    pixels, labels = strokes.draw(4000, seed=3)
    return pixels / np.float32(255), labels


def nearest_label(train, labels, x):
    square = (train**2).sum(1) - 2 * x @ train.T
    return labels[square.argmin(1)]


def test_half_of_them_teaches_the_other_half(drawn):
    images, labels = drawn
    # With nearest neighbours, and as the simplest classifier, the nearest mean of a class.
    found = nearest_label(images[:2000], labels[:2000], images[2000:])
    assert (found == labels[2000:]).mean() >= 0.98
    each = [(found == labels[2000:])[labels[2000:] == d].mean() for d in range(10)]
    assert min(each) >= 0.95
    means = np.stack([images[:2000][labels[:2000] == d].mean(0) for d in range(10)])
    assert (nearest_label(means, np.arange(10), images[2000:]) == labels[2000:]).mean() >= 0.85


def test_they_vary(drawn):
    images, labels = drawn
    assert len(np.unique(images, axis=0)) == len(images)
    for d in range(10):
        mine = images[labels == d]
        # Spread about the class's mean, per image: MNIST's classes are between 22 (1) and 49.
        spread = ((mine - mine.mean(0)) ** 2).sum(1).mean()
        assert 20 < spread < 75
    assert all(len(styles) >= 3 for styles in STYLES) and len(STYLES) == 10


def test_ink_and_place_are_as_mnists(drawn):
    images = drawn[0].reshape(-1, 28, 28)
    assert images.min() == 0 and images.max() == 1
    assert 0.11 < images.mean() < 0.15 and 0.28 < images.std() < 0.33  # MNIST: .1307, .3081
    line, mass = np.arange(28), images.sum((1, 2))
    for axis in (1, 2):
        centre = (images.sum(axis) * line).sum(1) / mass
        assert centre.mean() == pytest.approx(14.0, abs=0.15)
        assert 0.15 < centre.std() < 0.6  # MNIST: .29
    ink = images > 0.2
    longer = np.maximum(ink.any(1).sum(1), ink.any(2).sum(1))
    assert longer.min() >= 17 and longer.max() <= 23
    # Antialiased: an edge is neither paper nor ink.
    assert 0.05 < ((images > 0.02) & (images < 0.98)).mean() < 0.25
    cut = images[:, [0, -1]].max((1, 2)) + images[:, :, [0, -1]].max((1, 2))
    assert (cut > 0.2).mean() < 0.02


@pytest.mark.parametrize("n", [10, 990, 1000, 2340])
def test_labels_are_equally_often(n):
    pixels, labels = strokes.draw(n)
    assert np.bincount(labels, minlength=10).tolist() == [n // 10] * 10
    assert pixels.shape == (n, 784) and pixels.dtype == labels.dtype == np.uint8
    assert not pixels.flags.writeable


def test_a_function_of_seed_and_part():
    pixels, labels = strokes.draw(1200, seed=5)
    fewer, some = strokes.draw(130, seed=5)
    np.testing.assert_array_equal(fewer, pixels[:130])
    np.testing.assert_array_equal(some, labels[:130])
    for other in (strokes.draw(1200, seed=6), strokes.draw(1200, seed=5, part=1)):
        assert (other[0] != pixels).any(1).mean() > 0.99
    assert (pixels[1000:] != pixels[:200]).any(1).all()
    assert [a.shape for a in strokes.draw(0)] == [(0, 784), (0,)]


def test_as_digits_they_say_that_they_are_not_mnist():
    drawn = strokes.digits(train=1200, test=300, seed=2)
    assert "not MNIST" in drawn.source and not drawn.is_mnist
    assert (len(drawn.fitted), len(drawn.validation), len(drawn.test)) == (1000, 200, 300)
    assert drawn.train.images.dtype == np.float32 and drawn.train.images.max() <= 1
    train = {image.tobytes() for image in drawn.train.pixels}
    assert not train & {image.tobytes() for image in drawn.test.pixels}
    assert len(strokes.digits().train) == 12_000 and len(strokes.digits().test) == 2_000


def test_a_pen_stroke_is_the_distance_to_its_line():
    a, b = np.array([[[5.0, 6.0], [9.0, 9.0]]]), np.array([[[20.0, 6.0], [9.0, 9.0]]])
    got = strokes._distance(a.astype(np.float32), b.astype(np.float32)).reshape(28, 28)
    y, x = np.mgrid[:28, :28]
    along = np.hypot(x - np.clip(x, 5, 20), y - 6)
    want = np.minimum(along, np.hypot(x - 9, y - 9))  # the second stroke is a dot
    np.testing.assert_allclose(got, want, atol=1e-5)
