"""The Parzen window against SciPy in float64, closed forms, and the figures known of MNIST."""

import math
import weakref

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ganlab.digits import strokes
from ganlab.mnist import distances, parzen
from ganlab.registry import SpecError


def brute(x, samples, sigmas):
    """Each distance computed separately, in float64, (sigmas, n)."""
    square = cdist(np.asarray(x, np.float64), np.asarray(samples, np.float64), "sqeuclidean")
    n, d = samples.shape
    return np.stack(
        [
            logsumexp(-square / (2 * s**2), axis=1)
            - math.log(n)
            - d / 2 * math.log(2 * math.pi * s**2)
            for s in sigmas
        ]
    )


@pytest.fixture(scope="module")
def digits():
    return strokes.digits(train=6600, test=700, seed=1)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks whose size does not divide the tests' numbers of images."""
    monkeypatch.setattr(distances, "_CPU", (37, 101))


def test_every_image_and_sigma_is_the_brute_force_sum(digits, small_blocks):
    x, samples = digits.test.images, digits.fitted[:900].images
    got = parzen.log_likelihoods(x, samples, parzen.SIGMAS)
    want = brute(x, samples, parzen.SIGMAS)
    assert got.shape == (10, 700) and got.dtype == np.float64
    # Distances near 40 from float32 squares near 100, over 2 sigma^2: 2e-5 / .02 at worst.
    np.testing.assert_allclose(got, want, rtol=0, atol=3e-3)
    np.testing.assert_allclose(got.mean(1), want.mean(1), rtol=0, atol=3e-4)


@pytest.mark.parametrize("d", [1, 3, 50])
def test_other_sizes_and_kinds_of_input(d, small_blocks):
    rng = np.random.default_rng(d)
    x, samples = rng.normal(size=(70, d)), rng.normal(size=(230, d))
    want = brute(x, samples, [0.3, 2.0])
    for kind in (np.asarray, torch.tensor, lambda a: torch.tensor(a, requires_grad=True)):
        got = parzen.log_likelihoods(kind(x), kind(samples), [0.3, 2.0])
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-4)
    one = parzen.log_likelihoods(x[:1], samples[:1], [0.3])
    np.testing.assert_allclose(one, brute(x[:1], samples[:1], [0.3]), rtol=0, atol=2e-4)


def test_images_among_the_samples_and_far_from_them(small_blocks):
    rng = np.random.default_rng(0)
    samples = rng.random((300, 784), np.float32)
    x = np.concatenate([samples[::7], samples[:5] + 30])  # exp underflows by far
    got, want = (f(x, samples, [0.1, 1.0]) for f in (parzen.log_likelihoods, brute))
    # Of a float32 product of squares near 700,000 eight digits are left.
    np.testing.assert_allclose(got[:, :43], want[:, :43], rtol=0, atol=2e-2)
    np.testing.assert_allclose(got[:, 43:], want[:, 43:], rtol=2e-6)
    # At sigma .1 each sees only itself: log density of a Gaussian at its own mean, over n.
    own = -math.log(300) - 392 * math.log(2 * math.pi * 0.01)
    np.testing.assert_allclose(got[0, :43], own, rtol=0, atol=2e-2)


def test_samples_of_a_gaussian_find_its_closed_form():
    """E log p of N(0, 1 + sigma^2) under N(0, 1), the limit of many samples, in 2-D."""
    rng = np.random.default_rng(4)
    samples, test = rng.normal(size=(20_000, 2)), rng.normal(size=(4_000, 2))
    sigma = 0.4
    got = parzen.log_likelihoods(test, samples, [sigma])[0]
    var = 1 + sigma**2
    exact = -np.log(2 * np.pi * var) - (test**2).sum(1) / (2 * var)
    assert got.mean() == pytest.approx(exact.mean(), abs=3e-3)
    assert got.mean() == pytest.approx(-math.log(2 * math.pi * var) - 1 / var, abs=0.06)
    result = list_end(parzen.steps(samples, test[:1000], test, sigmas=[sigma]))
    assert result.se == pytest.approx(1 / var / math.sqrt(4000), rel=0.1)  # std of chi2_2/(2 var)


def list_end(generator):
    """The return value of a generator whose steps rise to 1."""
    seen = []
    while True:
        try:
            seen.append(next(generator))
        except StopIteration as end:
            assert seen == sorted(seen) and 0 < seen[0] and seen[-1] == pytest.approx(1.0)
            return end.value


def test_the_protocol(digits, small_blocks):
    samples, told = digits.fitted[:800].images, []
    result = parzen.score(samples, digits, progress=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0) and len(told) > 10
    tries = brute(digits.train[5500:6500].images, samples, parzen.SIGMAS).mean(1)
    best = parzen.SIGMAS[int(tries.argmax())]
    lls = brute(digits.test.images, samples, [best])[0]
    assert [s for s, _ in result.validation] == list(parzen.SIGMAS)
    np.testing.assert_allclose([m for _, m in result.validation], tries, rtol=0, atol=5e-4)
    assert (result.sigma, result.n, result.samples) == (best, 700, 800)
    assert result.mean == pytest.approx(lls.mean(), abs=5e-4)
    assert result.se == pytest.approx(lls.std() / math.sqrt(700), abs=5e-4)
    assert 0 < tries.argmax() < 9
    with pytest.raises(AttributeError):
        result.mean = 0.0


def test_sigmas_are_the_authors():
    want = [0.1 * 10 ** (i / 9) for i in range(10)]
    np.testing.assert_allclose(parzen.SIGMAS, want, rtol=1e-14)


class Live(TorchDispatchMode):
    """The most bytes of tensors that were alive at once, each storage counted once."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self.known = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if torch.is_tensor(leaf):
                storage = leaf.untyped_storage()
                if storage.data_ptr() not in self.known:
                    self.known.add(storage.data_ptr())
                    self.now += storage.nbytes()
                    self.most = max(self.most, self.now)
                    weakref.finalize(leaf, self._gone, storage.data_ptr(), storage.nbytes())
        return out

    def _gone(self, pointer, size):
        if pointer in self.known:
            self.known.remove(pointer)
            self.now -= size


@pytest.mark.parametrize("budget", [40_000, 300_000, 5_000_000, distances.BUDGET])
def test_the_budget_is_kept(digits, budget):
    n = {40_000: 20, 300_000: 200}.get(budget, 700)
    x, samples = digits.test[:n].images, digits.fitted[:n].images
    want = parzen.log_likelihoods(x, samples, [0.2])
    with Live() as live:
        got = parzen.log_likelihoods(x, samples, [0.2], budget=budget)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-3)
    results = 5 * 8 * n  # sums, squares, nearest, and the final results
    assert live.most <= budget + results
    plan = distances.plan(x, samples, budget, "cpu")
    assert plan.bytes(784) <= budget and live.most > plan.bytes(784) / 4
    if budget < 10**9:
        assert plan.bytes(784) > budget / 4  # and made use of


def test_it_can_be_stopped_and_taken_in_steps(digits, small_blocks):
    samples = digits.fitted[:300].images
    walk = parzen.steps(samples, digits.validation[:50].images, digits.test[:200].images)
    firsts = [next(walk) for _ in range(3)]
    walk.close()
    assert 0 < firsts[0] < firsts[1] < firsts[2] < 1
    assert torch.is_grad_enabled()

    def stop(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parzen.score(samples, digits, progress=stop)


def test_what_has_no_answer_is_refused_by_name(digits):
    x = digits.test[:5].images
    bad = x.copy()
    bad[2, 3] = np.nan
    for samples, sigmas, budget, named in (
        (x[:, :9], [0.1], 1e9, r"samples = \(5, 9\)"),
        (digits.test[:5].pixels, [0.1], 1e9, "samples = 'uint8"),
        (x[:0], [0.1], 1e9, "samples = 'float32 of shape"),
        (x[0], [0.1], 1e9, "samples = 'float32 of shape"),
        (bad, [0.1], 1e9, "NaN or inf"),
        (x, [0.1, 0.0], 1e9, "sigmas"),
        (x, [], 1e9, "sigmas"),
        (x, [math.nan], 1e9, "sigmas"),
        (x, [0.1], 1000, "budget = 1000"),
    ):
        with pytest.raises(SpecError, match=named):
            parzen.log_likelihoods(x, samples, sigmas, budget)
    with pytest.raises(SpecError, match="NaN or inf"):
        parzen.log_likelihoods(bad, x, [0.1])


def test_one_image_as_the_sample(loaded):
    """The mean of 10,000 training images, for every sample: on MNIST -59.4 nats."""
    mean = loaded.train[:10_000].images.mean(0, keepdims=True)
    result = parzen.score(mean, loaded)
    test = loaded.test.images.astype(np.float64)
    square = ((test - mean.astype(np.float64)) ** 2).sum(1)
    exact = -square / (2 * result.sigma**2) - 392 * math.log(2 * math.pi * result.sigma**2)
    assert result.mean == pytest.approx(exact.mean(), abs=1e-3)
    assert result.se == pytest.approx(exact.std() / math.sqrt(len(test)), rel=1e-4)
    if len(test) == 10_000:
        assert result.mean == pytest.approx(-59.4, abs=0.05)
    same = np.repeat(mean, 300, 0)
    assert parzen.score(same, loaded).mean == pytest.approx(result.mean, abs=1e-3)
