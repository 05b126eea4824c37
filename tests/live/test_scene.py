"""The scene: axes, p_data and its contours, panels, knobs, legend."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ganlab.domains.plane import contours
from ganlab.engine.probe import probe_for
from ganlab.live.history import SERIES
from ganlab.live.scene import knobs, scene
from ganlab.live.wire import decode, encode
from ganlab.losses import LOSSES
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS, make_target


def made(spec: Spec, run: int = 3) -> tuple[dict, dict]:
    """The scene as the front end receives it."""
    return decode(encode(*scene(spec, probe_for(spec), run)))


@pytest.mark.parametrize("target", [n for n in TARGETS if 0 < TARGETS[n].dim <= 2])
@pytest.mark.parametrize("latent_dim", [1, 8])
def test_every_target_has_what_the_protocol_promises(target, latent_dim):
    spec = Spec(target=target, latent_dim=latent_dim, seed=2)
    header, arrays = made(spec)
    dim = TARGETS[target].dim
    assert (header["type"], header["run"], header["dim"], header["seed"]) == ("scene", 3, dim, 2)
    assert header["target"] == TARGETS[target].title
    assert Spec.from_query(header["query"]) == spec
    assert len(header["box"]) == dim and all(low < high for low, high in header["box"])
    assert header["map"] == (dim == 1 and latent_dim == 1)
    latent = header["latent"]
    assert latent["dim"] == latent_dim and latent["lo"] == -latent["hi"] < 0
    ids = [layer["id"] for layer in header["layers"]]
    if dim == 1:
        assert ids == ["p_data", "p_g", "d", "d_star", "map", "gradient"]
        (low, high), x, cell = header["box"][0], arrays["x"], header["cell"]
        assert x.shape == arrays["p_data"].shape and x.dtype == np.float32
        np.testing.assert_allclose(np.diff(x), cell, rtol=1e-3)
        assert x[0] - cell / 2 == pytest.approx(low, abs=1e-4)
        assert x[-1] + cell / 2 == pytest.approx(high, abs=1e-4)
        assert 0.8 < arrays["p_data"].sum() * cell <= 1 + 1e-5
    else:
        wanted = ["d", "p_data", "real", "fake", "manifold", "gradient"]
        assert ids == [i for i in wanted if i != "manifold" or latent_dim <= 2]
        assert arrays["real"].shape == (500, 2)
        lengths, levels = arrays["contour_lengths"], arrays["contour_levels"]
        assert arrays["contours"].shape == (lengths.sum(), 2) and lengths.min() >= 2
        assert lengths.dtype == levels.dtype == np.int32 and len(lengths) == len(levels)
        assert set(levels) == {0, 1, 2}
        for axis, (low, high) in enumerate(header["box"]):
            assert arrays["contours"][:, axis].min() >= low - 1e-4
            assert arrays["contours"][:, axis].max() <= high + 1e-4
    modes = make_target(target, spec.target_params).modes
    assert header["modes"] == (0 if modes is None else len(modes.std))
    if modes is not None:
        assert arrays["mode_centers"].shape == (header["modes"], dim)
        assert arrays["mode_weights"].sum() == pytest.approx(1, abs=1e-5)


def test_p_data_is_the_density():
    """Cell means of the normal density, by SciPy's distribution function."""
    header, arrays = made(Spec(target="gaussian"))
    params = Spec(target="gaussian").target_params
    law = stats.norm(params["mean"], params["std"])
    x, half = arrays["x"].astype(float), header["cell"] / 2
    want = (law.cdf(x + half) - law.cdf(x - half)) / header["cell"]
    np.testing.assert_allclose(arrays["p_data"], want, atol=2e-5)
    assert arrays["p_data"].max() == pytest.approx(law.pdf(law.mean()), rel=0.01)


def inside(points: np.ndarray, lines: list[np.ndarray]) -> np.ndarray:
    """Even-odd rule for closed polylines: crossings of the ray to the right."""
    odd = np.zeros(len(points), bool)
    x, y = points.T
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line[:-1], line[1:], strict=True):
            crosses = (y0 > y) != (y1 > y)
            if y0 != y1:
                odd ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return odd


@pytest.mark.parametrize("name", ["two_gaussians_2d", "ring"])
def test_contours_hold_90_50_and_15_percent(name):
    target = make_target(name, {})
    out = contours(target)
    lines = np.split(out["contours"], np.cumsum(out["contour_lengths"])[:-1])
    points = target.sample(4000, torch.Generator().manual_seed(1)).double().numpy()
    for level, share in enumerate((0.9, 0.5, 0.15)):
        here = [b for b, k in zip(lines, out["contour_levels"], strict=True) if k == level]
        assert all(np.array_equal(b[0], b[-1]) for b in here)  # closed
        # 4 standard deviations of a count of 4,000 and one cell's width.
        assert inside(points, here).mean() == pytest.approx(share, abs=0.045)


def test_real_points_are_the_seeds():
    first, again, other = (made(Spec(target="ring", seed=s))[1]["real"] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("target", [n for n in TARGETS if 0 < TARGETS[n].dim <= 2])
def test_panels_draw_known_series(target):
    panels = {p["id"]: p for p in made(Spec(target=target))[0]["panels"]}
    for panel in panels.values():
        assert {s["key"] for s in panel["series"]} <= set(SERIES)
        assert panel["title"] and (panel["series"] or panel["bars"])
        assert {"unit", "lines", "log", "low", "high", "bars"} <= set(panel)
    lines = {line["title"]: line["value"] for line in panels["jsd"]["lines"]}
    assert lines["ln 2"] == pytest.approx(math.log(2)) and 0 <= lines["floor"] < 0.1
    assert panels["value"]["lines"][0]["value"] == pytest.approx(-math.log(4))
    assert panels["gradient"]["log"] and not panels["jsd"]["log"]
    assert (
        ("modes" in panels) == ("shares" in panels) == (made(Spec(target=target))[0]["modes"] > 1)
    )
    # Cauchy has no mean: its W1 is infinite at every moment, and no curve.
    assert ("w1" in panels) == (target != "cauchy")
    if "w1" in panels:
        (floor,) = panels["w1"]["lines"]
        assert 0 <= floor["value"] < 0.1


def test_a_latent_without_a_mean_shows_its_tails_and_w1_where_it_is_finite():
    rows = {p["id"]: p for p in made(Spec(latent="cauchy"))[0]["panels"]}
    assert rows["tail"]["log"] and rows["w1"]["needs"] == "w1"
    plain = {p["id"]: p for p in made(Spec())[0]["panels"]}
    assert "tail" not in plain and "needs" not in plain["w1"]
    both = {p["id"]: p for p in made(Spec(target="cauchy", latent="cauchy"))[0]["panels"]}
    assert "tail" in both and "w1" not in both


def test_knobs_stand_above_the_picture_the_labs_toggles_first():
    rows = knobs()
    toggles = ["k", "loss", "minibatch_discrimination", "unroll"]
    assert [r["field"] for r in rows] == [*toggles, "g_lr", "d_lr"]
    assert {r["field"] for r in rows} == {n for n, p in PARAMS.items() if p.knob}
    for row in rows:  # a knob says if a change starts a new run
        assert row["restarts"] == (not PARAMS[row["field"]].live)
    assert {r["field"] for r in rows if r["restarts"]} == {"minibatch_discrimination"}
    by = {r["field"]: r for r in rows}
    assert (by["k"]["low"], by["k"]["high"], by["k"]["kind"]) == (0, 20, "int")
    assert [value for value, _ in by["loss"]["choices"]] == list(LOSSES)
    assert by["g_lr"]["log"] and by["g_lr"]["role"] == "G" and by["d_lr"]["role"] == "D"
    for row in rows:
        assert row["doc"] and row["title"]
        ends = (row["low"], row["high"]) if row["kind"] != "choice" else ()
        for value in (*ends, *(value for value, _ in row["choices"])):
            PARAMS[row["field"]].check(value)  # all choices are allowed
    assert [value for value, _ in by["unroll"]["choices"]] == [0, 1, 5, 10]
    assert by["minibatch_discrimination"]["choices"][0] == [0, "off"]
