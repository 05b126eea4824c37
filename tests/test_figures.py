"""Pictures: marks and positions, compared with the arrays that they were made from."""

from __future__ import annotations

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
from javascript import value
from scipy.stats import norm

from ganlab.figures import CONFIG, THEMES, picture, picture_1d, picture_2d
from ganlab.figures.base import gradient_arrows
from ganlab.figures.picture1d import quantiles
from ganlab.figures.units import nice_ticks, unit_ticks
from ganlab.registry import SpecError

LOW, HIGH, CELLS = -4.0, 6.0, 200
LAYERS_1D = [("p_data", "p_data", "data"), ("p_g", "p_g", "G"), ("d", "D", "D"),
             ("d_star", "D*", "D"), ("map", "z to x", "G"),
             ("gradient", "gradient", "accent")]  # fmt: skip
LAYERS_2D = [("d", "D(x)", "D"), ("p_data", "p_data", "data"), ("real", "real", "data"),
             ("fake", "generated", "G"), ("manifold", "manifold", "G"),
             ("gradient", "gradient", "accent")]  # fmt: skip
SIZES = [("light", 600, 440), ("dark", 960, 700)]


def layers(rows):
    return [{"id": i, "title": t, "role": r} for i, t, r in rows]


def one(mapped: bool = True):
    """A scene and a frame: N(0, 1) as p_data, N(1, .8) as p_g, and G(z) = .8 z + 1."""
    edges = np.linspace(LOW, HIGH, CELLS + 1)
    x, cell = (edges[:-1] + edges[1:]) / 2, (HIGH - LOW) / CELLS
    p_data = np.diff(norm.cdf(edges)) / cell
    p_g = np.diff(norm.cdf(edges, 1, 0.8)) / cell
    d_star = p_data / (p_data + p_g)
    d_star[-3:] = np.nan
    z = norm.ppf((np.arange(41) + 0.5) / 41)
    scene = {"dim": 1, "box": [[LOW, HIGH]], "cell": cell, "map": mapped, "modes": 1,
             "latent": {"kind": "normal", "dim": 1 if mapped else 3, "lo": -3.0, "hi": 3.0},
             "layers": layers(LAYERS_1D), "x": x, "p_data": p_data}  # fmt: skip
    frame = {"p_g": p_g, "d": 1 / (1 + np.exp(x)), "d_star": d_star,
             "grad_x": np.array([0.0, 1, 2, 3]),
             "grad": np.array([0.5, -2, np.nan, 0])}  # fmt: skip
    if mapped:
        frame |= {"map_z": z, "map_x": 0.8 * z + 1}
    single = {k: v.astype("f4") for k, v in frame.items()}
    return scene | {"x": x.astype("f4"), "p_data": p_data.astype("f4")}, single


def two():
    """A scene and a frame in a box that is not square."""
    rng = np.random.default_rng(0)
    d = np.zeros((64, 64), "u1")
    d[:, :] = np.arange(64)[:, None] * 4  # rises with y, constant along x
    u = np.stack(np.meshgrid(np.arange(5.0), np.arange(4.0), indexing="ij"), -1)
    scene = {"dim": 2, "box": [[-2, 2], [-1, 2]], "map": False, "modes": 2,
             "latent": {"kind": "normal", "dim": 2, "lo": -3, "hi": 3},
             "layers": layers(LAYERS_2D),
             "contours": np.arange(20, dtype="f4").reshape(10, 2) / 20,
             "contour_lengths": np.array([4, 3, 3], "i4"),
             "contour_levels": np.array([0, 1, 0], "i4"),
             "real": rng.normal(size=(500, 2)).astype("f4")}  # fmt: skip
    frame = {"d": d, "fake": rng.normal(size=(1500, 2)).astype("f4"),
             "manifold": (u / 4).astype("f4"),
             "grad_x": np.zeros((2, 2), "f4"),
             "grad": np.array([[3, 4], [0, -1]], "f4")}  # fmt: skip
    return scene, frame


def of(fig: go.Figure, layer: str) -> list:
    return [t for t in fig.data if t.legendgroup == layer]


def segments(trace) -> np.ndarray:
    """(n, 2 ends, 2 coordinates) of a trace of start, end, gap."""
    xy = np.stack([np.asarray(trace.x), np.asarray(trace.y)], 1).astype(float)
    assert np.isnan(xy[2::3]).all() and np.isfinite(xy[0::3]).all() and np.isfinite(xy[1::3]).all()
    return np.stack([xy[0::3], xy[1::3]], 1)


@pytest.mark.parametrize(("theme", "width", "height"), SIZES)
@pytest.mark.parametrize("make", [one, two])
def test_each_layer_is_once_in_the_legend_in_scene_order(make, theme, width, height):
    scene, frame = make()
    fig = picture(scene, frame, theme, width, height, hidden=["p_data"])
    shown = sorted((t for t in fig.data if t.showlegend), key=lambda t: t.legendrank)
    assert [t.legendgroup for t in shown] == [row["id"] for row in scene["layers"]]
    assert [t.name for t in shown] == [row["title"] for row in scene["layers"]]
    for trace in fig.data:
        expected = "legendonly" if trace.legendgroup == "p_data" else True
        assert trace.visible == expected
    assert (fig.layout.width, fig.layout.height) == (width, height)


@pytest.mark.parametrize("make", [one, two])
def test_layers_without_data_stay_in_the_legend(make):
    scene, _ = make()
    bare = {k: v for k, v in scene.items() if not isinstance(v, np.ndarray)}
    fig = picture(bare, {})
    assert {t.legendgroup for t in fig.data if t.showlegend} == {r["id"] for r in scene["layers"]}


def test_areas_under_the_densities_are_the_masses():
    scene, frame = one()
    fig = picture_1d(scene, frame)
    # Of N(0, 1) and N(1, .8) inside the box, from the normal CDF.
    masses = {"p_data": norm.cdf(HIGH) - norm.cdf(LOW),
              "p_g": norm.cdf(HIGH, 1, 0.8) - norm.cdf(LOW, 1, 0.8)}  # fmt: skip
    for layer, mass in masses.items():
        (trace,) = of(fig, layer)
        assert np.sum(trace.y, dtype=float) * scene["cell"] == pytest.approx(mass, abs=1e-5)
        np.testing.assert_array_equal(trace.x, scene["x"])


def test_axes_of_the_1d_picture():
    scene, frame = one()
    fig = picture_1d(scene, frame)
    assert tuple(fig.layout.yaxis2.range) == (0, 1)
    assert tuple(fig.layout.xaxis.range) == (LOW, HIGH)
    assert fig.layout.yaxis.range[1] == pytest.approx(2 * scene["p_data"].max(), rel=1e-6)
    for layer, axis in (("p_g", None), ("p_data", None), ("d", "y2"), ("d_star", "y2")):
        assert of(fig, layer)[0].yaxis == axis
    half = [s for s in fig.layout.shapes if s.yref == "y2"]
    assert [(s.y0, s.y1) for s in half] == [(0.5, 0.5)]
    # The lower area ends below the densities.
    assert fig.layout.yaxis3.domain[1] < fig.layout.yaxis.domain[0]


def test_nan_is_a_gap_and_stays_one():
    scene, frame = one()
    (trace,) = of(picture_1d(scene, frame), "d_star")
    np.testing.assert_array_equal(np.isnan(trace.y), np.arange(CELLS) >= CELLS - 3)
    frame["p_g"] = np.full(CELLS, np.inf, "f4")
    (trace,) = of(picture_1d(scene, frame), "p_g")
    assert np.isnan(trace.y).all()


def test_a_peak_above_the_picture_is_marked_with_its_value():
    scene, frame = one()
    assert len(of(picture_1d(scene, frame), "p_g")) == 1
    frame["p_g"] = frame["p_g"].copy()
    frame["p_g"][50] = 7.25
    fig = picture_1d(scene, frame)
    mark = of(fig, "p_g")[1]
    assert mark.x == (pytest.approx(scene["x"][50]),)
    assert mark.y == (fig.layout.yaxis.range[1],)
    assert mark.text[0].strip() == "7.25"


def test_segments_connect_z_to_its_image():
    scene, frame = one()
    fig = picture_1d(scene, frame)
    lines = segments(of(fig, "map")[0])
    assert of(fig, "map")[0].yaxis == "y3"
    z = -3 + 6 * (lines[:, 0, 0] - LOW) / (HIGH - LOW)  # from positions on the z line
    np.testing.assert_allclose(z, frame["map_z"], atol=1e-5)
    np.testing.assert_allclose(lines[:, 1, 0], 0.8 * z + 1, atol=1e-5)
    assert (lines[:, 0, 1] == 0).all() and (lines[:, 1, 1] == 1).all()
    heads = np.asarray(of(fig, "map")[0].marker.size)
    assert (heads[1::3] > 0).all() and (heads[0::3] == 0).all()
    lines = [s for s in fig.layout.shapes if s.yref == "y3"]
    assert sorted(s.y0 for s in lines) == [0, 1]


def test_without_a_map_there_are_ticks_at_equal_masses():
    scene, frame = one(mapped=False)
    fig = picture_1d(scene, frame)
    (trace,) = of(fig, "map")
    ticks = segments(trace)[:, 0, 0]
    np.testing.assert_allclose(ticks, norm.ppf((np.arange(61) + 0.5) / 61, 1, 0.8), atol=0.02)
    assert any("z is 3-dimensional" in note.text for note in fig.layout.annotations)
    assert [s.y0 for s in fig.layout.shapes if s.yref == "y3"] == [1]


def test_quantiles_of_nothing_are_none():
    assert quantiles(np.arange(3.0), np.zeros(3)).size == 0


@pytest.mark.parametrize(("low", "high"), [(-3, 3), (0, 1), (-0.02, 0.013), (5, 1234)])
def test_nice_ticks_are_inside_and_round(low, high):
    ticks = nice_ticks(low, high)
    step = ticks[1] - ticks[0]
    assert 2 <= len(ticks) <= 7
    assert ticks[0] >= low - 1e-9 * step and ticks[-1] <= high + 1e-9 * step
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9), 6) in (1, 2, 5)


def test_gradient_arrows_are_the_displacements_given():
    scene, frame = one()
    lines = segments(of(picture_1d(scene, frame), "gradient")[0])
    good = np.isfinite(frame["grad"]) & (frame["grad"] != 0)
    np.testing.assert_allclose(lines[:, 0, 0], frame["grad_x"][good])
    np.testing.assert_allclose(lines[:, 1, 0] - lines[:, 0, 0], frame["grad"][good], rtol=1e-5)
    scene, frame = two()
    lines = segments(of(picture_2d(scene, frame), "gradient")[0])
    want = frame["grad"][np.linalg.norm(frame["grad"], axis=1) > 0]
    np.testing.assert_allclose(lines[:, 1] - lines[:, 0], want, rtol=1e-5)


def test_no_arrows_where_there_is_no_gradient():
    assert gradient_arrows(np.zeros((3, 2)), np.zeros((3, 2)), 1)[0].size == 0
    assert gradient_arrows(None, np.zeros(3), 1)[0].size == 0


def test_field_has_y_ascending_and_the_range_of_a_probability():
    scene, frame = two()
    (trace,) = of(picture_2d(scene, frame), "d")
    assert trace.type == "heatmap" and (trace.zmin, trace.zmax) == (0, 1)
    z, x, y = np.asarray(trace.z), np.asarray(trace.x), np.asarray(trace.y)
    np.testing.assert_allclose(z, frame["d"] / 255, atol=1e-6)
    assert z[0, 0] < z[-1, 0] and z[0, 0] == z[0, -1]
    # Centres of 64 cells of [-2, 2] and [-1, 2].
    assert (x[0], x[-1]) == pytest.approx((-2 + 4 / 128, 2 - 4 / 128))
    assert (y[0], y[-1]) == pytest.approx((-1 + 3 / 128, 2 - 3 / 128))


@pytest.mark.parametrize("legend", [True, False])
def test_one_unit_is_equally_long_on_both_axes(legend):
    scene, frame = two()
    layout = picture_2d(scene, frame, width=600, height=440, legend=legend).layout
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)
    width = 600 - layout.margin.l - layout.margin.r
    height = 440 - layout.margin.t - layout.margin.b
    assert width / 4 == pytest.approx(height / 3, rel=0.01)
    assert tuple(layout.xaxis.range) == (-2, 2) and tuple(layout.yaxis.range) == (-1, 2)


def test_points_contours_and_manifold_are_those_of_the_scene():
    scene, frame = two()
    frame["fake"][3] = np.nan
    fig = picture_2d(scene, frame)
    (real,), (fake,), (grid,) = of(fig, "real"), of(fig, "fake"), of(fig, "manifold")
    np.testing.assert_array_equal(np.stack([real.x, real.y], 1), scene["real"])
    np.testing.assert_array_equal(np.stack([fake.x, fake.y], 1), np.delete(frame["fake"], 3, 0))
    # 5 lines of 4 points and 4 lines of 5 points, a gap after each.
    assert np.isnan(grid.x).sum() == 9 and np.isfinite(grid.x).sum() == 40
    np.testing.assert_array_equal(grid.y[:4], frame["manifold"][0, :, 1])
    outer, inner = of(fig, "p_data")
    np.testing.assert_array_equal(np.isnan(outer.x), np.isin(np.arange(9), [4, 8]))
    np.testing.assert_array_equal(inner.x[:3], scene["contours"][4:7, 0])
    assert {t.type for t in fig.data} == {"heatmap", "scatter"}  # both can be saved as SVG


def test_an_average_of_g_is_a_layer_of_its_own():
    """A second p_g on the line, crosses in the plane; a picture without one has none."""
    scene, frame = one()
    assert of(picture_1d(scene, frame), "average") == []
    scene["layers"] = scene["layers"] + layers([("average", "average", "G")])
    assert [t for t in of(picture_1d(scene, frame), "average") if t.x[0] is not None] == []
    (line,) = of(picture_1d(scene, frame | {"average": frame["p_g"] / 2}), "average")
    np.testing.assert_array_equal(line.y, frame["p_g"] / 2)
    scene, frame = two()
    scene["layers"] = scene["layers"] + layers([("average", "average", "G")])
    points = frame["fake"][:40] + 0.5
    points[7] = np.nan
    (crosses,) = of(picture_2d(scene, frame | {"average": points}), "average")
    np.testing.assert_array_equal(np.stack([crosses.x, crosses.y], 1), np.delete(points, 7, 0))
    assert crosses.marker.symbol == "cross-thin"


def test_a_line_is_a_manifold_too():
    scene, frame = two()
    frame["manifold"] = frame["manifold"][0]
    (line,) = of(picture_2d(scene, frame), "manifold")
    np.testing.assert_array_equal(line.x[:-1], frame["manifold"][:, 0])


@pytest.mark.parametrize(("theme", "data", "g", "d", "accent"), [
    ("light", "#111111", "#009e73", "#0072b2", "#d55e00"),
    ("dark", "#f2f2f2", "#2fd0a0", "#56b4e9", "#ff8c42"),
])  # fmt: skip
def test_roles_have_their_colours(theme, data, g, d, accent):
    fig = picture(*one(), theme=theme)
    colours = {layer: of(fig, layer)[0].line.color for layer in ("p_data", "p_g", "d", "gradient")}
    assert colours == {"p_data": data, "p_g": g, "d": d, "gradient": accent}
    dashes = {layer: of(fig, layer)[0].line.dash for layer in ("p_data", "p_g", "d", "d_star")}
    assert dashes == {"p_data": "dot", "p_g": None, "d": "8px,5px", "d_star": "solid"}
    fig = picture(*two(), theme=theme)
    assert of(fig, "real")[0].marker.color == data and of(fig, "fake")[0].marker.color == g


@pytest.mark.parametrize("make", [one, lambda: one(mapped=False), two])
def test_json_is_valid_small_and_round(make):
    scene, frame = make()
    frame["grad"][0] = np.nan
    fig = picture(scene, frame)
    text = fig.to_json()
    assert len(text) < 400_000

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    loaded = json.loads(text, parse_constant=refuse)
    assert len(loaded["data"]) == len(fig.data) > 0
    assert json.loads(go.Figure(loaded).to_json()) == loaded
    assert loaded["layout"]["uirevision"] == "ganlab"


def test_scale_enlarges_text_and_margins_together():
    scene, frame = one()
    small, large = (picture(scene, frame, legend=False, scale=s).layout for s in (1, 1.4))
    assert (small.margin.l, large.margin.l) == (40, 56)
    assert large.font.size == pytest.approx(1.4 * small.font.size)
    assert not small.showlegend


def test_nothing_leaves_the_machine():
    assert CONFIG["showSendToCloud"] is False and CONFIG["displaylogo"] is False


def test_wrong_values_are_named():
    scene, frame = one()
    with pytest.raises(SpecError, match="theme = 'sepia'.*light, dark"):
        picture(scene, frame, theme="sepia")
    with pytest.raises(SpecError, match="dim = 3"):
        picture(scene | {"dim": 3}, frame)


# Machado et al. 2009: vision without one kind of cones, on linear RGB.
_SEEN = {
    "all": np.eye(3),
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    t = _XYZ @ np.clip(linear, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_runs_that_are_compared_are_told_apart_by_everybody(theme):
    """CIE 1976 distances of 25 and more, also to the players' colours; contrast of 3 and more."""
    roles = THEMES[theme].roles
    runs = [_linear(roles[f"run{i}"]) for i in range(4)]
    for seen in _SEEN.values():
        places = [_lab(np.array(seen) @ run) for run in runs]
        for i in range(4):
            for j in range(i):
                assert np.linalg.norm(places[i] - places[j]) > 25
    for run in runs:
        for role in ("G", "D", "accent"):
            assert np.linalg.norm(_lab(run) - _lab(_linear(roles[role]))) > 25
        dark, light = sorted((_XYZ[1] @ run, 1.0 if theme == "light" else 0.005))
        assert (light + 0.05) / (dark + 0.05) > 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_labels_are_told_apart_by_everybody(theme):
    """CIE 1976 distances of 25 and more; contrast of 3 and more."""
    colours = [_linear(colour) for colour in THEMES[theme].labels]
    for seen in _SEEN.values():
        places = [_lab(np.array(seen) @ colour) for colour in colours]
        for i, place in enumerate(places):
            for other in places[:i]:
                assert np.linalg.norm(place - other) > 25
    for colour in colours:
        dark, light = sorted((_XYZ[1] @ colour, 1.0 if theme == "light" else 0.008))
        assert (light + 0.05) / (dark + 0.05) > 3


def test_axes_show_the_units_of_the_users_own_data():
    unit = {"axis": "a < b", "centre": 1985.0, "spread": 20.0}
    scene = {"dim": 2, "box": [[-2, 2], [-1, 2]], "units": [unit, unit | {"spread": 1e-9}],
             "map": False, "modes": 0, "latent": {}, "layers": []}  # fmt: skip
    layout = picture_2d(scene, {}, "light", 500, 500).layout
    assert list(layout.xaxis.ticktext) == ["1960", "1980", "2000", "2020"]
    np.testing.assert_allclose(
        np.array(layout.xaxis.tickvals) * 20 + 1985, [float(t) for t in layout.xaxis.ticktext]
    )
    assert [note.text for note in layout.annotations] == ["a &lt; b"] * 2
    assert unit_ticks(scene | {"units": []}, 0, -2, 2) == {}
    same = value("m.marks(-2, 2, 6, {axis: 'a', centre: 1985, spread: 20})", m="units.js")
    np.testing.assert_allclose([place for place, _ in same], layout.xaxis.tickvals)
    assert [text for _, text in same] == list(layout.xaxis.ticktext)
