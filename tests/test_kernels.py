"""Metrics in C are those in NumPy."""

import ctypes
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab import kernels, metrics
from ganlab.engine.native import build

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernels") / build.RUNNER
    build.compile_library(path)
    return kernels.Kernels(ctypes.CDLL(str(path)))


@pytest.fixture(scope="module")
def native(library):
    """A context in which metrics use the kernels; outside of it they use NumPy."""
    before, kernels._provided[:] = kernels._provided[:], []

    @contextmanager
    def within():
        kernels._provided[:] = [library]
        yield
        kernels._provided.clear()

    yield within
    kernels._provided[:] = before


@given(SEEDS, st.integers(1, 60), st.integers(1, 40))
def test_pushforwards(native, seed, intervals, cells):
    rng = np.random.default_rng(seed)
    edges = np.cumsum(rng.exponential(size=cells + 1)) - cells / 2
    x = rng.normal(size=(2, intervals + 1)) * 10 ** rng.uniform(-3, 3)
    x[rng.random(x.shape) < 0.3] = rng.choice(edges)  # atoms, and ends on edges
    mass = rng.dirichlet(np.ones(intervals))
    numpy = metrics.pushforward_1d(x, mass, edges)
    with native():
        found = metrics.pushforward_1d(x, mass, edges)
    np.testing.assert_array_equal(found[0], numpy[0])
    # NumPy adds up all runs in one sum: those after the first differ in their last bits.
    np.testing.assert_allclose(found, numpy, rtol=1e-9, atol=1e-14)
    assert ((found == 0) == (numpy == 0)).all() and np.allclose(found.sum(-1), 1)


@given(SEEDS, st.sampled_from([np.float32, np.float64]))
def test_histograms(native, seed, dtype):
    rng = np.random.default_rng(seed)
    edges = np.linspace(*np.sort(rng.normal(size=2)), rng.integers(2, 70)), np.linspace(-2, 1, 13)
    points = rng.normal(size=(2, 200, 2)).astype(dtype)
    on_edges = rng.random(200) < 0.3
    points[:, on_edges, 0] = rng.choice(edges[0], on_edges.sum())
    points[:, on_edges, 1] = rng.choice(edges[1], on_edges.sum())
    points[rng.random(points.shape) < 0.05] = rng.choice([np.nan, np.inf, -np.inf, 1e30])
    numpy = metrics.histogram_2d(points, *edges)
    with native():
        found = metrics.histogram_2d(points, *edges)
    np.testing.assert_array_equal(found, numpy)


class Modes:
    """Modes of different widths."""

    def __init__(self, rng, count, dim):
        self.centers, self.std = rng.normal(size=(count, dim)), rng.uniform(0.1, 0.5, count)
        self.weights = np.full(count, 1 / count)


@given(SEEDS, st.integers(1, 9), st.integers(1, 2))
def test_modes(native, seed, count, dim):
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(2, 100, dim))
    samples[rng.random(samples.shape) < 0.1] = rng.choice([np.nan, np.inf, 1e200])
    modes = Modes(rng, count, dim)
    numpy = metrics.mode_score(samples, modes)
    with native():
        found = metrics.mode_score(samples, modes)
    for name in ("captured", "high_quality", "reverse_kl", "shares"):
        np.testing.assert_array_equal(getattr(found, name), getattr(numpy, name))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1.5e308])
def test_bad_values_are_refused(native, bad):
    values = [-bad, bad, bad], [0.5, 0.5], [0.0, 1.0]
    with pytest.raises(ValueError, match="not finite"):
        metrics.pushforward_1d(*values)
    with native(), pytest.raises(ValueError, match="not finite"):
        metrics.pushforward_1d(*values)
    with native(), pytest.raises(ValueError, match="uniformly"):
        metrics.histogram_2d([[0.0, 0.0]], [0, 1, 3], [0, 1])


def test_the_first_library_stays(library, monkeypatch):
    monkeypatch.setattr(kernels, "_provided", [])
    assert kernels.kernels() is None
    kernels.provide(library._library)
    first = kernels.kernels()
    kernels.provide(library._library)
    assert kernels.kernels() is first is not None
