"""What all figures share: themes, layers with one legend entry each, layout defaults."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.registry import SpecError

# Plotly's font must be named: "inherit" would fall back to a serif in an exported picture.
FONT = '"Source Sans", "Source Sans Pro", system-ui, "Helvetica Neue", Arial, sans-serif'
RUN_ROLES = ("run0", "run1", "run2", "run3")  # runs that are compared, beside dashes
UIREVISION = "ganlab"
CLEAR = "rgba(0,0,0,0)"


@dataclass(frozen=True)
class Theme:
    """Colours of one theme: `roles` by the part they stand for, `field` the colours of D."""

    name: str
    text: str
    grid: str
    axis: str
    hover: str
    veil: str  # behind words that curves run under
    roles: Mapping[str, str]
    inks: Mapping[str, str]  # roles as words, where a line's colour has less contrast than 4.5
    field: tuple[tuple[float, str], ...]
    background: str = CLEAR

    def colour(self, role: str, alpha: float = 1.0) -> str:
        """The colour of a role as rgba(); an unknown role gets the muted colour."""
        text = self.roles.get(role, self.roles["muted"]).lstrip("#")
        r, g, b = (int(text[i : i + 2], 16) for i in (0, 2, 4))
        return f"rgba({r},{g},{b},{alpha:g})" if alpha < 1 else f"#{text}"

    def ink(self, role: str) -> str:
        """The colour of words that belong to a role."""
        return self.inks.get(role) or self.colour(role)


THEMES: dict[str, Theme] = {
    "light": Theme(
        name="light",
        text="#31333f",
        grid="rgba(49,51,63,0.10)",
        axis="rgba(49,51,63,0.45)",
        hover="#ffffff",
        veil="rgba(255,255,255,0.75)",
        roles={
            "data": "#111111",
            "G": "#009e73",
            "D": "#0072b2",
            "game": "#31333f",
            "accent": "#d55e00",
            "muted": "#6f7480",
            **dict(zip(RUN_ROLES, ("#6a22ec", "#896b2b", "#e54ab1", "#131d23"), strict=True)),
        },
        inks={"G": "#007a58", "accent": "#b34f00", "run2": "#c22f8f"},
        field=((0.0, "#debe98"), (0.5, "#f8f8f7"), (1.0, "#96c4e8")),
    ),
    "dark": Theme(
        name="dark",
        text="#fafafa",
        grid="rgba(250,250,250,0.10)",
        axis="rgba(250,250,250,0.45)",
        hover="#262730",
        veil="rgba(14,17,23,0.75)",
        roles={
            "data": "#f2f2f2",
            "G": "#2fd0a0",
            "D": "#56b4e9",
            "game": "#fafafa",
            "accent": "#ff8c42",
            "muted": "#a3a8b4",
            **dict(zip(RUN_ROLES, ("#d343e8", "#f1b839", "#ef3b69", "#d3dde3"), strict=True)),
        },
        inks={},
        field=((0.0, "#5c4026"), (0.5, "#1b1d22"), (1.0, "#184a74")),
    ),
}

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": False,
    # Without this the bar offers to upload the figure to Plotly's cloud.
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg", "filename": "ganlab"},
}
"""Plotly.js config that goes with these figures: the camera saves SVG ("png" works as well)."""


def find_theme(name: str) -> Theme:
    """The theme of that name; raises SpecError for another name."""
    if name not in THEMES:
        raise SpecError("theme", name, "one of " + ", ".join(THEMES))
    return THEMES[name]


def array(source: Mapping[str, Any], name: str) -> np.ndarray | None:
    """source[name] as float32, infinities as NaN (a gap); None where it is absent or empty."""
    value = source.get(name)
    if value is None:
        return None
    value = np.array(value, dtype=np.float32)
    value[~np.isfinite(value)] = np.nan
    return value if value.size else None


def pixel(value: float) -> int:
    """A whole pixel; halves go up, as in JavaScript (Python's round() goes to even numbers)."""
    return math.floor(value + 0.5)


def number(value: float) -> str:
    """A number for a tick: at most 3 significant digits, a true minus sign."""
    return f"{value + 0.0:.3g}".replace("-", "−")  # + 0.0: no negative zero


def no_noise(values: np.ndarray) -> np.ndarray:
    """The values, with 0 where they are nearer to it than rounding errors are: under 1e-9."""
    return np.where(np.abs(values) < 1e-9, np.zeros_like(values), values)


def steady(value: float) -> str:
    """A number beside a moving curve: a steady count of digits, a true minus sign."""
    size = abs(value)
    if size < 1e4 and float(value).is_integer():
        return f"{int(value)}".replace("-", "−")
    if size >= 1e4 or size < 5e-4:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}".replace("-", "−")


def polylines(lines: Iterable[np.ndarray]) -> np.ndarray:
    """Lines (n_i, c) one after the other, a row of NaN after each: (sum(n_i + 1), c)."""
    parts: list[np.ndarray] = []
    for line in lines:
        gap = np.full((1, line.shape[1]), np.nan, dtype=np.float32)
        parts += [np.asarray(line, dtype=np.float32), gap]
    return np.concatenate(parts) if parts else np.full((1, 2), np.nan, dtype=np.float32)


def arrows(start: np.ndarray, end: np.ndarray, size: float = 7) -> dict[str, Any]:
    """Arrows start -> end, each (n, 2), as the data of one Scatter: x, y, mode and marker.

    Three points an arrow: start, end, gap. Only the end has a marker; it points along its line.
    """
    xy = polylines(np.stack([a, b]) for a, b in zip(start, end, strict=True))
    sizes = np.zeros(len(xy), dtype=np.float32)
    sizes[1::3] = size
    marker = {"symbol": "arrow", "angleref": "previous", "size": sizes, "line": {"width": 0}}
    return {"x": xy[:, 0], "y": xy[:, 1], "mode": "lines+markers", "marker": marker}


def gradient_arrows(
    points: np.ndarray | None, grads: np.ndarray | None, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Arrows (start, end), each (n, c), for displacements `grads` at `points`, both (j, c).

    NaN is dropped, and what is too short to see where the picture is `width` wide.
    """
    none = np.empty((0, 0), dtype=np.float32)
    if points is None or grads is None:
        return none, none
    points, grads = points.reshape(len(points), -1), grads.reshape(len(grads), -1)
    length = np.linalg.norm(grads.astype(float), axis=1)
    good = np.isfinite(points).all(axis=1) & np.isfinite(length) & (length > width / 600)
    if not good.any():
        return none, none
    return points[good], points[good] + grads[good].astype(float)


class Layers:
    """The traces of a picture, gathered by layer: one legend entry a layer, in scene order."""

    def __init__(self, layers: Sequence[Mapping[str, Any]], hidden: Collection[str], theme: Theme):
        self.theme, self.hidden = theme, set(hidden)
        self.known = {layer["id"]: (rank, layer) for rank, layer in enumerate(layers)}
        self.seen: set[str] = set()
        self.traces: list[Any] = []

    def colour(self, layer: str, alpha: float = 1.0) -> str:
        """The colour of a layer, by its role."""
        return self.theme.colour(self.known[layer][1].get("role", "muted"), alpha)

    def add(self, layer: str, kind: type = go.Scatter, **data: Any) -> None:
        """Add a trace to a layer; nothing happens if the scene has no such layer."""
        if layer not in self.known:
            return
        rank, entry = self.known[layer]
        self.traces.append(
            kind(
                name=entry["title"],
                legendgroup=layer,
                legendrank=rank + 1,
                showlegend=layer not in self.seen,
                visible="legendonly" if layer in self.hidden else True,
                **data,
            )
        )
        self.seen.add(layer)

    def close(self) -> list[Any]:
        """All traces; a layer that got none has an empty one, so that the legend is complete."""
        for layer in self.known:
            if layer not in self.seen:
                self.add(
                    layer, x=[None], y=[None], mode="lines", line={"color": self.colour(layer)}
                )
        return self.traces


def legend_height(layers: Sequence[Mapping[str, Any]], width: float) -> float:
    """Pixels that a horizontal legend of these layers needs in `width` pixels of plot area."""
    widths = [48 + 7 * len(layer["title"]) for layer in layers]
    rows = 1 if sum(widths) <= width else math.ceil(sum(widths) / max(width - max(widths), 1))
    return 4 + 23 * rows


_PLACES = {
    "left": {"x": 0, "xanchor": "left", "y": 0.66, "yanchor": "middle", "xshift": 4},
    "right": {"x": 1, "xanchor": "right", "y": 0.74, "yanchor": "middle", "xshift": -4},
    "bottom": {"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "bottom", "yshift": 4},
    "top": {"x": 0.5, "xanchor": "center", "y": 1, "yanchor": "top", "yshift": -4},
}


def said(
    frame: Mapping[str, Any], theme: Theme, scale: float, no_g: bool, no_d: bool
) -> list[dict[str, Any]]:
    """What a frame says within the picture, as annotations: `beyond`, `missing` and `tails`.

    no_g, no_d: whether p_g, whether D is hidden, and what is said of it with it.
    """
    of_paper = {"xref": "paper", "yref": "paper", "bgcolor": theme.veil, "borderpad": 2}
    font = {"size": 12 * scale, "weight": 600}
    notes = [
        {**of_paper, **_PLACES[one["side"]], "text": one["text"],
         "font": {**font, "color": theme.ink("G")}}
        for one in ([] if no_g else frame.get("beyond") or ())
    ]  # fmt: skip
    tails = "" if no_g else (frame.get("tails") or {}).get("text", "")
    below_each_other = [text for text in (not no_d and frame.get("missing"), tails) if text]
    for i, text in enumerate(below_each_other):
        notes.append(
            {
                **of_paper,
                "x": 0.5,
                "xanchor": "center",
                "y": 0.9 - 0.1 * i,
                "yanchor": "middle",
                "text": text,
                "font": {**font, "color": theme.ink("accent")},
            }
        )
    return notes


def base_layout(
    theme: Theme, width: float, height: float, margin: Mapping[str, float], scale: float
) -> dict[str, Any]:
    """The layout that all figures start from: transparent, small margins, one font."""
    return {
        "template": "none",
        "width": width,
        "height": height,
        "margin": {**margin, "pad": 0, "autoexpand": False},
        "paper_bgcolor": theme.background,
        "plot_bgcolor": theme.background,
        "font": {"family": FONT, "size": 12 * scale, "color": theme.text},
        "uirevision": UIREVISION,
        "hoverlabel": {
            "bgcolor": theme.hover,
            "bordercolor": theme.grid,
            "font": {"family": FONT, "size": 13 * scale, "color": theme.text},
            "namelength": -1,
        },
        "modebar": {
            "bgcolor": CLEAR,
            "color": theme.colour("muted", 0.6),
            "activecolor": theme.text,
        },
        "dragmode": "zoom",
        "showlegend": False,
    }


def bottom_legend() -> dict[str, Any]:
    """A horizontal legend centred at the lower edge of the figure."""
    return {
        "orientation": "h",
        "yref": "container",
        "y": 0,
        "yanchor": "bottom",
        "x": 0.5,
        "xanchor": "center",
        "bgcolor": CLEAR,
        "font": {"size": 12},
        "itemwidth": 32,
        "tracegroupgap": 4,
        "groupclick": "togglegroup",
    }


def axis(theme: Theme, scale: float, **more: Any) -> dict[str, Any]:
    """A thin linear axis with few ticks; `more` overrides."""
    return {
        "type": "linear",
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": theme.axis,
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": theme.axis,
        "tickfont": {"size": 11.5 * scale, "color": theme.colour("muted")},
        "nticks": 8,
        "hoverformat": ".4~g",
        **more,
    }
