"""Properties of every registered target beyond the contract of `ganlab.testing`."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from ganlab.registry import SpecError
from ganlab.targets import TARGETS, Target, TargetEntry, make_target
from ganlab.targets.mixtures import _count_below

HEAVY = {"cauchy"}
CELLS = {1: 61, 2: 63}  # odd, so that the edges do not all fall on modes or between them
NAMES = [n for n in TARGETS if 0 < TARGETS[n].dim <= 2]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def box_edges(target: Target, cells: int) -> list[np.ndarray]:
    return [np.linspace(low, high, cells + 1) for low, high in target.box]


def chi_square_p(target: Target, x: np.ndarray, cells: int) -> float:
    """p-value of the samples x against the target's cell masses; sparse cells are one bin."""
    edges = box_edges(target, cells)
    counts = np.histogramdd(x, bins=edges)[0].ravel()
    expected = target.cell_masses(*edges).ravel() * len(x)
    keep = expected >= 8
    counts = np.append(counts[keep], len(x) - counts[keep].sum())
    expected = np.append(expected[keep], len(x) - expected[keep].sum())
    if expected[-1] < 8:
        # The remainder is too small for a bin of its own: merge it into the last one.
        counts = np.append(counts[:-2], counts[-2:].sum())
        expected = np.append(expected[:-2], expected[-2:].sum())
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1))


def test_the_names():
    assert NAMES[:1] == ["gaussian"]
    assert set(NAMES) >= {"two_gaussians", "gaussians", "uniform", "laplace", "cauchy"}
    assert set(NAMES) >= {"ring", "grid", "two_gaussians_2d", "spiral", "moons"}
    assert set(NAMES) >= {"checkerboard", "line"}


@pytest.mark.parametrize("name", NAMES)
def test_entry(name):
    entry = TARGETS[name]
    assert isinstance(entry, TargetEntry) and entry.name == name
    assert entry.title and entry.equation and entry.doc[-1] in ".?"
    assert len({p.name for p in entry.params}) == len(entry.params) > 0
    for p in entry.params:
        assert p.title and p.doc.endswith(".")
        assert p.check(p.default) == p.default == p.parse(p.format(p.default))
    target = make_target(name, {})
    assert target.dim == entry.dim in (1, 2)
    assert make_target(name) is target
    assert make_target(name, {p.name: p.default for p in entry.params}) is target


def corners(name: str) -> list[dict]:
    if name.startswith("function"):  # its ends must be in order: see test_function.py
        return [{}]
    numbers = [p for p in TARGETS[name].params if p.kind in ("int", "float")]
    ends = [{p.name: end} for p in numbers for end in (p.low, p.high)]
    return ends + [{p.name: p.low for p in numbers}, {p.name: p.high for p in numbers}]


@pytest.mark.parametrize("name", NAMES)
def test_all_that_the_bounds_allow_is_finite(name):
    for params in corners(name):
        try:
            target = make_target(name, params)
        except SpecError as error:  # too narrow for its position: use the narrowest allowed there
            assert "narrower distributions" in error.allowed or "these variances" in error.allowed
            spreads = ("std", "scale", "width", "var_x", "var_y")
            params |= {p.name: p.high for p in TARGETS[name].params if p.name in spreads}
            target = make_target(name, params)
        box = target.box
        assert box.shape == (target.dim, 2) and box.dtype == np.float64
        assert np.all(np.isfinite(box))
        near = np.all(np.abs(box) <= 25)
        assert not near or (np.all(box[:, 0] <= -1) and np.all(box[:, 1] >= 1))
        assert np.ptp(box[:, 1] - box[:, 0]) <= 1e-9 * box.max()
        x = target.sample(2000, seeded(1))
        density = target.log_density(x.numpy()[:500])
        assert np.isfinite(density).all() if target.has_density else np.isposinf(density).all()
        inside = np.all((x.numpy() >= box[:, 0]) & (x.numpy() <= box[:, 1]), axis=1).mean()
        assert inside >= (0.92 if name in HEAVY else 0.995), params


@pytest.mark.parametrize("name", NAMES)
def test_cell_masses_add_up(name):
    target = make_target(name)
    everything = target.cell_masses(*[np.array([-np.inf, np.inf])] * target.dim)
    np.testing.assert_allclose(everything, 1, rtol=1e-12)
    fine = target.cell_masses(*box_edges(target, 60))
    coarse = target.cell_masses(*box_edges(target, 20))
    shape = (20, 3) if target.dim == 1 else (20, 3, 20, 3)
    axis = 1 if target.dim == 1 else (1, 3)
    np.testing.assert_allclose(fine.reshape(shape).sum(axis=axis), coarse, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_samples_follow_the_cell_masses(name):
    # Five tests for each target: a correct target fails one of them with probability 5e-4.
    target = make_target(name)
    for seed in range(5):
        x = target.sample(20_000, seeded(100 + seed)).double().numpy()
        assert chi_square_p(target, x, CELLS[target.dim]) > 1e-4, seed


NUMBERS = [
    (n, p.name)
    for n in NAMES
    for p in TARGETS[n].params
    if p.kind not in ("choice", "data", "text") and not n.startswith("function")
]


@pytest.mark.parametrize(("name", "param"), NUMBERS)
def test_samples_of_another_target_are_told_apart(name, param):
    """An increase of any param by a tenth is rejected: all matter, and the test has power."""
    target = make_target(name)
    (p,) = [p for p in TARGETS[name].params if p.name == param]
    if name.startswith("points") or param in ("means", "stds"):
        value = tuple(1.1 * v for v in p.default)
    elif p.kind == "ints":
        value = tuple(min(p.high, v + 1) for v in p.default)
    elif p.kind == "floats":
        value = (1.5,) + (1.0,) * (len(target.modes.weights) - 1)
    elif p.kind == "int":
        value = p.default + 1
    elif name.startswith("own"):
        value = 2.5 * p.default  # the kernels are narrow beside the distances of the points
    elif param == "blur":  # of a fraction of a pixel
        value = 6 * p.default
    else:
        value = (0.9 if name == "gaussian_2d" else 1.1) * p.default or 0.1
    x = make_target(name, {param: value}).sample(40_000, seeded(7)).double().numpy()
    assert chi_square_p(target, x, CELLS[target.dim]) < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_modes(name):
    target = make_target(name)
    has_weights = any(p.name == "weights" for p in TARGETS[name].params)
    assert (target.modes is not None) == (has_weights or name == "gaussian")
    if target.modes is None:
        return
    centers, std, weights = target.modes.centers, target.modes.std, target.modes.weights
    m = len(centers)
    assert centers.shape == (m, target.dim) and std.shape == weights.shape == (m,)
    assert centers.dtype == std.dtype == weights.dtype == np.float64
    np.testing.assert_allclose(weights, 1 / m, rtol=1e-14)
    with pytest.raises(ValueError, match="read-only"):
        centers[0] = 0
    if has_weights:
        given = tuple(float(i + 1) for i in range(m))
        weights = make_target(name, {"weights": given}).modes.weights
        np.testing.assert_allclose(weights, np.array(given) / sum(given), rtol=1e-14)


@pytest.mark.parametrize("name", [n for n in NAMES if TARGETS[n].params[-1].name == "weights"])
def test_weights_are_respected_and_checked(name):
    m = len(make_target(name).modes.weights)
    given = (5.0,) + (1.0,) * (m - 1)
    target = make_target(name, {"weights": given})
    n = 40_000
    x = target.sample(n, seeded(5)).double().numpy()
    near = np.linalg.norm(x[:, None] - target.modes.centers, axis=2).argmin(axis=1) == 0
    share = 5 / (m + 4)
    # Modes are four std apart or more: at most 1e-3 of the points are nearer to another's center.
    assert abs(near.mean() - share) < 5 * np.sqrt(share * (1 - share) / n) + 1e-3
    for wrong in ((1.0,) * (m + 1), (1.0,) * (m - 1), (0.0,) * m, (-1.0,) * m, (np.nan,) * m):
        with pytest.raises(SpecError) as error:
            make_target(name, {"weights": wrong})
        assert error.value.name == "weights"
    with pytest.raises(SpecError, match=f"^weights .*{m}"):
        make_target(name, {"weights": (1.0,) * (m - 1)})


@pytest.mark.parametrize("name", NAMES)
def test_bad_requests(name):
    with pytest.raises(SpecError, match="^target_params = 'colour' .*a parameter of"):
        make_target(name, {"colour": 1})
    for p in TARGETS[name].params:
        for wrong in (np.nan, np.inf, "wide", None, p.high + 1, p.low - 1):
            with pytest.raises(SpecError) as error:
                make_target(name, {p.name: wrong})
            assert error.value.name == p.name
    target = make_target(name)
    for bad in (np.zeros((4, target.dim + 1)), np.array(0.0)):
        with pytest.raises(ValueError, match="last axis"):
            target.log_density(bad)
    good = np.array([0.0, 1.0])
    for edges in ([good] * (target.dim + 1), [good[::-1]] * target.dim, [good[:1]] * target.dim):
        with pytest.raises(ValueError, match="edges"):
            target.cell_masses(*edges)


def test_bad_names_and_params():
    with pytest.raises(SpecError, match="^target = 'square' .*gaussian"):
        make_target("square", {})
    with pytest.raises(SpecError, match="^target_params"):
        make_target("gaussian", [("mean", 1)])


@pytest.mark.parametrize("count", [1, 7, 32, 33, 400])
def test_modes_are_found_among_few_bounds_and_many(count):
    bounds = np.sort(np.random.default_rng(count).random(count, dtype=np.float32))
    u = np.concatenate([np.random.default_rng(0).random(5000, dtype=np.float32), bounds, [0.0]])
    u = u.astype(np.float32)
    found = _count_below(torch.from_numpy(bounds), torch.from_numpy(u))
    assert found.dtype == torch.int32
    np.testing.assert_array_equal(found, np.searchsorted(bounds, u, side="right"))
