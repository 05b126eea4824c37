"""Curves over the iterations: small panels that share one axis, and bars of the mode shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.figures.base import Theme, array, axis, base_layout, find_theme, pixel, steady

SAMPLE = {"solid": "━", "dash": "╍", "dot": "┅"}


@dataclass(frozen=True)
class Panel:
    """One panel's place: axis number (from 1), the theme, text scale, plot box in pixels."""

    index: int
    look: Theme
    u: float
    top: float
    pixels: float  # height of the plot box
    height: float  # of the figure

    @property
    def y(self) -> str:
        return f"y{self.index}" if self.index > 1 else "y"

    @property
    def domain(self) -> list[float]:
        ends = (1 - (self.top + self.pixels) / self.height, 1 - self.top / self.height)
        return [min(max(end, 0.0), 1.0) for end in ends]

    def axis(self, **more: Any) -> dict[str, Any]:
        return axis(
            self.look, self.u, showgrid=True, gridcolor=self.look.grid, domain=self.domain,
            ticks="", **more,
        )  # fmt: skip

    def note(self, text: str, role: str, **more: Any) -> dict[str, Any]:
        font = {"size": 11 * self.u, "color": self.look.colour(role), "weight": 400}
        font |= more.pop("font", {})
        return {"text": text, "xref": "paper", "showarrow": False, "font": font, **more}


def curves(
    panels: Sequence[Mapping[str, Any]],
    series: Mapping[str, np.ndarray],
    marks: Sequence[Mapping[str, Any]] = (),
    theme: str = "light",
    width: float = 380,
    height: float = 440,
    shares: np.ndarray | None = None,
    mode_weights: np.ndarray | None = None,
    scale: float = 1,
) -> go.Figure:
    """One panel above the other over the iteration; each names its curves in their own colours.

    panels: as in the scene (title, unit, series, lines, log, low, high, bars); those with `bars`
    come last. series: "iteration" (n,) and one (n,) array per key; NaN is a gap, an absent key
    draws nothing. marks: [{iteration, text}], drawn as vertical lines. shares, mode_weights: (m,),
    the share of generated samples at each mode and its share of p_data (1/m if not given); drawn
    in panels with `bars`, in the accent where a mode has under a tenth of its fair share.
    scale: of text and margins, as in the live canvas. Raises SpecError for an unknown theme.
    """
    look, u = find_theme(theme), scale
    found = array(series, "iteration")
    iteration = np.empty(0, dtype=np.float32) if found is None else found
    panels = sorted(panels, key=lambda panel: bool(panel.get("bars")))
    plain = sum(not panel.get("bars") for panel in panels)
    left, right = pixel(44 * u), pixel(48 * u)
    layout = base_layout(look, width, height, {"l": left, "r": right, "t": 0, "b": 0}, u)
    layout.update(hovermode="x unified", hoversubplots="axis", shapes=[], annotations=[])
    span, places = _span(iteration), _places(look, len(panels), plain, height, u)
    traces: list[Any] = []
    for panel, place in zip(panels, places, strict=True):
        layout["annotations"].append(_heading(panel, place))
        name = place.y.replace("y", "yaxis")
        if panel.get("bars"):
            added, over, up = _bars(place, shares, mode_weights)
            layout[name] = place.axis(**up)
            layout[name.replace("y", "x", 1)] = axis(look, u, anchor=place.y, **over)
            traces += added
            continue
        data = [(s, array(series, s["key"])) for s in panel.get("series", ())]
        data = [(s, y) for s, y in data if y is not None]
        log, (low, high) = bool(panel.get("log")), _range(panel, [y for _, y in data])
        ticks = max(2, min(5, int(place.pixels // (22 * u))))
        layout[name] = place.axis(
            nticks=ticks + 1, range=[low, high], type="log" if log else "linear"
        )
        if log:
            layout[name].update(dtick=max(1, round((high - low) / 3)), tickformat="~g")
        prefix = (
            f"{panel['title']} · " if len(panel.get("series", ())) > 1 else ""
        )  # one hover box for all
        traces += [_curve(place, prefix, entry, iteration, y, log) for entry, y in data]
        layout["annotations"] += _ends(place, data, log, low, high)
        for line in panel.get("lines", ()):
            _reference(layout, place, line, log, low, high)
    if plain:
        last = places[plain - 1]
        layout["xaxis"] = axis(
            look, u, range=list(span), anchor=last.y, nticks=6, ticks="", hoverformat=",.0f",
            unifiedhovertitle={"text": "iteration %{x:,.0f}"},
        )  # fmt: skip
        layout["annotations"].append(
            last.note("iteration", "muted", x=1, xanchor="right", xshift=right, yref="paper",
                      y=last.domain[0], yanchor="top", yshift=-4 * u)
        )  # fmt: skip
        _marks(layout, places[:plain], marks, span, width - left - right, right)
    return go.Figure(data=traces, layout=layout)


def _places(look: Theme, count: int, plain: int, height: float, u: float) -> list[Panel]:
    """Equal boxes: a row for marks, a title above each box, the axis under the last curves."""
    head, foot, title, gap = 18 * u, 20 * u, 18 * u, 7 * u
    each = max(24.0, (height - head - foot - count * (title + gap)) / max(1, count))
    out, y = [], head
    for i in range(count):
        y += foot if i == plain else 0
        out.append(Panel(i + 1, look, u, pixel(y + title), pixel(each), height))
        y += title + each + gap
    return out


def _span(iteration: np.ndarray) -> tuple[float, float]:
    good = iteration[np.isfinite(iteration)]
    if not good.size:
        return 0.0, 100.0
    low, high = float(good.min()), float(good.max())
    return low, max(high, low + 1)


def _range(panel: Mapping[str, Any], data: Sequence[np.ndarray]) -> tuple[float, float]:
    """The range of a panel's axis (of log10 where it is log): its own ends where given, else of
    the bulk of the data, the last values and the reference lines."""
    log = bool(panel.get("log"))

    def usable(values: Any) -> np.ndarray:
        flat = np.asarray(values, dtype=float).ravel()
        return flat[np.isfinite(flat) & ((flat > 0) | (not log))]

    must = list(usable([line["value"] for line in panel.get("lines", ())]))
    good = [usable(y) for y in data]
    must += [y[-1] for y in good if y.size]
    # One early spike must not flatten the rest, so the outermost 1 % may leave the panel.
    if must and any(y.size for y in good):
        must += list(np.quantile(np.concatenate(good), [0.01, 0.99], method="nearest"))
    low, high = (min(must), max(must)) if must else (0.1 if log else 0.0, 1.0)
    if log:
        low, high = np.log10(low) - 0.1, np.log10(high) + 0.1
        if high - low < 1:
            low, high = (low + high) / 2 - 0.5, (low + high) / 2 + 0.5
    else:
        pad = 0.08 * ((high - low) or 0.2 * abs(high) or 1)
        low, high = low - pad, high + pad
    for key in ("low", "high"):
        value = panel.get(key)
        if value is not None and usable([value]).size:
            end = float(np.log10(value)) if log else float(value)
            low, high = (end, high) if key == "low" else (low, end)
    return float(low), float(high if high > low else low + 1)


def _heading(panel: Mapping[str, Any], place: Panel) -> dict[str, Any]:
    look, entries, text = place.look, panel.get("series", ()), f"<b>{panel['title']}</b>"
    if panel.get("unit"):
        text += f" <span style='color:{look.colour('muted')}'>{panel['unit']}</span>"
    for s in entries if len(entries) > 1 and not panel.get("bars") else ():
        sample = SAMPLE.get(s.get("dash", "solid"), SAMPLE["solid"])
        text += f"  <span style='color:{look.colour(s['role'])}'>{sample} {s['title']}</span>"
    font = {"size": 12 * place.u, "color": look.text}
    return place.note(text, "muted", x=0, xanchor="left", xshift=-2, yref="paper",
                      y=place.domain[1], yanchor="bottom", font=font)  # fmt: skip


def _curve(
    place: Panel, prefix: str, entry: Mapping[str, Any], x: np.ndarray, y: np.ndarray, log: bool
) -> go.Scatter:
    line = {"color": place.look.colour(entry["role"]), "width": 1.75 * place.u,
            "dash": entry.get("dash", "solid")}  # fmt: skip
    if log:
        y = np.where(y > 0, y, np.float32(np.nan))
    return go.Scatter(x=x, y=y, xaxis="x", yaxis=place.y, name=prefix + entry["title"],
                      mode="lines", line=line, hovertemplate="%{y:.4~g}")  # fmt: skip


def _ends(
    place: Panel, data: Sequence[tuple[Mapping[str, Any], np.ndarray]], log: bool,
    low: float, high: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """The last value of each curve, written at its height right of the panel, kept apart."""
    ends = []
    for entry, y in data:
        good = y[np.isfinite(y) & (y > 0)] if log else y[np.isfinite(y)]
        if good.size:
            value = float(good[-1])
            share = ((np.log10(value) if log else value) - low) / (high - low)
            ends.append([float(np.clip(share, 0, 1)) * place.pixels, value, entry["role"]])
    ends.sort(key=lambda end: end[0])
    apart = 13 * place.u
    for one, other in zip(ends, ends[1:], strict=False):
        other[0] = max(other[0], one[0] + apart)
    ceiling = place.pixels + 2 * place.u
    for end in reversed(ends):
        end[0] = min(end[0], ceiling)
        ceiling = end[0] - apart
    return [
        place.note(steady(value), role, x=1, xanchor="left", xshift=4 * place.u, yref="paper",
                   y=1 - (place.top + place.pixels - at) / place.height, yanchor="middle",
                   font={"size": 12 * place.u, "weight": 600})
        for at, value, role in ends
    ]  # fmt: skip


def _reference(
    layout: dict[str, Any], place: Panel, line: Mapping[str, Any], log: bool, low: float,
    high: float,
) -> None:  # fmt: skip
    value = float(line["value"])
    if not np.isfinite(value) or (log and value <= 0):
        return
    # On a log axis Plotly places shapes by value but annotations by its logarithm.
    at = float(np.log10(value)) if log else value
    if not low <= at <= high:
        return
    under = (high - at) / (high - low) * place.pixels < 14 * place.u
    layout["shapes"].append({
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": place.y, "y0": value,
        "y1": value, "layer": "below", "name": line["title"],
        "line": {"color": place.look.colour("muted"), "width": 1, "dash": "2px,3px"},
    })  # fmt: skip
    layout["annotations"].append(
        place.note(line["title"], "muted", x=0, xanchor="left", xshift=2, yref=place.y, y=at,
                   yanchor="top" if under else "bottom", bgcolor=place.look.veil, borderpad=0)
    )  # fmt: skip


def _bars(
    place: Panel, shares: np.ndarray | None, weights: np.ndarray | None
) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Bars of the shares, a short line at each mode's fair share; settings of both axes."""
    found = {"shares": shares, "weights": weights}
    shares, weights = array(found, "shares"), array(found, "weights")
    modes = len(shares) if shares is not None else len(weights) if weights is not None else 0
    if weights is None or len(weights) != modes:
        weights = np.full(modes, 1 / max(modes, 1), dtype=np.float32)
    look, index = place.look, np.arange(1, modes + 1)
    where = {"xaxis": f"x{place.index}", "yaxis": place.y}
    if place.index == 1:
        where = {}
    traces: list[Any] = []
    largest = float(np.nanmax(weights)) if modes and np.isfinite(weights).any() else 0.4
    top = min(1.0, 2.5 * largest)
    if shares is not None:
        missed = ~(shares > 0.1 * weights)
        colours = [look.colour("accent" if miss else "G") for miss in missed]
        traces.append(go.Bar(x=index, y=shares, name="p_g", marker={"color": colours}, width=0.7,
                             hovertemplate="%{y:.4~g}", **where))  # fmt: skip
        # A bar that is higher than the panel carries its value.
        for i in np.flatnonzero(shares > top):
            traces.append(go.Scatter(x=index[i : i + 1], y=[top], text=[f"{shares[i]:.0%}"],
                                     mode="text", textposition="bottom center", hoverinfo="skip",
                                     textfont={"color": "#fff", "size": 11 * place.u}, **where,
                                     cliponaxis=False, name="p_g"))  # fmt: skip
    if modes:
        x = np.stack([index - 0.45, index + 0.45, np.full(modes, np.nan)], 1).ravel()
        y = np.repeat(weights, 3)
        y[2::3] = np.nan
        line = {"color": look.colour("data"), "width": 1}
        traces.append(go.Scatter(x=x, y=y, name="p_data", mode="lines", hoverinfo="skip",
                                 line=line, **where))  # fmt: skip
    over = {"range": [0.5, max(modes, 1) + 0.5], "showticklabels": False, "ticks": "",
            "unifiedhovertitle": {"text": "mode %{x}"}}  # fmt: skip
    return traces, over, {"range": [0, top * 1.04], "nticks": 4}


def _marks(
    layout: dict[str, Any], places: Sequence[Panel], marks: Sequence[Mapping[str, Any]],
    span: tuple[float, float], pixels: float, right: float,
) -> None:  # fmt: skip
    """Vertical lines through all curve panels; the newest words win where there is no room."""
    free, first = np.inf, places[0]
    look, u = first.look, first.u
    for mark in sorted(marks, key=lambda m: m["iteration"], reverse=True):
        at = float(mark["iteration"])
        if not span[0] <= at <= span[1]:
            continue
        for place in places:
            layout["shapes"].append({
                "type": "line", "xref": "x", "x0": at, "x1": at, "yref": "paper",
                "y0": place.domain[0], "y1": place.domain[1], "layer": "below",
                "line": {"color": look.colour("accent", 0.65), "width": 1}, "name": mark["text"],
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
