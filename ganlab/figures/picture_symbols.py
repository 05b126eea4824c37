"""The picture of symbols as a Plotly figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.figures.base import (
    Layers,
    array,
    axis,
    base_layout,
    bottom_legend,
    find_theme,
    legend_height,
    pixel,
)
from ganlab.languages import tr
from ganlab.theme import LINE, SIZES

_LETTER, _NAME, _REST = 7.4, 22, 12  # px: as in assets/live/draw_symbols.js


def names(letters: np.ndarray, strings: int, index: np.ndarray) -> list[str]:
    """The strings with these indices (n,), of all `strings` of the letters (k,) by code points."""
    positions = round(np.log(strings) / np.log(len(letters)))
    places = np.unravel_index(index.astype(int), (len(letters),) * positions)
    return ["".join(chr(int(letters[i])) for i in row) for row in np.stack(places, 1)]


def picture_symbols(
    scene: Mapping[str, Any],
    frame: Mapping[str, Any],
    theme: str = "light",
    width: float = 600,
    height: float = 440,
    hidden: Collection[str] = (),
    legend: bool = True,
    scale: float = 1,
) -> go.Figure:
    """Bars of p_g, dotted marks of p_data, marks of D and D* (right axis) for each string.

    scene: layers, letters (k,), p_data (strings,). frame: index (n,), p_g, d, d_star (n,), average
    (n,); any of them may be absent. Raises SpecError for an unknown theme.
    """
    palette, u = find_theme(theme), scale
    layers = Layers(scene["layers"], hidden, palette)
    p_data, letters = np.asarray(scene["p_data"]), np.asarray(scene["letters"])
    found = array(frame, "index")
    index = np.arange(min(len(p_data), 64)) if found is None else found.astype(int)
    texts = names(letters, len(p_data), index)
    place = np.arange(len(index))
    top = min(1.0, LINE.top * float(p_data.max()))
    left, right, head = pixel(LINE.left * u), pixel(LINE.right * u), pixel(LINE.head * u)
    foot = legend_height(scene["layers"], width - left - right) if legend else 0
    long = max(map(len, texts))
    below = (_NAME if long == 1 else _REST + _LETTER * long) * u + foot

    def marks(layer: str, y: np.ndarray | None, width: float, dash: str, yaxis: str = "y") -> None:
        if y is None or layer not in layers.known:
            return
        gap = np.full(len(place), np.nan)
        line = {"color": layers.colour(layer), "width": width * u, "dash": dash}
        x = np.stack([place - 0.4, place + 0.4, gap], 1).ravel()
        heights = np.stack([y, y, gap], 1).ravel()
        layers.add(layer, x=x, y=heights, mode="lines", line=line, yaxis=yaxis, hoverinfo="skip")

    p_g = array(frame, "p_g")
    if p_g is not None and "p_g" in layers.known:
        base = np.stack([place - 0.36, place - 0.36, place + 0.36, place + 0.36], 1).ravel()
        zero = np.zeros(len(p_g))
        bars = np.stack([zero, p_g, p_g, zero], 1).ravel()
        line = {"color": layers.colour("p_g"), "width": 1.5 * u}
        fill = layers.colour("p_g", layers.theme.fill)
        layers.add("p_g", x=base, y=bars, mode="lines", line=line, fill="tozeroy",
                   fillcolor=fill, hoverinfo="skip")  # fmt: skip
    marks("p_data", p_data[index], LINE.p_data, "dot")
    marks("average", array(frame, "average"), LINE.average, "solid")
    marks("d_star", array(frame, "d_star"), LINE.d_star, "solid", "y2")
    marks("d", array(frame, "d"), LINE.d, "dash", "y2")
    layout = base_layout(palette, width, height, {"l": left, "r": right, "t": head, "b": below}, u)
    colour = palette.colour("D")
    layout.update(
        xaxis=axis(palette, u, range=[-0.5, len(index) - 0.5], tickvals=place, ticktext=texts,
                   tickangle=0 if long == 1 else -90),
        yaxis=axis(palette, u, range=[0, top], nticks=5),
        yaxis2=axis(palette, u, range=[0, 1], overlaying="y", side="right",
                    linecolor=palette.colour("D", LINE.d_axis_alpha), tickvals=[0, 0.5, 1],
                    ticktext=["0", "½", "1"], ticklen=2,
                    tickfont={"size": SIZES.axis * u, "color": colour}),
        showlegend=legend,
        legend=bottom_legend(),
    )  # fmt: skip
    font = {"size": SIZES.axis * u, "color": palette.colour("muted")}
    plain = {"showarrow": False, "xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom"}
    plain |= {"yshift": 3 * u, "font": font}
    right_font = {"font": {**font, "color": colour}}
    layout["annotations"] = [
        {**plain, "x": 0, "xanchor": "left", "xshift": -left, "text": tr("probability")},
        {**plain, "x": 1, "xanchor": "right", "xshift": right, "text": "D(x)", **right_font},
    ]
    return go.Figure(data=layers.close(), layout=layout)
