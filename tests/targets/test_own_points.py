"""The user's own points as p_data."""

import io

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ganlab import Run, Spec, export
from ganlab.own_data import STORE, Data, toy_sets
from ganlab.own_data.points import points_data, points_of
from ganlab.registry import SpecError
from ganlab.targets import make_target
from ganlab.targets.own_points import kernel_width


def own(x: np.ndarray, **params) -> object:
    x = np.asarray(x, float).reshape(len(x), -1)
    name = "own_points" if x.shape[1] == 1 else "own_points_2d"
    return make_target(name, {"data": STORE.put(points_data(x)), **params})


def jsd(p: np.ndarray, q: np.ndarray) -> float:
    return float(jensenshannon(p.ravel(), q.ravel()) ** 2)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_density_is_scipys_kernel_estimate_up_to_the_grid():
    x = np.concatenate([stats.norm(-2, 0.5).rvs(200, random_state=0), [4.0]])
    target = own(x, scale="as they are")
    estimate = stats.gaussian_kde(x, bw_method=target.std[0] / x.std(ddof=1))
    at = np.linspace(-5, 6, 400)
    p, wanted = np.exp(target.log_density(at[:, None])), estimate(at)
    np.testing.assert_allclose(p, wanted, atol=0.01 * wanted.max())
    plane = np.stack([x, 3 * np.sin(x)], 1)
    target = own(plane, scale="as they are")
    assert np.allclose(target.std[1] / target.std[0], plane[:, 1].std() / plane[:, 0].std())
    at = plane[::10]
    each = stats.norm(plane[:, None], target.std).pdf(at).prod(-1).mean(0)
    np.testing.assert_allclose(np.exp(target.log_density(at)), each, rtol=0.1)


@pytest.mark.parametrize(
    ("law", "least"),
    [
        (stats.norm(), 0.008),
        (stats.uniform(), 0.02),
        (stats.expon(), 0.02),
    ],
    ids=["normal", "uniform", "exponential"],
)
def test_the_estimate_is_near_the_law_that_the_points_come_from(law, least):
    """JSD in nats, whose largest value is .693; twenty times as far from another law."""
    for seed in range(3):
        target = own(law.rvs(1000, random_state=seed), scale="as they are")
        edges = np.linspace(*target.box[0], 61)
        wanted = np.diff(law.cdf(edges))
        assert jsd(target.cell_masses(edges), wanted) < least
        assert jsd(target.cell_masses(edges), np.diff(law.cdf(edges - 1))) > 5 * least


def test_the_note_says_how_much_wider_p_data_is():
    for x in (np.arange(40.0) ** 1.5, np.random.default_rng(1).normal(size=80)):
        for scale in ("standardised", "as they are"):
            target = own(x, scale=scale, smoothing=2.0)
            count, rest = target.note.split(" points. ")
            said = float(rest.rpartition("is ")[2].split()[0])
            made = target.sample(200_000, seeded(3)).double().numpy()
            spread = x.std() if scale == "as they are" else 1.0
            assert int(count) == len(x)
            assert made.std() / spread == pytest.approx(said, rel=0.01)


def test_two_moons_are_not_blurred_together():
    target = make_target("own_points_2d", {"data": "moons"})
    truth = make_target("moons", {"radius": 1.0, "std": 0.08})
    x = truth.sample(20_000, seeded(1)).double().numpy()
    ours = target.sample(20_000, seeded(2)).double().numpy() * target.units.spread
    ours += target.units.centre - [0.5, 0.25]  # where scikit-learn's moons lie
    edges = np.linspace(-2.5, 2.5, 41)
    counts = [np.histogram2d(*points.T, (edges, edges))[0] for points in (x, ours)]
    apart = jsd(*counts)
    silverman = 500 ** (-1 / 6) * target.units.spread
    blurred = truth.sample(20_000, seeded(3)).double().numpy()
    blurred += np.random.default_rng(0).normal(0, silverman, blurred.shape)
    assert apart < 0.05 < jsd(counts[0], np.histogram2d(*blurred.T, (edges, edges))[0])


def test_whole_numbers_are_smoothed_over_their_steps():
    x = points_of(toy_sets.LINE["dice"].data, 1)
    step = 1 / x.spread[0]
    assert 0.25 * step < kernel_width(x.x) < 1.5 * step


def test_units_are_those_of_the_points():
    x = np.random.default_rng(0).normal([1.7e9, -3e-5], [3e3, 2e-7], (300, 2))
    target = own(x)
    made = target.sample(4000, seeded(0)).double().numpy() * target.units.spread
    made += target.units.centre
    np.testing.assert_allclose(made.mean(0), x.mean(0), atol=0.1 * x.std(0).max(), rtol=1e-3)
    np.testing.assert_allclose(made.std(0), x.std(0), rtol=0.2)
    with pytest.raises(SpecError, match="standardised: x reaches 1.7e\\+09 and spreads by 3"):
        own(x, scale="as they are")


def test_points_twice_as_far_apart_give_twice_the_samples():
    x = np.random.default_rng(1).normal(3, 1, (200, 2))
    one, two = own(x, scale="as they are"), own(2 * x, scale="as they are")
    u, v = (t.sample(500, seeded(5)).double() for t in (one, two))
    torch.testing.assert_close(v, 2 * u, rtol=1e-4, atol=1e-4)
    edges = np.linspace(0, 6, 14)
    np.testing.assert_allclose(
        one.cell_masses(edges, edges), two.cell_masses(2 * edges, 2 * edges), atol=1e-6
    )


def test_a_million_points_and_two():
    x = np.random.default_rng(2).normal(size=(1_000_000, 1))
    target = own(x)
    edges = np.linspace(-4, 4, 81)
    np.testing.assert_allclose(target.cell_masses(edges), np.diff(stats.norm.cdf(edges)), atol=2e-3)
    assert target.sample(10, seeded(0)).shape == (10, 1)
    pair = own([[0.0, 1.0], [2.0, 5.0]])
    assert np.isfinite(pair.log_density(pair.sample(100, seeded(0)).double().numpy())).all()
    flat = own([[0.0, 7.0], [1.0, 7.0], [5.0, 7.0]])  # a column of equal numbers
    assert flat.sample(1000, seeded(0))[:, 1].std() < 1


def test_what_is_no_set_of_points_is_refused():
    for wrong in (np.zeros((5, 2)), np.zeros((1, 2)), np.zeros((4, 3)), np.full((3, 1), np.nan)):
        with pytest.raises(SpecError):
            points_data(wrong)
    name = STORE.put(points_data(np.arange(10.0).reshape(5, 2), "two"))
    with pytest.raises(SpecError, match="points of one column, not two columns"):
        make_target("own_points", {"data": name})
    good = dict(x=np.eye(2, dtype=np.float32), centre=np.zeros(2), spread=np.ones(2))
    bad = (dict(spread=np.zeros(2)), dict(centre=np.zeros(1)), dict(x=np.full((2, 2), 1e30, "f4")))
    for change in (*bad, dict(x=np.eye(2))):
        with pytest.raises(SpecError):
            make_target("own_points_2d", {"data": STORE.put(Data("points", {**good, **change}))})
    with pytest.raises(SpecError, match="points; these data are other"):
        make_target("own_points", {"data": STORE.put(Data("other", {"x": np.zeros(1)}))})


def test_the_examples_have_the_moments_that_they_say():
    kinds = {"anscombe": [], "dozen": []}
    for name in toy_sets.PLANE:
        x = points_of(toy_sets.PLANE[name].data, 2)
        if (kind := name.split("_")[0]) in kinds:
            corr = float((x.x[:, 0].astype(float) * x.x[:, 1]).mean())
            kinds[kind].append((*x.centre, *x.spread, corr))
    for rows in kinds.values():
        assert len(rows) == 3
        np.testing.assert_allclose(rows, [rows[0]] * 3, atol=2e-3)


def test_exports_hold_the_data_and_say_the_units(tmp_path):
    x = np.random.default_rng(3).normal([50, 2000], [4, 300], (40, 2)).round(1)
    data = STORE.put(points_data(x, "cars.csv", ("speed", "mass")))
    spec = Spec(target="own_points_2d", target_params={"data": data}, g_hidden=(4,), d_hidden=(4,))
    with np.load(io.BytesIO(export.data(Run(spec)))) as arrays:
        again = arrays["original.p_data"][0]
        np.testing.assert_allclose(again.mean(0), x.mean(0), rtol=0.01)
        np.testing.assert_allclose(again.std(0), x.std(0), rtol=0.35)
        np.testing.assert_allclose(arrays["original.spread"], x.std(0), rtol=1e-6)
    text = export.script(spec, 10)
    assert "is in the units of the data: 'speed', 'mass'" in text
    space: dict = {}
    exec(export.python([spec], 0).split("for spec")[0], space)
    assert space["specs"] == [spec]
