"""Metamorphic tests: how metrics must change when data, modes, axes, seeds or roles are exchanged.

No oracle is needed: each test computes two answers, and theory relates them. Factors are powers of
two, rotations are by quarter turns and shifts are integers where answers must be equal in every
bit, or where no sample may change its cell or its mode.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganlab import Run, Spec, metrics, theory
from ganlab.domains import domain_of
from ganlab.domains.base import Probe
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.targets import TARGETS, Target, make_target
from ganlab.targets.base import Modes, Target1D
from ganlab.targets.mixtures import GaussianMixture

NAMES = [name for name in TARGETS if 0 < TARGETS[name].dim <= 2]
LINES = [name for name in NAMES if TARGETS[name].dim == 1]
PLANES = [name for name in NAMES if TARGETS[name].dim == 2]
MIXTURES = [name for name in NAMES if make_target(name).modes is not None]
POINTS = 2048
SWAP, TURN = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, -1.0], [1.0, 0.0]])

few = settings(max_examples=25, deadline=None)
numbers = st.floats(-50, 50, width=32)
seeds = st.integers(0, 2**32 - 1)


def probe(target: str, latent: str = "normal", latent_dim: int | None = None) -> Probe:
    made = make_target(target)
    return domain_of(made.dim).probe(made, LATENTS[latent], latent_dim or made.dim, POINTS)


def generated(of: Probe, seed: int) -> np.ndarray:
    """The outputs of an imperfect G at the probe's latents, (1, n, dim)."""
    draw = np.random.default_rng(seed)
    z, centre = of.z.double().numpy(), of.target.box.mean(1)
    weights = draw.normal(size=(z.shape[1], of.target.dim))
    wave = 0.4 * np.sin(np.tanh(z) @ draw.normal(size=weights.shape) * 3)
    return (np.tanh(z) @ weights + wave + centre)[None]


class Moved(Target):
    """The law of scale * turn x + shift, for x of another target."""

    def __init__(self, base: Target, scale: float, shift: np.ndarray, turn: np.ndarray):
        self._base, self._scale, self._shift, self._turn = base, scale, shift, turn
        self.dim, self.has_mean = base.dim, base.has_mean
        ends = self.of(base.box.T)
        self.box = np.sort(ends, 0).T
        if base.modes is not None:
            m = base.modes
            self.modes = Modes(self.of(m.centers), m.std * scale, m.weights)

    def of(self, x):
        return x @ (self._turn.T * self._scale) + self._shift

    def sample(self, n, generator):
        return torch.from_numpy(self.of(self._base.sample(n, generator).double().numpy()))

    def _log_density(self, x):
        raise NotImplementedError

    def _cell_masses(self, *edges):
        raise NotImplementedError


class MovedLine(Moved, Target1D):
    """The same in 1-D, with its quantiles."""

    def _ppf(self, u):
        (sign,) = self._turn.ravel()
        base = self._base.ppf(u) if sign > 0 else -self._base.ppf(1 - u)
        return base * self._scale + self._shift[0]

    def quantile_means(self, levels):
        (sign,) = self._turn.ravel()
        if sign > 0:
            base = self._base.quantile_means(levels)
        else:
            base = -self._base.quantile_means(1 - levels[::-1])[::-1]
        return base * self._scale + self._shift[0]

    def cdf(self, x):
        raise NotImplementedError

    def sf(self, x):
        raise NotImplementedError


def moved(of: Probe, scale: float = 1.0, shift: float = 0.0, turn=None) -> Probe:
    """The probe of the moved target, with cells moved in the same way, so that masses are equal."""
    dim = of.target.dim
    turn = np.eye(dim) if turn is None else turn
    kind = MovedLine if dim == 1 else Moved
    target = kind(of.target, scale, np.full(dim, shift), turn)
    axes = range(dim) if turn[0, 0] else (1, 0)
    edges = tuple(of.edges[axis] * scale + shift for axis in axes)
    signs = turn.sum(1)
    cells = [len(e) - 1 for e in of.edges]
    inner = of.inside(of.p_data).reshape(cells).transpose(axes)
    for axis, sign in enumerate(signs):
        if sign < 0:
            inner = np.flip(inner, axis)
    edges = tuple(
        np.sort(of.edges[a] * sign) * scale + shift for a, sign in zip(axes, signs, strict=True)
    )
    outer = of.p_data[-1:] if dim == 2 else of.p_data[[0, -1]][:: int(signs[0])]
    p_data = np.r_[inner.ravel(), outer] if dim == 2 else np.r_[outer[0], inner, outer[1]]
    x = torch.from_numpy(target.of(of.x.double().numpy()))
    return replace(of, target=target, edges=edges, p_data=p_data, x=x)


def scores(of: Probe, gz: np.ndarray) -> dict[str, np.ndarray]:
    """All metrics of G(z) against p_data."""
    masses = of.masses(gz)
    jsd, smooth = of.jsd(masses)
    out = {"jsd": jsd, "jsd_smooth": smooth, "w1": of.w1(gz), "tail": of.tail(gz)}
    if (modes := of.target.modes) is not None:
        score = metrics.mode_score(gz, modes)
        out |= {"modes": score.captured, "hq": score.high_quality, "shares": score.shares}
        out["reverse_kl"] = score.reverse_kl
    return out


def same(ours: dict, wanted: dict, rtol: float = 1e-9, w1_rtol=0.0, **factors: float) -> None:
    assert ours.keys() == wanted.keys()
    for name in wanted:
        expected = wanted[name] * factors.get(name, 1.0)
        most = max(rtol, w1_rtol) if name == "w1" else rtol
        np.testing.assert_allclose(ours[name], expected, rtol=most, atol=1e-12, err_msg=name)


# -- data and samples move together ----------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.25, 8.0])
@pytest.mark.parametrize("target", NAMES)
def test_units_do_not_matter(target, scale):
    """With x in other units, W1 is in these units, and nothing else changes."""
    of = probe(target)
    for seed in range(2):
        gz = generated(of, seed)
        # The sliced W1 sorts projections in single precision.
        loose = 1e-7 if of.target.dim == 2 else 0.0
        same(scores(moved(of, scale), gz * scale), scores(of, gz), w1_rtol=loose, w1=scale)


@pytest.mark.parametrize("latent", LATENTS)
@pytest.mark.parametrize("target", LINES)
def test_an_exact_push_forward_has_no_place_units_or_direction(target, latent):
    of = probe(target, latent)
    gz = generated(of, 3)
    before = scores(of, gz)
    same(scores(moved(of, 4.0), gz * 4), before, w1=4.0)
    same(scores(moved(of, 1.0, 16.0), gz + 16), before, rtol=1e-6)
    same(scores(moved(of, turn=-np.eye(1)), -gz), before, rtol=1e-6)


@pytest.mark.parametrize(
    "turn", [SWAP, TURN, -np.eye(2), np.diag([1.0, -1.0])], ids="swap turn point mirror".split()
)
@pytest.mark.parametrize("target", PLANES)
def test_axes_may_be_exchanged_and_turned(target, turn):
    of = probe(target)
    for seed in range(2):
        gz = generated(of, seed)
        ours, wanted = scores(moved(of, turn=turn), gz @ turn.T), scores(of, gz)
        # The directions of the sliced W1 are evenly spaced, but are not mapped onto each other.
        np.testing.assert_allclose(ours.pop("w1"), wanted.pop("w1"), rtol=0.02)
        same(ours, wanted)


@few
@given(seeds, st.integers(1, metrics.PROJECTIONS - 1), numbers, st.floats(0.125, 8))
def test_the_sliced_w1_depends_on_neither_position_nor_direction(seed, steps, shift, scale):
    """Rotated by whole steps, the set of directions is the same, and so is the distance."""
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(2, 64, 2))
    y *= 1.5
    before = metrics.w1_sliced(x, y)
    assert metrics.w1_sliced(y, x) == before and metrics.w1_sliced(x, x) == 0
    angle = np.pi * steps / metrics.PROJECTIONS
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for mapped in (lambda p: p @ turn.T * scale + shift, lambda p: p * (-scale, scale)):
        assert metrics.w1_sliced(mapped(x), mapped(y)) == pytest.approx(scale * before, rel=1e-9)
    assert metrics.w1_sliced(x, x + (3 * shift, -4 * shift)) == pytest.approx(
        5 * abs(shift) * 2 / np.pi, rel=2e-3
    )


@few
@given(seeds, st.floats(0, 2 * np.pi), numbers, st.floats(0.125, 8))
def test_the_exact_w1_knows_no_place_direction_or_order(seed, angle, shift, scale):
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(2, 24, 2))
    before = metrics.w1_exact(x, y)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    x1, y1 = (draw.permutation(p @ turn.T * scale + shift) for p in (x, y))
    assert metrics.w1_exact(x1, y1) == pytest.approx(scale * before, rel=1e-7)
    assert metrics.w1_exact(y, x) == pytest.approx(before, rel=1e-9)
    assert metrics.w1_sliced(x, y) <= before * (1 + 1e-9)


@few
@given(arrays(np.float64, (3, 17), elements=numbers), numbers, st.floats(0.125, 8))
def test_w1_on_the_line_is_a_distance_of_laws(x, shift, scale):
    a, b, c = x
    before = metrics.w1_quantiles(a, b)
    assert metrics.w1_quantiles(b, a) == before and metrics.w1_quantiles(a, a[::-1]) == 0
    close = {"rel": 1e-9, "abs": 1e-9}
    for sign in (1, -1):
        pair = (sign * scale * p + shift for p in (a, b))
        assert metrics.w1_quantiles(*pair) == pytest.approx(scale * before, **close)
    assert metrics.w1_quantiles(a, a + shift) == pytest.approx(abs(shift), **close)
    assert before <= metrics.w1_quantiles(a, c) + metrics.w1_quantiles(c, b) + 1e-9
    assert metrics.w1_quantiles(np.repeat(a, 3), np.repeat(b, 3)) == pytest.approx(before, **close)


@few
@given(seeds)
def test_a_push_forward_does_not_depend_on_how_latents_are_cut_or_ordered(seed):
    draw = np.random.default_rng(seed)
    x, mass = draw.normal(size=33) * 1.5, draw.dirichlet(np.ones(32))
    edges = np.sort(draw.uniform(-2, 2, 15))
    before = metrics.pushforward_1d(x, mass, edges)
    close = {"rtol": 0, "atol": 1e-13}
    back = metrics.pushforward_1d(x[::-1], mass[::-1], edges)
    np.testing.assert_allclose(back, before, **close)
    mirrored = metrics.pushforward_1d(-x, mass, -edges[::-1])
    np.testing.assert_allclose(mirrored[::-1], before, **close)
    np.testing.assert_array_equal(metrics.pushforward_1d(x * 4, mass, edges * 4), before)
    # Intervals cut in two where G is linear, and two cells merged into one.
    halves = np.interp(np.arange(65) / 2, np.arange(33), x)
    finer = metrics.pushforward_1d(halves, np.repeat(mass / 2, 2), edges)
    np.testing.assert_allclose(finer, before, **close)
    fewer = metrics.pushforward_1d(x, mass, np.delete(edges, 7))
    np.testing.assert_allclose(fewer[7], before[7] + before[8], **close)


@few
@given(seeds)
def test_a_histogram_turns_with_its_points(seed):
    draw = np.random.default_rng(seed)
    points, x, y = draw.normal(size=(40, 2)), np.linspace(-2, 1, 7), np.linspace(-1, 2, 5)
    before = metrics.histogram_2d(points, x, y)
    grid = before[:-1].reshape(6, 4)
    swapped = metrics.histogram_2d(points[:, ::-1], y, x)
    np.testing.assert_array_equal(swapped, np.r_[grid.T.ravel(), before[-1]])
    mirrored = metrics.histogram_2d(points * (-1, 1), -x[::-1], y)
    np.testing.assert_array_equal(mirrored, np.r_[grid[::-1].ravel(), before[-1]])
    np.testing.assert_array_equal(metrics.histogram_2d(draw.permutation(points), x, y), before)


# -- lengths and symmetries of the registered targets ----------------------------------------------

LENGTHS = {"mean", "mean_x", "mean_y", "std", "center", "location", "scale", "width", "radius"}
LENGTHS |= {"spacing", "separation", "length", "points", "means", "stds", "apart", "height"}
TUPLES = {"points", "means", "stds"}
AREAS = {"var_x", "var_y", "cov"}
PURE = {"angle", "turns", "waves"}


# Of targets that are no data of users, whose lengths are not among their parameters.
SCALED = [n for n in NAMES if not {p.kind for p in TARGETS[n].params} & {"data", "text"}]


@pytest.mark.parametrize("target", SCALED)
def test_all_lengths_of_a_target_doubled_double_its_samples(target):
    """The density decreases by the same factor, and masses of doubled cells are equal."""
    entry = TARGETS[target]
    numeric = {p.name: p.default for p in entry.params if p.kind == "float" or p.name in TUPLES}
    assert set(numeric) <= LENGTHS | AREAS | PURE, "say above what it is a number of"
    numeric |= {name: np.array(numeric[name]) for name in TUPLES & set(numeric)}
    half = {n: v / (2 if n in LENGTHS else 4 if n in AREAS else 1) for n, v in numeric.items()}
    small, large = make_target(target, half), make_target(target)
    u, v = (t.sample(500, torch.Generator().manual_seed(5)).double() for t in (small, large))
    torch.testing.assert_close(v, 2 * u, rtol=1e-5, atol=1e-5)
    x = u.numpy()
    np.testing.assert_allclose(
        large.log_density(2 * x),
        small.log_density(x) - large.dim * np.log(2),  # inf, if there are points only
        rtol=1e-6,
        atol=1e-6,
    )
    edges = [np.linspace(low, high, 14) for low, high in large.box]
    np.testing.assert_allclose(
        small.cell_masses(*(e / 2 for e in edges)), large.cell_masses(*edges), rtol=1e-6, atol=1e-9
    )
    if large.modes is not None:
        np.testing.assert_allclose(large.modes.centers, 2 * small.modes.centers, atol=1e-12)
        np.testing.assert_allclose(large.modes.std, 2 * small.modes.std)


def _turn(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


SYMMETRIES = {
    "ring": (_turn(45), SWAP),
    "grid": (TURN, SWAP, np.diag([1.0, -1.0])),
    "checkerboard": (-np.eye(2), SWAP),
    "two_gaussians_2d": (-np.eye(2),),
    "line": (-np.eye(2),),
}


@pytest.mark.parametrize("target", SYMMETRIES)
def test_a_symmetric_target_is_measured_alike_from_all_its_sides(target):
    made = make_target(target)
    x = np.random.default_rng(2).uniform(made.box[:, 0], made.box[:, 1], (400, 2))
    centre = made.box.mean(1)
    gz = generated(of := probe(target), 1)
    for turn in SYMMETRIES[target]:
        y = (x - centre) @ turn.T + centre
        np.testing.assert_allclose(made.log_density(y), made.log_density(x), rtol=1e-6, atol=1e-6)
        if set(np.abs(turn).ravel()) == {0.0, 1.0}:  # the cells are mapped onto each other
            other = (gz - centre) @ turn.T + centre
            np.testing.assert_allclose(
                of.jsd(of.masses(other)), of.jsd(of.masses(gz)), rtol=1e-6, atol=1e-9
            )


# -- modes have no order ---------------------------------------------------------------------------


@few
@given(st.sampled_from(MIXTURES), seeds)
def test_modes_may_be_numbered_in_any_order(name, seed):
    target, draw = make_target(name), np.random.default_rng(seed)
    modes = target.modes
    weights = draw.dirichlet(np.ones(len(modes.weights)))
    order = draw.permutation(len(weights))
    one, two = (
        GaussianMixture(modes.centers[o], modes.std[o], weights[o], target.box)
        for o in (slice(None), order)
    )
    x = draw.uniform(target.box[:, 0], target.box[:, 1], (300, target.dim))
    np.testing.assert_allclose(one.log_density(x), two.log_density(x), rtol=1e-9, atol=1e-9)
    edges = [np.linspace(low, high, 9) for low, high in target.box]
    np.testing.assert_allclose(one.cell_masses(*edges), two.cell_masses(*edges), atol=1e-13)
    a, b = metrics.mode_score(x, one.modes), metrics.mode_score(x, two.modes)
    np.testing.assert_array_equal(b.shares, a.shares[order])
    assert (a.captured, a.high_quality) == (b.captured, b.high_quality)
    np.testing.assert_allclose(a.reverse_kl, b.reverse_kl, rtol=1e-9, atol=1e-12)
    # Nor have the samples; a mode without samples nearby gets none of them.
    again = metrics.mode_score(draw.permutation(x), one.modes)
    np.testing.assert_array_equal(again.shares, a.shares)
    far = Modes(np.r_[modes.centers, modes.centers[:1] + 1e6], np.r_[modes.std, modes.std[:1]],
                np.r_[weights * 0.5, 0.5])  # fmt: skip
    more = metrics.mode_score(x, far)
    np.testing.assert_array_equal(more.shares, np.r_[a.shares, 0.0])
    np.testing.assert_allclose(more.reverse_kl, a.reverse_kl + np.log(2), rtol=1e-9)


# -- real and fake change places -------------------------------------------------------------------

# Half of the smallest float is 0, so that a mean of masses that small is not one.
shares = st.floats(0, 1, allow_subnormal=False)
masses = arrays(np.float64, (2, 12), elements=shares).filter(lambda m: m.sum(1).all())


@few
@given(masses, seeds)
def test_jsd_is_symmetric_and_falls_where_cells_are_joined(pair, seed):
    p, q = pair / pair.sum(1, keepdims=True)
    jsd = theory.jsd(p, q)
    assert theory.jsd(q, p) == jsd and theory.jsd(p, p) == 0 <= jsd <= theory.LN2
    order = np.random.default_rng(seed).permutation(12)
    assert theory.jsd(p[order], q[order]) == pytest.approx(jsd, abs=1e-14)
    joined = (m.reshape(6, 2).sum(1) for m in (p, q))
    assert theory.jsd(*joined) <= jsd + 1e-14
    halves = (np.repeat(m / 2, 2) for m in (p, q))
    assert theory.jsd(*halves) == pytest.approx(jsd, abs=1e-14)
    star = theory.d_star(p, q) + theory.d_star(q, p)
    np.testing.assert_allclose(star[(p + q) > 0], 1, rtol=1e-12)
    m = (p + q) / 2
    mean = (theory.kl(p, m) + theory.kl(q, m)) / 2
    assert jsd == pytest.approx(mean, abs=1e-12)


@few
@given(arrays(np.float64, (2, 9), elements=numbers))
def test_the_games_value_is_that_of_the_opposite_d_with_real_and_fake_exchanged(logits):
    real, fake = logits
    assert theory.value(real, fake) == pytest.approx(theory.value(-fake, -real), abs=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_costs_that_compare_are_each_others_with_real_and_fake_exchanged(name):
    """No cost depends on the order of a minibatch (of its pairs, if it is paired)."""
    entry, draw = LOSSES[name], torch.Generator().manual_seed(1)
    real, fake = torch.randn(2, 3, 8, generator=draw, dtype=torch.float64)
    order = torch.randperm(8, generator=draw)
    for cost in (entry.d, entry.g):
        torch.testing.assert_close(cost(real[:, order], fake[:, order]), cost(real, fake))
        torch.testing.assert_close(cost(real.flip(0), fake.flip(0)), cost(real, fake).flip(0))
    if entry.g_sees_real:
        torch.testing.assert_close(entry.g(real, fake), entry.d(fake, real))
    if entry.zero_sum:
        total = entry.d(real, fake) + entry.g(real, fake)
        torch.testing.assert_close(total, entry.d(real, -fake) + entry.g(real, -fake))


# -- the seeds of a batch have no order ------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{"target": t, "latent_dim": TARGETS[t].dim} for t in NAMES] + [{"latent": z} for z in LATENTS],
    ids=str,
)
def test_runs_may_be_batched_in_any_order(fields):
    tiny = {"g_hidden": (4,), "d_hidden": (4,), "batch": 8, "optimizer": "sgd", "g_lr": 0.01}
    specs = [Spec(**tiny, **fields, seed=seed, d_lr=0.01 * (1 + seed)) for seed in range(4)]
    order = [2, 0, 3, 1]
    one, two = Run(specs), Run([specs[i] for i in order])
    for run in (one, two):
        run.advance(3)
    for name in ("g", "d"):
        torch.testing.assert_close(
            getattr(two.state, name), getattr(one.state, name)[order], rtol=1e-5, atol=1e-6
        )
    shots = [run.snapshot(points=POINTS, picture=False).metrics for run in (one, two)]
    for name, values in shots[0].items():
        np.testing.assert_allclose(
            shots[1][name], values[order], rtol=1e-3, atol=2e-3, err_msg=name
        )
