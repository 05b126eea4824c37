"""Curves: marks and positions, compared with the arrays that they were made from."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ganlab.figures import THEMES, curves
from ganlab.figures.base import steady
from ganlab.live.commands import FigureRequest
from ganlab.registry import SpecError

PANELS = [
    {"id": "jsd", "title": "JSD", "unit": "nats", "bars": False, "log": False, "low": 0,
     "high": 0.75, "lines": [{"value": math.log(2), "title": "ln 2"}],
     "series": [{"key": "jsd", "title": "JSD", "role": "game", "dash": "solid"}]},
    {"id": "shares", "title": "Modes", "unit": "", "bars": "shares", "log": False, "low": None,
     "against": "mode_weights", "high": None, "lines": [], "series": []},
    {"id": "grad", "title": "Gradient", "unit": "", "bars": False, "log": True, "low": None,
     "high": None, "lines": [{"value": 0.01, "title": "floor"}],
     "series": [{"key": "g", "title": "norm", "role": "accent", "dash": "dash"},
                {"key": "h", "title": "clipped", "role": "D", "dash": "dot"}]},
]  # fmt: skip
MARKS = [{"iteration": 40, "text": "k 1→5"}, {"iteration": 5000, "text": "out of range"}]


def series(n: int = 101):
    it = np.arange(n, dtype="f4")
    g = np.exp(-it / 20).astype("f4")
    g[5] = np.nan
    return {"iteration": it, "jsd": (0.6 * np.exp(-it / 30)).astype("f4"), "g": g, "h": 2 * g}


def test_curves_share_the_iteration_and_bars_do_not():
    data = series()
    fig = curves(PANELS, data, MARKS, bars={"shares": np.array([0.9, 0.02, 0.08])})
    lines = [t for t in fig.data if t.xaxis == "x"]
    assert [t.name for t in lines] == ["JSD", "Gradient · norm", "Gradient · clipped"]
    for trace in lines:
        np.testing.assert_array_equal(trace.x, data["iteration"])
    np.testing.assert_array_equal(lines[0].y, data["jsd"])
    assert np.flatnonzero(np.isnan(lines[1].y)).tolist() == [5]
    (bars,) = [t for t in fig.data if t.type == "bar"]
    assert bars.xaxis == "x3" and bars.yaxis == "y3"
    np.testing.assert_allclose(bars.y, [0.9, 0.02, 0.08], rtol=1e-6)
    accent, g = THEMES["light"].roles["accent"], THEMES["light"].roles["G"]
    assert list(bars.marker.color) == [g, accent, g]  # the second has less than .1 of its third
    domains = [fig.layout[a].domain for a in ("yaxis", "yaxis2", "yaxis3")]
    for above, below in zip(domains, domains[1:], strict=False):
        assert 0 <= below[0] < below[1] < above[0] < above[1] <= 1


@pytest.mark.parametrize(("weights", "fair"), [
    (None, [0.25] * 4), (np.array([0.1, 0.2, 0.3, 0.4]), [0.1, 0.2, 0.3, 0.4]),
])  # fmt: skip
def test_fair_shares(weights, fair):
    fig = curves(PANELS, series(), bars={"shares": np.full(4, 0.25), "mode_weights": weights})
    (line,) = [t for t in fig.data if t.name == "p_data"]
    y = np.asarray(line.y)
    np.testing.assert_allclose(y[np.isfinite(y)][::2], fair, rtol=1e-6)


def test_reference_lines_are_where_they_say():
    fig = curves(PANELS, series())
    shapes = {s.name: s for s in fig.layout.shapes}
    notes = {n.text: n for n in fig.layout.annotations}
    assert shapes["ln 2"].y0 == shapes["ln 2"].y1 == pytest.approx(0.6931471805599453, rel=1e-12)
    assert notes["ln 2"].y == pytest.approx(0.6931471805599453, rel=1e-12)
    # On a log axis shapes are placed by value, annotations by log10 of it.
    assert shapes["floor"].y0 == 0.01 and notes["floor"].y == pytest.approx(-2, abs=1e-12)
    assert (shapes["floor"].yref, notes["floor"].yref) == ("y2", "y2")
    assert tuple(fig.layout.yaxis.range) == (0, 0.75)
    assert fig.layout.yaxis2.type == "log"
    assert fig.layout.yaxis2.range[0] < -2 < 0 < fig.layout.yaxis2.range[1] < 1


def test_one_early_spike_does_not_flatten_a_panel():
    data = series(601)
    data["v"] = np.sin(data["iteration"]).astype("f4")
    data["v"][1] = 1e6
    entry = {"key": "v", "title": "V", "role": "D", "dash": "solid"}
    panel = PANELS[0] | {"low": None, "high": None, "lines": [], "series": [entry]}
    low, high = curves([panel], data).layout.yaxis.range
    assert -1.5 < low < -0.99 and 0.99 < high < 1.5


@pytest.mark.parametrize("n", [2, 4, 7])
def test_few_iterations_are_whole_numbers(n):
    assert curves(PANELS, series(101)).layout.xaxis.dtick is None
    data = {key: values[:n] for key, values in series().items()}
    xaxis = curves(PANELS, data).layout.xaxis
    assert (xaxis.dtick, xaxis.tick0) == (1, 0) and tuple(xaxis.range) == (0, n - 1)


def test_marks_are_at_their_iteration():
    fig = curves(PANELS, series(), MARKS)
    lines = [s for s in fig.layout.shapes if s.xref == "x"]
    assert len(lines) == 2 and {s.x0 for s in lines} == {s.x1 for s in lines} == {40}
    (note,) = [n for n in fig.layout.annotations if n.xref == "x"]
    assert (note.text, note.x) == ("k 1→5", 40)


def test_the_newest_words_win_where_there_is_no_room():
    marks = [{"iteration": i, "text": f"k {i}"} for i in (50, 51, 52)]
    fig = curves(PANELS, series(), marks)
    assert [n.text for n in fig.layout.annotations if n.xref == "x"] == ["k 52"]
    assert len({s.x0 for s in fig.layout.shapes if s.xref == "x"}) == 3


def test_last_values_are_written_and_kept_apart():
    data = series()
    data["h"] = data["g"] * 1.001
    fig = curves(PANELS, data, height=440)
    last = ends(fig)
    assert [n.text for n in last] == ["0.021", "0.007", "0.007"]
    assert 440 * (last[2].y - last[1].y) == pytest.approx(13, abs=1e-6)


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (-0.0, "0"), (7, "7"), (-2210.0, "−2210"), (0.0351, "0.035"), (-1.3863, "−1.39"),
    (12.34, "12.3"), (250.4, "250"),
    (31415.9, "3.1e4"), (1e-5, "1.0e−5"), (-3.54e27, "−3.5e27"), (9.99e-23, "1.0e−22"),
])  # fmt: skip
def test_steady(value, text):
    assert steady(value) == text


def ends(fig):
    return [n for n in fig.layout.annotations if n.x == 1 and n.xanchor == "left"]


def test_rounding_noise_is_zero_but_a_vanishing_gradient_is_not():
    data = series()
    data["jsd"][:] = -2.2e-16
    data["g"][:] = data["h"][:] = 3.1e-22
    fig = curves(PANELS, data)
    assert [n.text for n in ends(fig)] == ["0", "3.1e−22", "3.1e−22"]
    jsd, g, _ = fig.data
    assert not np.any(jsd.y) and np.all(np.asarray(g.y) == np.float32(3.1e-22))
    free = [PANELS[0] | {"low": None, "high": None, "lines": []}]
    low, high = curves(free, data).layout.yaxis.range
    assert low < -0.05 and high > 0.05, "the noise fills no panel"


@pytest.mark.parametrize("value", [0.25, -2210, -3.54e27, 1.2e-30])
def test_a_last_value_is_as_wide_as_its_margin_at_most(value):
    data = series() | {"g": np.full(101, abs(value), "f4"), "jsd": np.full(101, value, "f4")}
    for n in ends(curves(PANELS, data, scale=1.4)):
        # A digit of the page's font is half as wide as it is high; the margin has 44 pixels.
        assert len(n.text) * 0.52 * n.font.size <= 44 * 1.4
        assert 9 * 1.4 <= n.font.size <= 12 * 1.4


def test_a_single_value_is_a_point():
    data = series()
    for key, kept in (("g", 1), ("h", 2)):
        data[key][kept:] = np.nan
    modes = {t.name: t.mode for t in curves(PANELS, data).data if t.name}
    assert modes["Gradient · norm"] == "lines+markers"
    assert modes["Gradient · clipped"] == modes["JSD"] == "lines"


@pytest.mark.parametrize("data", [{}, {"iteration": np.empty(0, "f4")},
                                  {"iteration": np.arange(3.0), "g": np.full(3, np.nan)},
                                  {"iteration": np.arange(3.0), "g": -np.ones(3)}])  # fmt: skip
def test_curves_without_values_draw_their_axes(data):
    fig = curves(PANELS, data, bars={"shares": np.full(3, np.nan)})
    for name in ("yaxis", "yaxis2", "yaxis3"):
        low, high = fig.layout[name].range
        assert math.isfinite(low) and math.isfinite(high) and low < high


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_have_the_colours_of_their_roles(theme):
    fig, look = curves(PANELS, series(), theme=theme), THEMES[theme]
    roles = look.roles
    assert [t.line.color for t in fig.data] == [look.text, roles["accent"], roles["D"]]
    assert [t.line.dash for t in fig.data] == ["solid", "6px,4px", "1.5px,3px"]


def test_json_is_valid_and_small():
    text = curves(PANELS, series(600), MARKS, bars={"shares": np.array([1, np.nan])}).to_json()
    assert len(text) < 400_000

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    assert len(json.loads(text, parse_constant=refuse)["data"]) == 5


def test_an_unknown_theme_is_named():
    with pytest.raises(SpecError, match="theme = 'sepia'.*light, dark"):
        curves(PANELS, series(), theme="sepia")


def test_hidden_panels_are_left_out_of_a_still_figure():
    request = FigureRequest.read({"hidden": ["d_star", "curve-w1", "curve-value"]})
    panels = [{"id": name} for name in ("jsd", "w1", "value", "loss")]
    assert [panel["id"] for panel in request.left(panels)] == ["jsd", "loss"]
