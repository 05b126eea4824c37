"""Curves over the iterations: small panels that share one axis, and bars of one moment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.figures.base import array, axis, base_layout, find_theme, no_noise, pixel
from ganlab.figures.panel import (
    Panel,
    curve,
    end_labels,
    heading,
    place_panels,
    range_of,
    reference,
)
from ganlab.languages import into, language, tr
from ganlab.theme import COLUMN, SIZES


def curves(
    panels: Sequence[Mapping[str, Any]],
    series: Mapping[str, np.ndarray],
    marks: Sequence[Mapping[str, Any]] = (),
    theme: str = "light",
    width: float = 380,
    height: float = 440,
    bars: Mapping[str, Any] | None = None,
    scale: float = 1,
    ghost: Mapping[str, np.ndarray] | None = None,
) -> go.Figure:
    """Panels one above the other, over the iterations; each names its curves in their colours.

    panels: as in the scene (title, unit, series, lines, log, low, high, bars); those with `bars`
    come last. series: "iteration" (n,) and one (n,) array per key; NaN is a gap, and a missing key
    draws nothing. marks: [{iteration, text}], drawn as vertical lines. bars: arrays (m,) of frame
    and scene, drawn in panels whose `bars` and `against` name two of them: shares of generated
    samples and of p_data (1/m if missing). Bars of modes have the accent colour if they are lower
    than a tenth of their fair share. scale: of text and margins, as in the live canvas. ghost:
    series of an earlier run, drawn faintly behind. Raises SpecError for an unknown theme.
    """
    palette, u = find_theme(theme), scale
    found = array(series, "iteration")
    iteration = np.empty(0, dtype=np.float32) if found is None else found
    panels = into(language(), [panel for panel in panels if _says(panel, series, ghost)])
    marks = into(language(), list(marks))
    panels = sorted(panels, key=lambda panel: bool(panel.get("bars")))
    plain = sum(not panel.get("bars") for panel in panels)
    left, right = pixel(COLUMN.left * u), pixel(COLUMN.right * u)
    layout = base_layout(palette, width, height, {"l": left, "r": right, "t": 0, "b": 0}, u)
    layout.update(hovermode="x unified", hoversubplots="axis", shapes=[], annotations=[])
    ghost = ghost or {}
    before = array(ghost, "iteration")
    span, places = span_of(iteration, before), place_panels(palette, len(panels), plain, height, u)
    traces: list[Any] = []
    for panel, place in zip(panels, places, strict=True):
        layout["annotations"].append(heading(panel, place))
        name = place.y.replace("y", "yaxis")
        if panel.get("bars"):
            tall, fair = (array(bars or {}, panel.get(name, "")) for name in ("bars", "against"))
            added, over, up = _bars(place, tall, fair, panel.get("ends"))
            layout[name] = place.axis(**up)
            layout[name.replace("y", "x", 1)] = axis(palette, u, anchor=place.y, **over)
            traces += added
            continue
        log = bool(panel.get("log"))
        named = panel.get("series", ())
        now = [(s, array(series, s["key"])) for s in named]
        data = [(s, y if log else no_noise(y)) for s, y in now if y is not None]
        then = [(s, array(ghost, s["key"])) for s in named]
        faint = [(s, y) for s, y in then if y is not None and before is not None]
        low, high = range_of(panel, [y for _, y in (*data, *faint)])
        ticks = max(2, min(5, int(place.pixels // (22 * u))))
        layout[name] = place.axis(
            nticks=ticks + 1, range=[low, high], type="log" if log else "linear"
        )
        if log:
            layout[name].update(dtick=max(1, round((high - low) / 3)), tickformat="~g")
        prefix = (
            f"{panel['title']} · " if len(panel.get("series", ())) > 1 else ""
        )  # one hover box for all panels
        traces += [
            curve(place, "before: ", entry, before, y, log).update(
                opacity=COLUMN.ghost_alpha, hoverinfo="skip"
            )
            for entry, y in faint
            if before is not None
        ]
        traces += [curve(place, prefix, entry, iteration, y, log) for entry, y in data]
        layout["annotations"] += end_labels(place, data, log, low, high)
        for line in panel.get("lines", ()):
            reference(layout, place, line, log, low, high)
    if plain:
        last = places[plain - 1]
        layout["xaxis"] = axis(
            palette, u, SIZES.panel_axis, range=list(span), anchor=last.y, nticks=6, ticks="",
            hoverformat=",.0f",
            unifiedhovertitle={"text": "iteration %{x:,.0f}"},
        )  # fmt: skip
        if span[1] - span[0] <= 6:
            layout["xaxis"].update(dtick=1, tick0=0)  # no ticks at half iterations
        layout["annotations"].append(
            last.note(tr("iteration"), "muted", x=1, xanchor="right", xshift=right, yref="paper",
                      y=last.domain[0], yanchor="top", yshift=-4 * u)
        )  # fmt: skip
        _marks(layout, places[:plain], marks, span, width - left - right, right)
    return go.Figure(data=traces, layout=layout)


def _says(panel: Mapping[str, Any], *series: Mapping[str, np.ndarray] | None) -> bool:
    """Whether a panel has something to show; panels that require a value are hidden without one."""
    if not panel.get("needs"):
        return True
    found = [array(some or {}, panel["needs"]) for some in series]
    return any(y is not None and np.isfinite(y).any() for y in found)


def span_of(iteration: np.ndarray, before: np.ndarray | None) -> tuple[float, float]:
    """The ends of the axis of iterations (n,), beside those of an earlier run (m,).

    A run gets at least a quarter of the width.
    """
    good = iteration[np.isfinite(iteration)]
    if not good.size:
        return 0.0, 100.0
    low, high = float(good.min()), float(good.max())
    if before is not None and len(before):
        high = max(high, min(float(before[-1]), max(4 * high, COLUMN.least_span)))
    return low, max(high, low + 1)


def _bars(
    place: Panel,
    shares: np.ndarray | None,
    weights: np.ndarray | None,
    ends: Sequence[float] | None = None,
) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Bars of the shares, with a short line at each fair share; settings of both axes.

    ends: of the axis along which they stand, if they are a histogram; else they are modes.
    """
    modes = len(shares) if shares is not None else len(weights) if weights is not None else 0
    if weights is None or len(weights) != modes:
        weights = np.full(modes, 1 / max(modes, 1), dtype=np.float32)
    palette, index = place.palette, np.arange(1, modes + 1)
    where = {"xaxis": f"x{place.index}", "yaxis": place.y}
    if place.index == 1:
        where = {}
    traces: list[Any] = []
    largest = float(np.nanmax(weights)) if modes and np.isfinite(weights).any() else 0.4
    top = min(1.0, COLUMN.bars_top * largest)
    if shares is not None:
        missed = ~(shares > COLUMN.missed * weights) & (ends is None)
        colours = [palette.colour("accent" if miss else "G") for miss in missed]
        traces.append(go.Bar(x=index, y=shares, name="p_g", marker={"color": colours},
                             width=COLUMN.bar if ends is None else 0.96,
                             hovertemplate="%{y:.4~g}", **where))  # fmt: skip
        font = {"color": palette.background, "size": SIZES.panel_axis * place.u}
        # A bar that is higher than the panel shows its value.
        for i in np.flatnonzero(shares > top):
            traces.append(go.Scatter(x=index[i : i + 1], y=[top], text=[f"{shares[i]:.0%}"],
                                     mode="text", textposition="bottom center", hoverinfo="skip",
                                     textfont=font, cliponaxis=False, name="p_g",
                                     **where))  # fmt: skip
    if modes:
        x = np.stack([index - 0.45, index + 0.45, np.full(modes, np.nan)], 1).ravel()
        y = np.repeat(weights, 3)
        y[2::3] = np.nan
        line = {"color": palette.colour("data"), "width": 1}
        traces.append(go.Scatter(x=x, y=y, name="p_data", mode="lines", hoverinfo="skip",
                                 line=line, **where))  # fmt: skip
    over = {"range": [0.5, max(modes, 1) + 0.5], "showticklabels": False, "ticks": "",
            "unifiedhovertitle": {"text": "mode %{x}"}}  # fmt: skip
    if ends is not None:
        low, high = ends
        width = (high - low) / max(modes, 1)
        units = range(math.ceil(low), math.floor(high) + 1)
        over |= {"showticklabels": True, "tickvals": [0.5 + (t - low) / width for t in units]}
        over |= {"ticktext": [f"{t}" for t in units], "unifiedhovertitle": {"text": "bar %{x}"}}
    return traces, over, {"range": [0, top * 1.04], "nticks": 4}


def _marks(
    layout: dict[str, Any], places: Sequence[Panel], marks: Sequence[Mapping[str, Any]],
    span: tuple[float, float], pixels: float, right: float,
) -> None:  # fmt: skip
    """Vertical lines through all panels of curves; if texts collide, the newest is kept."""
    free, first = np.inf, places[0]
    colour, u = first.palette.colour("accent", COLUMN.mark_alpha), first.u
    for mark in sorted(marks, key=lambda m: m["iteration"], reverse=True):
        at = max(float(mark["iteration"]), span[0])  # a restart's mark is at 0
        if not span[0] <= at <= span[1]:
            continue
        for place in places:
            layout["shapes"].append({
                "type": "line", "xref": "x", "x0": at, "x1": at, "yref": "paper",
                "y0": place.domain[0], "y1": place.domain[1], "layer": "below",
                "line": {"color": colour, "width": 1}, "name": mark["text"],
            })  # fmt: skip
        x, half = (at - span[0]) / (span[1] - span[0]) * pixels, 3.1 * u * len(mark["text"])
        centre = min(max(x, half), pixels + right - half)
        if centre + half + 6 * u > free:
            continue
        free = centre - half
        layout["annotations"].append({
            **first.note(mark["text"], "accent", x=at, xanchor="center", xshift=centre - x,
                         yref="paper", y=1 - 1 / first.height, yanchor="top",
                         font={"weight": 600}),
            "xref": "x",
        })  # fmt: skip
