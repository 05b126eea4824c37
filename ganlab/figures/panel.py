"""One panel of curves over the iterations: its place, range, title, curves and end values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.figures.base import axis, dash, pixel, steady, veil
from ganlab.theme import COLUMN, SHADES, SIZES, Theme

SAMPLE = {"solid": "━", "dash": "╍", "dot": "┅", "dashdot": "╍"}
_END_CHARACTERS = 7  # the number of full-size characters that fit to the right of a panel


@dataclass(frozen=True)
class Panel:
    """One panel's place: axis number (from 1), the theme, text scale, plot box in pixels."""

    index: int
    palette: Theme
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
            self.palette, self.u, SIZES.panel_axis, showgrid=True,
            gridcolor=self.palette.shade(SHADES.faint), domain=self.domain, ticks="", **more,
        )  # fmt: skip

    def note(self, text: str, role: str, **more: Any) -> dict[str, Any]:
        font = {"size": SIZES.panel_axis * self.u, "color": self.palette.ink(role), "weight": 400}
        font |= more.pop("font", {})
        return {"text": text, "xref": "paper", "showarrow": False, "font": font, **more}


def place_panels(palette: Theme, count: int, plain: int, height: float, u: float) -> list[Panel]:
    """Equal boxes: a row for marks, a title above each box, the axis under the last curves."""
    head, foot = COLUMN.head * u, COLUMN.axis * u
    title, gap = COLUMN.title * u, COLUMN.gap * u
    each = max(COLUMN.least, (height - head - foot - count * (title + gap)) / max(1, count))
    out, y = [], head
    for i in range(count):
        y += foot if i == plain else 0
        out.append(Panel(i + 1, palette, u, pixel(y + title), pixel(each), height))
        y += title + each + gap
    return out


def range_of(panel: Mapping[str, Any], data: Sequence[np.ndarray]) -> tuple[float, float]:
    """(low, high) of a panel's axis, in log10 if it is logarithmic.

    The panel's own ends if it gives them, else those of the bulk of the data (each (n,)), the last
    values and the reference lines.
    """
    log = bool(panel.get("log"))

    def usable(values: Any) -> np.ndarray:
        flat = np.asarray(values, dtype=float).ravel()
        return flat[np.isfinite(flat) & ((flat > 0) | (not log))]

    must = list(usable([line["value"] for line in panel.get("lines", ())]))
    good = [usable(y) for y in data]
    # A curve that has ended, as of a diverged run, must not flatten the others.
    must += [v for y in data if len(y) for v in usable(y[-1:])]
    # A single early spike must not flatten the rest, so the outermost 1 % may leave the panel.
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


def heading(panel: Mapping[str, Any], place: Panel) -> dict[str, Any]:
    """The title and unit above a panel, then each of several curves in its own colour."""
    palette, entries, text = place.palette, panel.get("series", ()), f"<b>{panel['title']}</b>"
    small = f"font-size:{SIZES.unit * place.u:g}px;color:"
    if panel.get("unit"):
        text += f" <span style='{small}{palette.colour('muted')}'>{panel['unit']}</span>"
    keys = panel.get("keys", True) and len(entries) > 1 and not panel.get("bars")
    for s in (s for s in entries if s["title"]) if keys else ():
        sample = SAMPLE.get(s.get("dash", "solid"), SAMPLE["solid"])
        text += f"  <span style='{small}{palette.ink(s['role'])}'>{sample} {s['title']}</span>"
    font = {"size": SIZES.title * place.u, "color": palette.text}
    return place.note(text, "muted", x=0, xanchor="left", xshift=-2, yref="paper",
                      y=place.domain[1], yanchor="bottom", font=font)  # fmt: skip


def curve(
    place: Panel, prefix: str, entry: Mapping[str, Any], x: np.ndarray, y: np.ndarray, log: bool
) -> go.Scatter:
    """A curve y over x, both (n,), named `prefix` and its title; in a log panel only y > 0."""
    kind = entry.get("dash", "solid")
    width = COLUMN.width if kind == "solid" else COLUMN.dashed
    line = {"color": place.palette.colour(entry["role"]), "width": width * place.u,
            "dash": dash(kind, place.u)}  # fmt: skip
    if log:
        y = np.where(y > 0, y, np.float32(np.nan))
    # A line needs two points, but a run that diverged at once may have one.
    mode = "lines+markers" if np.count_nonzero(np.isfinite(y)) == 1 else "lines"
    return go.Scatter(x=x, y=y, xaxis="x", yaxis=place.y, name=prefix + entry["title"],
                      mode=mode, marker={"size": 5 * place.u}, line=line,
                      hovertemplate="%{y:.4~g}")  # fmt: skip


def end_labels(
    place: Panel, data: Sequence[tuple[Mapping[str, Any], np.ndarray]], log: bool,
    low: float, high: float,
) -> list[dict[str, Any]]:  # fmt: skip
    """The last value of each curve (n,), written at its height right of the panel.

    Labels do not overlap.
    """
    ends = []
    for entry, y in data:
        good = y[np.isfinite(y) & (y > 0)] if log else y[np.isfinite(y)]
        if good.size:
            value = float(good[-1])
            share = ((np.log10(value) if log else value) - low) / (high - low)
            ends.append([float(np.clip(share, 0, 1)) * place.pixels, value, entry["role"]])
    ends.sort(key=lambda end: end[0])
    apart = COLUMN.apart * place.u
    for one, other in zip(ends, ends[1:], strict=False):
        other[0] = max(other[0], one[0] + apart)
    ceiling = place.pixels + 2 * place.u
    for end in reversed(ends):
        end[0] = min(end[0], ceiling)
        ceiling = end[0] - apart
    labels = []
    for at, value, role in ends:
        text = steady(value)
        size = SIZES.value * min(1, _END_CHARACTERS / len(text))  # shrinks to fit the margin
        labels.append(
            place.note(text, role, x=1, xanchor="left", xshift=4 * place.u, yref="paper",
                       y=1 - (place.top + place.pixels - at) / place.height, yanchor="middle",
                       font={"size": size * place.u, "weight": 600})
        )  # fmt: skip
    return labels


def reference(
    layout: dict[str, Any], place: Panel, line: Mapping[str, Any], log: bool, low: float,
    high: float,
) -> None:  # fmt: skip
    """Add a horizontal line with its title to the layout, if it is in the panel's range."""
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
        "line": {"color": place.palette.colour("muted"), "width": 1, "dash": "2px,3px"},
    })  # fmt: skip
    layout["annotations"].append(
        place.note(line["title"], "muted", x=0, xanchor="left", xshift=2, yref=place.y, y=at,
                   yanchor="top" if under else "bottom", bgcolor=veil(place.palette), borderpad=0)
    )  # fmt: skip
