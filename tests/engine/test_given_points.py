"""Finite sets: p_data and latents as given points, up to a published exercise that has both."""

import numpy as np
import pytest
import torch
from doubled import in_double
from scipy.stats import wasserstein_distance

from ganlab import Run, Spec, SpecError, metrics, theory
from ganlab.engine.probe import probe_for
from ganlab.latents import given, intervals, quasi_random
from ganlab.targets import make_target

# -- Prince, "Understanding Deep Learning", notebook 15.1 ------------------------------------------


def drawn(seed: int) -> np.ndarray:
    np.random.seed(seed)  # the notebook's generator
    return np.random.normal(size=10)


X, Z = drawn(0) + 7.5, drawn(1)
UDL = Spec(
    **{"target": "points", "target_params": {"points": X}, "latent_points": Z, "batch": 10},
    **{"g_hidden": (), "g_bias": "alone", "g_start": (1.0, 3.0)},
    **{"d_hidden": (), "d_start": (1.0, -2.0)},
    # The notebook sums its costs over ten points: its rates of .01 and .02 are ten times as large
    # for their means.
    **{"loss": "minimax", "optimizer": "sgd", "d_lr": 0.1, "g_lr": 0.2, "k": 300, "g_steps": 3},
)


def sigmoid(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


def test_the_printed_losses_are_ours():
    shot = Run(UDL).snapshot()
    d, g = (10 * shot.metrics[name][0] for name in ("d_loss", "g_loss"))
    assert d == pytest.approx(13.814757170851447, abs=2e-5)  # the notebook's digits; ours: float32
    assert -g == pytest.approx(13.78437035945412, abs=2e-5)  # it prints what G maximises
    again = Spec.from_query(UDL.to_query())
    assert again == UDL == Spec.from_json(UDL.to_json())


def test_five_rounds_of_the_notebook():
    """Its sums and its rates, with gradients by hand in place of finite differences."""
    theta, phi0, phi1 = 3.0, -2.0, 1.0
    run = in_double(Run(UDL))
    for _ in range(5):
        for _ in range(300):
            made = Z + theta
            real, fake = sigmoid(phi0 + phi1 * X) - 1, sigmoid(phi0 + phi1 * made)
            slope0, slope1 = real.sum() + fake.sum(), real @ X + fake @ made
            phi0, phi1 = phi0 - 0.01 * slope0, phi1 - 0.01 * slope1
        for _ in range(3):
            theta += 0.02 * (sigmoid(phi0 + phi1 * (Z + theta)) * phi1).sum()
        run.advance(1)
        # The points are stored in float32.
        np.testing.assert_allclose(run.state.g[0], [1.0, theta], rtol=1e-6)
        np.testing.assert_allclose(run.state.d[0], [phi1, phi0], rtol=1e-6)
    assert theta == pytest.approx(3.3434, abs=1e-4)
    score = Run(UDL.replace(g_start=(1.0, theta))).snapshot().metrics
    assert score["w1"][0] == pytest.approx(wasserstein_distance(X, Z + theta), rel=1e-6)
    assert score["jsd"][0] == pytest.approx(np.log(2), abs=1e-9)  # the sets do not overlap


# -- minibatches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [10, 4, 25])
def test_minibatches_go_through_the_points_in_turn(batch):
    draws = Run(UDL.replace(batch=batch)).draws
    for player, name, points in (("D", "data", X), ("D", "latent", Z), ("G", "latent", Z)):
        rows = torch.cat([draws.get(player, name, i)[0, :, 0] for i in range(20)]).numpy()
        for start in range(0, len(rows) - 10, 10):
            np.testing.assert_array_equal(np.sort(rows[start : start + 10]),
                                          np.sort(points.astype(np.float32)))  # fmt: skip
        slab = draws.slab(0, player, name, 3, 5)[..., 0]
        np.testing.assert_array_equal(slab.ravel(), rows[3 * batch : 8 * batch])
    other = Run(UDL.replace(batch=batch, seed=1)).draws.get("D", "data", 0)
    assert not torch.equal(other, draws.get("D", "data", 0)), "the order depends on the seed"


# -- measures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 64, 4096])
@pytest.mark.parametrize("points", [(0.5,), (-1.0, 3.0, 0.0), tuple(Z)])
def test_intervals_of_given_latents_are_its_points(points, count):
    z = given(points)
    over, n = intervals(z, count), len(points)
    np.testing.assert_allclose(over.mass.sum(), 1, atol=1e-12)
    length = np.diff(over.ends)
    assert (length[over.mass > 0] == 0).all() and (over.mass[length > 0] == 0).all()
    masses = np.add.reduceat(over.mass, over.whole[:-1])
    assert len(masses) >= count and np.ptp(masses) < 1e-15
    wanted = np.sort(np.array(points, np.float32))
    for ends in (over.whole[1::2], over.whole[:-1]):
        found, times = np.unique(over.ends[ends], return_counts=True)
        np.testing.assert_array_equal(found, wanted)
        assert np.ptp(times) == 0
    made = z.sample((20_000, 1), torch.Generator().manual_seed(1)).numpy()
    found, times = np.unique(made, return_counts=True)
    np.testing.assert_array_equal(found, wanted)
    assert np.abs(times / 20_000 - 1 / n).max() < 5 * (1 / n / 20_000) ** 0.5
    even = np.unique(quasi_random(z, 1, 1000), return_counts=True)[1]
    assert np.abs(even - 1000 / n).max() <= 1


@pytest.mark.parametrize("z", [Z, Z[:3], None], ids=["as many", "fewer", "normal"])
def test_metrics_of_points_are_those_of_finite_sets(z):
    """G is x = 2 z + 6; JSD from counts in cells, W1 by SciPy."""
    spec = UDL.replace(latent_points=() if z is None else z, g_start=(2.0, 6.0))
    shot, probe = Run(spec).snapshot(), probe_for(spec)
    if z is None:
        z = np.quantile(np.random.default_rng(0).normal(size=2**22), (np.arange(4000) + 0.5) / 4000)
    made = (2 * z + 6).astype(np.float32)
    edges = np.concatenate([[-np.inf], probe.edges[0], [np.inf]])
    p, q = (np.histogram(x.astype(np.float32), edges)[0] / len(x) for x in (X, made))
    near = 1e-9 if len(z) <= 10 else 2e-2
    assert shot.metrics["jsd"][0] == pytest.approx(theory.jsd(q[None], p)[0], abs=near)
    wanted = wasserstein_distance(X.astype(np.float32), made)
    assert shot.metrics["w1"][0] == pytest.approx(wanted, rel=1e-3)
    if len(z) == 10:
        assert probe.floors["w1"] < 1e-9 and probe.floors["jsd"] < 1e-4
    if len(z) == 3:  # the best that three points can do: medians of thirds
        thirds = np.sort(X)[[1, 4, 8]]
        best = wasserstein_distance(X, thirds)
        assert probe.floors["w1"] == pytest.approx(best, rel=1e-3) and best > 0.1


def test_quantile_means_are_integrals_of_the_quantiles():
    target = make_target("points", {"points": (4.0, -1.0, 2.0)})
    levels = np.array([0.0, 0.1, 1 / 3, 0.5, 0.5, 0.9, 1.0])
    found = target.quantile_means(levels)
    wanted = [-1, -1, 2, 2, ((2 / 3 - 0.5) * 2 + (0.9 - 2 / 3) * 4) / 0.4, 4]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    grid = np.linspace(0, 1, 4)
    np.testing.assert_array_equal(target.ppf(grid), [-1, -1, 2, 4])
    np.testing.assert_array_equal(target.cdf([-1.5, -1.0, 3.0, 4.0]), [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_array_equal(target.sf([-1.5, -1.0, 4.0]), [1, 2 / 3, 0])
    # A point on an edge belongs to the cell above it.
    np.testing.assert_allclose(target.cell_masses([-1.0, 2.0, 4.0]), [1 / 3, 1 / 3])
    assert target.log_density(np.array([[4.0], [3.0]])).tolist() == [np.inf, -np.inf]


def test_points_in_the_plane():
    target = make_target("points_2d", {"points": (0.0, 1.0, 0.0, 1.0, 30.0, -2.0)})
    edges = np.array([-5.0, 0.0, 5.0, 40.0])
    masses = target.cell_masses(edges, edges)
    assert masses[1, 1] == pytest.approx(2 / 3) and masses[2, 0] == pytest.approx(1 / 3)
    assert masses.sum() == pytest.approx(1)
    spec = Spec(target="points_2d", latent_dim=2, batch=5, g_hidden=(4,), d_hidden=(4,))
    run = Run(spec)
    run.advance(3)
    shot = run.snapshot()
    assert np.isfinite(shot.metrics["jsd"]).all() and np.isnan(shot.metrics["modes"]).all()
    points = np.array(spec.target_params["points"]).reshape(-1, 2)
    got = run.draws.get("D", "data", 0)[0].numpy()
    np.testing.assert_array_equal(got[np.lexsort(got.T)], points[np.lexsort(points.T)])
    want = metrics.histogram_2d(points, *shot.probes[0].edges)
    np.testing.assert_allclose(shot.probes[0].p_data, want, atol=1e-12)


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"latent_points": (1.0, 2.0), "latent_dim": 2}, "latent_points", "one dimension"),
        ({"latent_points": (np.inf,)}, "latent_points", "at most 32 numbers"),
        ({"latent_points": (0.0,) * 33}, "latent_points", "at most 32 numbers"),
        ({"target": "points", "target_params": {"points": ()}}, "points", "at least one"),
        ({"target": "points_2d", "target_params": {"points": (1, 2, 3)}}, "points", "pairs"),
    ],
)
def test_what_cannot_be_points(fields, name, words):
    with pytest.raises(SpecError, match=words) as caught:
        Spec(**fields)
    assert caught.value.name == name


@pytest.mark.parametrize("points", [(7.0,), (1e6, -1e6), (1e6, 1e6 - 1), (0.0, 1e-5)])
@pytest.mark.parametrize("target", ["points", "points_2d"])
def test_any_points_have_axes(target, points):
    given_ = points if target == "points" else points * 2
    made = make_target(target, {"points": given_})
    low, high = made.box.T
    assert (made.points > low).all() and (made.points < high).all() and np.isfinite(made.box).all()
    shot = Run(Spec(target=target, target_params={"points": given_}, batch=4)).snapshot()
    assert np.isfinite(shot.metrics["jsd"]).all()


def test_an_address_holds_as_many_digits_as_there_are():
    numbers = tuple((np.random.default_rng(0).normal(size=32) * 1e-5).tolist())
    spec = Spec(target="points", target_params={"points": numbers}, latent_points=numbers)
    assert Spec.from_query(spec.to_query()) == spec
