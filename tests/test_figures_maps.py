"""Phase maps: every cell has the colour, the sign and the words of its value."""

import numpy as np
import pytest

from ganlab import theme
from ganlab.figures.maps import SIGNS, Facet, phase_map
from ganlab.sweeps import VERDICTS

X, Y = ("0.1", "0.2", "0.3"), ("1", "2")


def test_every_verdict_has_a_colour_and_a_sign():
    assert set(VERDICTS) == set(theme.VERDICTS) == set(SIGNS)
    assert len(set(SIGNS.values())) == len({fill for fill, _ in theme.VERDICTS.values()}) == 7


def _luminance(colour):
    part = np.array(theme.rgb(colour)) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("name", theme.VERDICTS)
def test_signs_stand_out_from_their_cells(name):
    light, dark = sorted(map(_luminance, theme.VERDICTS[name]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_cells_of_verdicts():
    values = np.array([["converged", "orbits", ""], ["diverged", "hops", "stalled"]], object)
    words = np.array([[f"{r}{c}" for c in range(3)] for r in range(2)], object)
    facets = [Facet("", values, words), Facet("K 5", values[::-1], words)]
    figure = phase_map(facets, X, Y, ("γ", "k"), chosen=(1, 2, 0))
    grids, marks = figure.data[::2], figure.data[1::2]
    for facet, grid, mark in zip(facets, grids, marks, strict=True):
        for r, c in np.ndindex(2, 3):
            z, name = grid.z[r][c], facet.values[r, c]
            if not name:
                assert np.isnan(z)
                continue
            at = (z - grid.zmin) / (grid.zmax - grid.zmin)
            below = [colour for edge, colour in grid.colorscale if edge < at]
            above = [colour for edge, colour in grid.colorscale if edge > at]
            assert below[-1] == above[0] == theme.VERDICTS[name][0]
            i = [tuple(d[1:]) for d in mark.customdata].index((r, c))
            assert (mark.text[i], mark.hovertext[i]) == (SIGNS[name], words[r, c])
            assert (mark.x[i], mark.y[i]) == (c, r)
    assert [d[0] for d in marks[1].customdata] == [1] * 5
    (frame,) = figure.layout.shapes
    assert (frame.xref, frame.x0, frame.x1, frame.y0) == ("x2", 1.5, 2.5, -0.5)
    assert figure.layout.annotations[0].text == "K 5"


def test_cells_of_a_measure_share_one_scale():
    values = np.array([[0.1, np.nan, 0.5]])
    words = np.full((1, 3), "", object)
    figure = phase_map(
        [Facet("", values, words), Facet("", 2 * values, words)], X, ("",), ("k", ""), "JSD", "dark"
    )
    assert {(g.zmin, g.zmax) for g in figure.data[::2]} == {(0.1, 1.0)}
    assert [g.showscale for g in figure.data[::2]] == [False, True]
    assert len(figure.data[1].customdata) == 2


def test_small_curves_are_drawn_into_their_cells():
    values = np.full((2, 3), "orbits", object)
    curves = np.full((2, 3, 3, 5), np.nan)
    curves[1, 2] = [np.linspace(0, 0.5, 5), np.linspace(0.1, 0.6, 5), np.linspace(0.2, 2.0, 5)]
    words = np.full((2, 3), "", object)
    figure = phase_map([Facet("", values, words, curves=curves)], X, Y, ("γ", "k"))
    _, plates, bands, line, marks = figure.data
    assert (marks.mode, marks.text) == ("markers", None)  # signs would hide the curves
    for trace in (plates, bands, line):
        x, y = (np.array(v, float)[:-1] for v in (trace.x, trace.y))  # the last one is a gap
        assert (abs(x - 2) <= 0.4 + 1e-9).all() and (abs(y - 1) <= 0.4 + 1e-9).all()
    np.testing.assert_allclose(line.y[:5], 0.6 + 0.8 * np.linspace(0.1, 0.6, 5))
    np.testing.assert_allclose(np.diff(line.x[:5]), 0.2)


def test_a_border_is_where_its_level_is_0():
    level = np.add.outer(np.arange(2.0), np.arange(3.0)) - 1.5
    facet = Facet("", np.full((2, 3), "", object), np.full((2, 3), "", object),
                  (np.arange(3), np.arange(2), level))  # fmt: skip
    lines = phase_map([facet], X, Y, ("γ", "k")).data[1:3]
    for line in lines:
        assert (line.contours.value, line.contours.operation) == (0, "=")
        np.testing.assert_array_equal(line.z, level)
