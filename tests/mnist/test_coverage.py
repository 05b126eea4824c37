"""The classifier and the coverage, compared with known mixtures of drawn digits."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from ganlab import Run
from ganlab.digits import strokes
from ganlab.digits.images import Digits, Split
from ganlab.mnist import classifier, coverage, preview, scoring
from ganlab.mnist.classifier import CLASSES, Classifier
from ganlab.mnist.recipes import RECIPES

SMALL = RECIPES["quick"].spec.replace(
    target="drawn_digits", g_hidden=(16,), d_hidden=(16,), latent_dim=4, batch=50
)


def end(walk):
    """The return value of a generator of the fraction done."""
    seen = [0.0]
    while True:
        try:
            seen.append(next(walk))
        except StopIteration as stop:
            assert seen == sorted(seen) and seen[-1] == pytest.approx(1)
            return stop.value


@pytest.fixture(scope="module")
def digits():
    return strokes.digits(3600, 1000, seed=3)


@pytest.fixture(scope="module")
def judge(digits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "STEPS", 400)
        return end(classifier.fit(digits))


@pytest.fixture(scope="module")
def pool(judge):
    """Images not used for fitting or testing, their classes, and their predictions."""
    pixels, labels = strokes.draw(5000, seed=77, part=5)
    images = pixels / np.float32(255)
    return images, labels, judge.classes(images)


def perfect(counts=(1,) * CLASSES) -> Classifier:
    """A classifier that is always right, without weights."""
    return Classifier({}, np.array(counts), 100 * np.eye(CLASSES, dtype=np.int64))


def test_held_out_images_are_taken_for_what_they_are(digits, judge, pool):
    images, labels, said = pool
    assert judge.counts.tolist() == np.bincount(digits.fitted.labels).tolist()
    assert judge.confusion.sum(1).tolist() == np.bincount(digits.test.labels).tolist()
    assert 0.95 < judge.accuracy <= 1
    right = (said == labels).mean()
    spread = math.sqrt(right * (1 - right) * (1 / 1000 + 1 / len(labels)))
    assert judge.accuracy == pytest.approx(right, abs=4 * spread + 1e-3)
    test = judge.classes(digits.test.images)
    assert judge.confusion[3, 8] == ((digits.test.labels == 3) & (test == 8)).sum()


def test_the_same_images_give_the_same_classifier(digits, monkeypatch):
    """Bit for bit the same whatever torch did before, without using other random numbers."""
    monkeypatch.setattr(classifier, "STEPS", 25)
    one = end(classifier.fit(digits))
    before = torch.get_num_threads()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        walk = classifier.fit(digits)
        next(walk)
        assert torch.get_num_threads() == 2, "between steps they are as the caller left them"
        torch.set_num_threads(1)
        other = end(walk)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one.weights[n], other.weights[n]) for n in one.weights)
    assert (one.confusion == other.confusion).all()
    read = classifier.known(digits)
    assert all(torch.equal(one.weights[n], read.weights[n]) for n in one.weights)
    np.testing.assert_array_equal(read.classes(digits.test.images), one.classes(digits.test.images))


def test_a_classifier_is_kept_by_the_contents_of_its_images(digits, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 3)
    assert classifier.known(digits) is None
    made = end(classifier.fit(digits))
    again = Digits("another name", digits.train, digits.test)
    assert (classifier.known(again).confusion == made.confusion).all()
    pixels = digits.train.pixels.copy()
    pixels[5, 300] ^= 1
    assert classifier.known(Digits("", Split(pixels, digits.train.labels), digits.test)) is None
    place = classifier._place(digits)
    with np.load(place) as file:
        arrays = {name: file[name] for name in file.files}
    for name, wrong in (
        ("w1", arrays["w1"][:3]),
        ("w1", arrays["w1"].astype(np.float64)),
        ("b3", np.full_like(arrays["b3"], np.nan)),
        ("confusion", arrays["confusion"][:5]),
        ("counts", -arrays["counts"]),
        ("counts", 0 * arrays["counts"]),
    ):
        np.savez(place, **(arrays | {name: wrong}))
        assert classifier.known(digits) is None, name
    place.write_bytes(b"PK\x03\x04")
    assert classifier.known(digits) is None


def entropy(e: float) -> float:
    """The largest KL of shares of which 1 - e are in one of ten classes."""
    return -e * math.log(e / 9) - (1 - e) * math.log(1 - e) if e else 0.0


@pytest.mark.parametrize("digit", [1, 8])
def test_a_generator_of_one_digit(judge, pool, digit):
    images, labels, said = pool
    found = coverage.measure(images[labels == digit], judge)
    assert found.covered == (digit,) and found.classes == 10 and len(found.missed) == 9
    wrong = 1 - (said[labels == digit] == digit).mean()
    assert found.shares[digit] == pytest.approx(1 - wrong) and wrong < 0.1
    # KL = sum q ln q/p = ln 10 - H(q), where the data have a tenth of each.
    assert math.log(10) - entropy(wrong) - 1e-9 <= found.kl <= math.log(10) + 1e-9


@pytest.mark.parametrize("lost", range(10))
def test_a_digit_that_is_never_made_is_missed(judge, pool, lost):
    _, labels, said = pool
    q = np.bincount(said[labels != lost], minlength=10) / (labels != lost).sum()
    covered = coverage.covered(q, judge.expected, judge)
    assert np.flatnonzero(~covered).tolist() == [lost]
    assert coverage.kl(q, judge.expected) == pytest.approx(-math.log(0.9), abs=0.02)


def test_the_shares_of_a_mixture_are_found_up_to_the_confusion(judge, pool):
    images, labels, _ = pool
    counts = {0: 200, 3: 120, 5: 60, 9: 20}
    which = np.concatenate([np.flatnonzero(labels == c)[:n] for c, n in counts.items()])
    found = coverage.measure(images[which], judge)
    mix = np.zeros(10)
    mix[list(counts)] = np.array([*counts.values()]) / 400
    away = np.abs(np.array(found.shares) - mix).sum() / 2
    assert away <= 2 * (1 - judge.accuracy) + 0.01
    np.testing.assert_allclose(found.shares, mix @ judge.rates, atol=0.03)
    np.testing.assert_allclose(coverage.unmixed(np.array(found.shares), judge), mix, atol=0.03)
    assert found.covered == (0, 3, 5, 9) and sum(found.shares) == pytest.approx(1)
    exact = sum(m * math.log(m / 0.1) for m in mix if m)
    assert found.kl == pytest.approx(exact, abs=0.1)


def test_real_images_read_the_floor(judge, pool):
    """On average over draws with random labels; and one draw is within its range."""
    _, labels, said = pool
    rng = np.random.default_rng(0)
    draws = rng.integers(len(said), size=(200, 500))
    q = np.stack([np.bincount(said[d], minlength=10) for d in draws]) / 500
    read, floor = coverage.kl(q, judge.expected), coverage.floor(500, judge.expected, judge)
    assert read.mean() == pytest.approx(floor, rel=0.25)
    assert read.max() < 4.5 * floor  # chi-squared with 9 degrees reaches 3.1 once in 1,000
    assert coverage.covered(q[0], judge.expected, judge).all()


@pytest.mark.parametrize("n", [1000, 10_000])
def test_the_floor_of_a_classifier_that_is_always_right(n):
    """2 n KL is chi-squared with 9 degrees of freedom, and misclassification adds its own KL."""
    p = np.full(10, 0.1)
    floor = coverage.floor(n, p, perfect())
    assert floor == pytest.approx(9 / (2 * n), rel=0.06)
    confusion = 100 * np.eye(10, dtype=np.int64)
    confusion[4] = [0, 0, 0, 0, 60, 0, 0, 0, 0, 40]
    seen = [0.1] * 4 + [0.06] + [0.1] * 4 + [0.14]
    bias = sum(q * math.log(q / 0.1) for q in seen)
    sloppy = Classifier({}, np.ones(10, np.int64), confusion)
    assert coverage.floor(n, p, sloppy) == pytest.approx(bias + 9 / (2 * n), rel=0.1)


def test_a_class_counts_from_a_tenth_of_its_share_on():
    p = np.array([0.4] + [0.6 / 9] * 9)
    for share, counts in ((0.0399, False), (0.0401, True)):
        q = np.array([share] + [(1 - share) / 9] * 9)
        assert coverage.covered(q, p, perfect())[0] == counts
        assert coverage.covered(q, p, perfect())[1:].all()


def test_what_is_only_mistaken_for_a_class_does_not_cover_it():
    """G makes no 1s, but the classifier takes a third of its 0s for 1s."""
    confusion = 300 * np.eye(10, dtype=np.int64)
    confusion[0, :2] = 200, 100
    p = np.full(10, 0.1)
    sloppy = Classifier({}, np.ones(10, np.int64), confusion)
    for made, counts in (
        (np.array([1 / 9, 0] + [1 / 9] * 8), False),
        (p, True),  # all of them
    ):
        q = made @ sloppy.rates
        assert q[1] > 0.03, "more than a tenth of its share, and yet"
        np.testing.assert_allclose(coverage.unmixed(q, sloppy), made, atol=1e-3)
        assert coverage.covered(q, p, sloppy)[1] == counts
        assert coverage.covered(q, p, sloppy)[[0, *range(2, 10)]].all()


def test_a_class_without_training_images_is_never_seen(digits, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 30)
    keep = digits.train.labels != 7
    split = Split(digits.train.pixels[keep], digits.train.labels[keep])
    made = end(classifier.fit(Digits("no 7", split, digits.test)))
    found = coverage.measure(digits.test.images, made)
    assert found.shares[7] == found.expected[7] == 0 and found.classes == 9
    assert 7 not in found.covered and 7 not in found.missed and math.isfinite(found.kl)


@pytest.fixture
def quick(few, monkeypatch):
    """Few samples to measure."""
    monkeypatch.setattr(scoring, "SAMPLES", 300)
    return few


@pytest.mark.parametrize("labels", ["no", "yes"])
def test_a_run_that_makes_one_digit_only(quick, monkeypatch, labels):
    run = Run(SMALL.replace(conditional=labels))
    ones = quick.test.images[quick.test.labels == 1]
    monkeypatch.setattr(preview, "samples", lambda run, n, seed: np.resize(ones, (n, 784)))
    score = end(scoring.fake(run, quick, 2.0))
    found = score.coverage
    assert (score.iteration, score.epoch, found.n) == (0, 2.0, 300)
    assert found.covered == (1,) and found.kl == pytest.approx(math.log(10), abs=0.3)
    # With labels, as many of each as were requested; otherwise as in the data.
    want = [0.1] * 10 if labels == "yes" else np.bincount(quick.fitted.labels) / 1000
    np.testing.assert_allclose(found.expected, want, rtol=1e-12)
    assert found.accuracy == classifier.known(quick).accuracy
    assert end(scoring.fake(run, quick, 2.0)) == score, "the same images, the same score"


def test_real_images_are_measured_once_for_each_set(quick):
    assert scoring.known(quick) is None
    score = end(scoring.real(quick))
    assert scoring.known(quick) == score and len(score.coverage.covered) == 10
    assert score.coverage.kl < 0.1 and score.coverage.n == 300
    # A file of a version without coverage is measured again.
    place = scoring._place(quick)
    items = dataclasses.asdict(score)
    del items["coverage"]
    place.write_text(json.dumps(items))
    assert scoring.known(quick) is None
    place.write_text("[1]")
    assert scoring.known(quick) is None
