"""Phase maps: a grid of cells in the colour of their verdict or of a measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganlab.figures.base import CLEAR, base_layout, find_theme
from ganlab.theme import VERDICTS

SIGNS = dict(zip(VERDICTS, "✓○HC–↓✗", strict=True))  # beside the colour, for the colour-blind


@dataclass(frozen=True)
class Facet:
    """One grid of a map: its title, and for each cell (ny, nx) a name or a number, and words."""

    title: str
    values: NDArray[Any]
    words: NDArray[Any]


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
    layout = base_layout(palette, width, height, {"l": 84, "r": 16, "t": 30, "b": 56}, 1.0)
    layout.update(dragmode=False, annotations=[], shapes=[], plot_bgcolor=palette.second)
    figure, gap = go.Figure(), 0.05
    span = (1 - gap * (n - 1)) / n
    shown = _numbers(facets) if measure else None
    for i, facet in enumerate(facets):
        name = "" if i == 0 else str(i + 1)
        left = i * (span + gap)
        common = {"showgrid": False, "zeroline": False, "ticks": "", "type": "category"}
        layout[f"xaxis{name}"] = common | {
            "domain": [left, left + span],
            "anchor": f"y{name}",
            "title": {"text": titles[0]},
            "categoryorder": "array",
            "categoryarray": list(x),
            "range": [-0.5, len(x) - 0.5],
        }
        layout[f"yaxis{name}"] = common | {
            "anchor": f"x{name}",
            "title": {"text": titles[1] if i == 0 else ""},
            "showticklabels": i == 0,
            "categoryorder": "array",
            "categoryarray": list(y),
            "range": [-0.5, len(y) - 0.5],
        }
        figure.add_trace(_grid(facet, x, y, name, measure, shown, palette.text, i == n - 1))
        figure.add_trace(
            _marks(
                facet, x, y, name, measure, i, min(width * span / len(x), (height - 90) / len(y))
            )
        )
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


def _grid(
    facet: Facet,
    x: Sequence[str],
    y: Sequence[str],
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
        own["colorbar"] = {"title": {"text": measure}, "thickness": 12, "tickfont": {"color": ink}}
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
        x=list(x),
        y=list(y),
        z=z,
        xaxis=f"x{name}",
        yaxis=f"y{name}",
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        **own,
    )


def _marks(
    facet: Facet,
    x: Sequence[str],
    y: Sequence[str],
    name: str,
    measure: str,
    number: int,
    size: float,
) -> go.Scatter:
    """A mark on each cell that has a value: its sign, its words, and what a click selects."""
    rows, columns = np.nonzero(
        np.isfinite(np.asarray(facet.values, float)) if measure else facet.values != ""
    )
    names = [facet.values[r, c] for r, c in zip(rows, columns, strict=True)]
    return go.Scatter(
        x=[x[int(c)] for c in columns],
        y=[y[int(r)] for r in rows],
        xaxis=f"x{name}",
        yaxis=f"y{name}",
        mode="markers" if measure or size < 16 else "markers+text",
        text=None if measure else [SIGNS[v] for v in names],
        textfont={} if measure else {"color": [VERDICTS[v][1] for v in names], "size": 11},
        marker={"symbol": "square", "size": max(4.0, size - 2), "color": CLEAR},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[number, int(r), int(c)] for r, c in zip(rows, columns, strict=True)],
        hovertext=[facet.words[r, c] for r, c in zip(rows, columns, strict=True)],
        hoverinfo="text",
    )
