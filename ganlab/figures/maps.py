"""Phase maps: a grid of cells in the colour of their verdict or of a measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganlab.figures.base import CLEAR, base_layout, find_theme
from ganlab.theme import VERDICTS, Theme, translucent

SIGNS = dict(zip(VERDICTS, "✓○HC–↓✗", strict=True))  # beside the colour, for the colour-blind


LABEL = (34.0, 16.0)  # pixels that an axis's label needs, across and up


@dataclass(frozen=True)
class Facet:
    """One grid of a map: its title, and for each cell (ny, nx) a name or a number, and words.

    border: a line to draw where a function of the position is 0. x (n,) and y (m,): positions in
    cells, from 0 on; level (m, n): the function there. curves (ny, nx, 3, points): small curves to
    draw into the cells, from 0 to 1: lower quartile, median, upper quartile.
    """

    title: str
    values: NDArray[Any]
    words: NDArray[Any]
    border: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None
    curves: NDArray[Any] | None = None


def phase_map(
    facets: Sequence[Facet],
    x: Sequence[str],
    y: Sequence[str],
    titles: tuple[str, str],
    measure: str = "",
    theme: str = "light",
    width: float = 900,
    height: float = 460,
    chosen: tuple[int, int, int] | None = None,
) -> go.Figure:
    """A row of grids with the axes' values as labels.

    measure: the name of the numbers in the cells; "" for verdicts. chosen: facet, column and row of
    a cell to frame. An empty name or NaN leaves a cell blank. Cells carry [facet, row, column] as
    customdata. Raises SpecError for an unknown theme.
    """
    palette, n = find_theme(theme), len(facets)
    # Room for the labels up to their longest, and for the scale of a measure.
    labels = 40 + 7 * max(map(len, y))
    margin = {"l": max(60, labels), "r": 70 if measure else 16, "t": 30, "b": 50}
    layout = base_layout(palette, width, height, margin, 1.0)
    layout.update(dragmode=False, annotations=[], shapes=[], plot_bgcolor=palette.second)
    figure, gap = go.Figure(), 0.05
    span = (1 - gap * (n - 1)) / n
    shown = _numbers(facets) if measure else None
    size = min(width * span / len(x), (height - 90) / len(y))
    for i, facet in enumerate(facets):
        name = "" if i == 0 else str(i + 1)
        left = i * (span + gap)
        layout[f"xaxis{name}"] = _axis(x, titles[0], width * span / LABEL[0]) | {
            "domain": [left, left + span],
            "anchor": f"y{name}",
        }
        layout[f"yaxis{name}"] = _axis(y, titles[1] if i == 0 else "", height / LABEL[1]) | {
            "anchor": f"x{name}",
            "showticklabels": i == 0,
        }
        figure.add_trace(_grid(facet, name, measure, shown, palette.text, i == n - 1))
        if facet.border is not None:
            figure.add_traces(_border(facet.border, name, palette))
        if facet.curves is not None:
            figure.add_traces(_small(facet.curves, name, palette))
        figure.add_trace(_marks(facet, name, measure, i, size))
        if facet.title:
            layout["annotations"].append(
                {
                    "text": facet.title,
                    "x": left + span / 2,
                    "y": 1,
                    "xref": "paper",
                    "yref": "paper",
                    "xanchor": "center",
                    "yanchor": "bottom",
                    "showarrow": False,
                }
            )
        if chosen is not None and chosen[0] == i:
            _, column, row = chosen
            layout["shapes"].append(
                {
                    "type": "rect",
                    "xref": f"x{name}",
                    "yref": f"y{name}",
                    "x0": column - 0.5,
                    "x1": column + 0.5,
                    "y0": row - 0.5,
                    "y1": row + 0.5,
                    "line": {"color": palette.text, "width": 3},
                }
            )
    figure.update_layout(layout)
    return figure


def _numbers(facets: Sequence[Facet]) -> tuple[float, float]:
    values = np.concatenate([np.ravel(f.values).astype(float) for f in facets])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


def _axis(texts: Sequence[str], title: str, most: float) -> dict[str, Any]:
    """An axis of cells at 0, 1, ..., with at most about `most` labels."""
    every = max(1, math.ceil(len(texts) / max(1.0, most)))
    return {
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "title": {"text": title, "standoff": 8},
        "tickvals": list(range(0, len(texts), every)),
        "ticktext": list(texts[::every]),
        "range": [-0.5, len(texts) - 0.5],
    }


def _grid(
    facet: Facet,
    name: str,
    measure: str,
    shown: tuple[float, float] | None,
    ink: str,
    last: bool,
) -> go.Heatmap:
    """The colours of one grid."""
    own: dict[str, Any] = {"showscale": False}
    if shown is not None:
        z = np.asarray(facet.values, float)
        own = {"zmin": shown[0], "zmax": shown[1], "colorscale": "Cividis", "showscale": last}
        own["colorbar"] = {"thickness": 12, "tickfont": {"color": ink}}
    else:
        order = list(VERDICTS)
        z = np.array([[order.index(v) if v else np.nan for v in row] for row in facet.values])
        steps = len(order)
        scale = [
            (edge, VERDICTS[verdict][0])
            for i, verdict in enumerate(order)
            for edge in (i / steps, (i + 1) / steps)
        ]
        own |= {"zmin": -0.5, "zmax": steps - 0.5, "colorscale": scale}
    return go.Heatmap(
        z=z,
        xaxis=f"x{name}",
        yaxis=f"y{name}",
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        **own,
    )


def _border(
    border: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], name: str, palette: Theme
) -> list[go.Contour]:
    """The line, twice: a wide one in the background's colour makes it stand out from all cells."""
    x, y, level = border
    return [
        go.Contour(
            x=x,
            y=y,
            z=level,
            xaxis=f"x{name}",
            yaxis=f"y{name}",
            contours={"type": "constraint", "operation": "=", "value": 0, "coloring": "none"},
            line={"color": colour, "width": width},
            hoverinfo="skip",
            showlegend=False,
        )
        for colour, width in ((palette.background, 6), (palette.text, 2.5))
    ]


def _small(curves: NDArray[Any], name: str, palette: Theme) -> list[go.Scatter]:
    """A plate in each cell that has a curve, the band between the quartiles, and the median."""
    half, points = 0.4, curves.shape[-1]
    plates, bands, lines = [], [], []
    gap = np.full((1, 2), np.nan)
    across = np.linspace(-half, half, points)
    for row, column in zip(*np.nonzero(np.isfinite(curves[:, :, 1]).any(-1)), strict=True):
        middle = np.array([column, row])
        box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half
        plates += [middle + box, gap]
        up = half * (2 * np.clip(curves[row, column], 0, 1) - 1)
        some = np.isfinite(up).all(0)
        low, median, high = (np.stack([across[some], of[some]], 1) for of in up)
        bands += [middle + np.concatenate([low, high[::-1]]), gap]
        lines += [middle + median, gap]
    common = {"xaxis": f"x{name}", "yaxis": f"y{name}", "hoverinfo": "skip", "mode": "lines"}
    back, ink = translucent(palette.background, 0.82), palette.text
    fills = ((plates, back, 0), (bands, translucent(ink, 0.3), 0), (lines, None, 1.3))
    return [
        go.Scatter(
            x=np.concatenate(parts)[:, 0] if parts else [],
            y=np.concatenate(parts)[:, 1] if parts else [],
            fill="none" if fill is None else "toself",
            fillcolor=fill,
            line={"width": width, "color": ink},
            **common,
        )
        for parts, fill, width in fills
    ]


def _marks(facet: Facet, name: str, measure: str, number: int, size: float) -> go.Scatter:
    """A mark on each cell that has a value: its sign, its words, and what a click selects."""
    rows, columns = np.nonzero(
        np.isfinite(np.asarray(facet.values, float)) if measure else facet.values != ""
    )
    names = [facet.values[r, c] for r, c in zip(rows, columns, strict=True)]
    plain = bool(measure) or size < 16 or facet.curves is not None
    return go.Scatter(
        x=columns.tolist(),
        y=rows.tolist(),
        xaxis=f"x{name}",
        yaxis=f"y{name}",
        mode="markers" if plain else "markers+text",
        text=None if plain else [SIGNS[v] for v in names],
        textfont={} if plain else {"color": [VERDICTS[v][1] for v in names], "size": 11},
        marker={"symbol": "square", "size": max(4.0, size - 2), "color": CLEAR},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[number, int(r), int(c)] for r, c in zip(rows, columns, strict=True)],
        hovertext=[facet.words[r, c] for r, c in zip(rows, columns, strict=True)],
        hoverinfo="text",
    )
