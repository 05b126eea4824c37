"""The preview of a run: samples of its own latents, and D's outputs."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from ganlab import Run
from ganlab.mnist import classifier, coverage, preview
from ganlab.mnist.recipes import RECIPES

BASE = {"target": "drawn_digits", "g_hidden": (16,), "d_hidden": (16,), "latent_dim": 4}
PLAIN = RECIPES["quick"].spec.replace(**BASE, batch=50)
LABELS = PLAIN.replace(conditional="yes", g_norm="none")


@pytest.fixture(scope="module", params=[PLAIN, LABELS], ids=["plain", "labels"])
def run(request, few):
    run = Run(request.param)
    run.advance(30)
    return run


def test_a_preview(run, few):
    got = preview.take(run, few, 5)
    assert (got.iteration, got.latents) == (30, 5)
    assert got.samples.shape == (100, 784) and got.samples.dtype == np.uint8
    # Samples are G at the seed's latents, alone.
    z = preview.inputs(run, 100, 5)
    if run.spec.labels:
        assert z[:, 4:].argmax(1).tolist() == list(range(10)) * 10
        z = z.view(10, 10, 14).transpose(0, 1).reshape(100, 14)  # a row for each label
    with torch.no_grad():
        want = run.game.make(run.state.g, z[None])[0]
    np.testing.assert_array_equal(got.samples, (want * 255).round().byte().numpy())
    again = preview.take(run, few, 5)
    for name, value in vars(got).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    assert not np.array_equal(preview.take(run, few, 6).samples, got.samples)


def test_the_nearest_training_images(run, few):
    got = preview.take(run, few, 0)
    with torch.no_grad():
        z = preview.inputs(run, 100, 0)
        if run.spec.labels:
            z = z.view(10, 10, -1).transpose(0, 1).reshape(100, -1)
        last = run.game.make(run.state.g, z[None])[0, 9::10].double().numpy()
    apart = cdist(last, few.fitted.images.astype(np.float64))
    np.testing.assert_allclose(got.distance, apart.min(1), rtol=1e-5)
    np.testing.assert_array_equal(got.nearest, few.fitted.pixels[apart.argmin(1)])


def test_the_chain_is_a_closed_way_in_small_steps(run, few):
    got = preview.take(run, few, 0)
    assert got.chain.shape == (8 * 16 + 1, 784)
    np.testing.assert_array_equal(got.chain[0], got.chain[-1])
    anchors = preview.inputs(run, 8, 1)
    with torch.no_grad():
        halfway = run.game.make(run.state.g, (anchors[2] + anchors[3])[None, None] / 2)
    want = (halfway[0, 0] * 255).round().byte().numpy()
    assert np.abs(got.chain[2 * 16 + 8].astype(int) - want.astype(int)).max() <= 1
    assert len(np.unique(got.chain[:16], axis=0)) == 16


def test_images_of_each_label(run, few):
    got = preview.take(run, few, 0)
    if not run.spec.labels:
        assert got.digits.shape == (0, 0, 784)
        return
    assert got.digits.shape == (10, 50, 784)
    for label in (0, 7):
        z = preview.inputs(run, 50, 2, label)
        assert z[:, 4 + label].eq(1).all() and z[:, 4:].sum(1).eq(1).all()
        with torch.no_grad():
            want = run.game.make(run.state.g, z[None])[0]
        np.testing.assert_array_equal(got.digits[label], (want * 255).round().byte().numpy())


def test_which_classes_they_are(run, few):
    assert preview.take(run, few, 5).classes.shape == (0, 10), "there is no classifier yet"
    for _ in classifier.fit(few):
        pass
    judge = classifier.known(few)
    got = preview.take(run, few, 5, judge)
    said = judge.classes(preview.samples(run, 1000, 5))
    np.testing.assert_allclose(got.classes[0], np.bincount(said, minlength=10) / 1000, atol=1e-7)
    np.testing.assert_allclose(got.classes[1], 0.1 if run.spec.labels else judge.expected)
    kl = coverage.kl(got.classes[0].astype(float), got.classes[1].astype(float))
    floor = coverage.floor(1000, judge.expected, judge)
    np.testing.assert_allclose(got.class_kl, (kl, floor), rtol=1e-4, atol=1e-3)
    assert set(got.classes[2].tolist()) <= {0.0, 1.0}


def test_what_d_says(run, few):
    got = preview.take(run, few, 0)
    judged = preview.judge(run, few, 0)
    for spread, logits in zip((got.real, got.fake, got.unseen), judged, strict=True):
        probability = torch.sigmoid(logits.double()).numpy()
        counts, _ = np.histogram(probability, preview.BINS, (0, 1))
        assert len(logits) in (200, 500) and spread.sum() == pytest.approx(1)
        np.testing.assert_allclose(spread, counts / len(logits), atol=2.1 / len(logits))
    d_loss, g_loss, *means = preview.costs(run, judged)
    real, fake, unseen = (torch.sigmoid(x.double()) for x in judged)
    assert d_loss == pytest.approx(float(-(real.log().mean() + (1 - fake).log().mean())), rel=1e-4)
    assert g_loss == pytest.approx(float(-fake.log().mean()), rel=1e-4)
    assert means == pytest.approx([float(x.mean()) for x in (real, fake, unseen)], rel=1e-5)


def test_samples_to_measure(run, few):
    images = preview.samples(run, 2500, 1)
    assert images.shape == (2500, 784) and images.dtype == np.float32
    assert 0 <= images.min() and images.max() <= 1
    np.testing.assert_allclose(images[:100], preview.samples(run, 100, 1), atol=1e-6)
