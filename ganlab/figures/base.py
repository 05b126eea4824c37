"""Code that all figures share: themes, layers with one legend entry each, layout defaults."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.registry import SpecError
from ganlab.theme import DASHES, SHADES, SIZES, THEMES, Theme, translucent

# The font is named because "inherit" would become a serif font in an exported picture.
FONT = '"Source Sans", "Source Sans Pro", system-ui, "Helvetica Neue", Arial, sans-serif'
UIREVISION = "ganlab"
CLEAR = translucent(THEMES["light"].text, 0)


CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": False,
    # Otherwise the bar would offer to upload the figure to Plotly's cloud.
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg", "filename": "ganlab"},
}
"""Plotly.js config for these figures: the camera button saves SVG ("png" works as well)."""


def find_theme(name: str) -> Theme:
    """The theme called `name`. Raises SpecError if there is none."""
    if name not in THEMES:
        raise SpecError("theme", name, "one of " + ", ".join(THEMES))
    return THEMES[name]


def veil(theme: Theme) -> str:
    """The background colour of words that are drawn over curves."""
    return translucent(theme.background, 0.75)


def dash(name: str, scale: float) -> str:
    """A curve's dashes in pixels, as in the live canvas."""
    return ",".join(f"{length * scale:g}px" for length in DASHES[name]) or "solid"


def array(source: Mapping[str, Any], name: str) -> np.ndarray | None:
    """source[name] as float32 of the same shape, with NaN (a gap) for infinities.

    None if it is missing or empty.
    """
    value = source.get(name)
    if value is None:
        return None
    value = np.array(value, dtype=np.float32)
    value[~np.isfinite(value)] = np.nan
    return value if value.size else None


def pixel(value: float) -> int:
    """A whole pixel; halves are rounded up as in JavaScript (Python rounds them to even)."""
    return math.floor(value + 0.5)


def number(value: float) -> str:
    """A number for a tick: at most 3 significant digits, with a true minus sign."""
    return f"{value + 0.0:.3g}".replace("-", "−")  # + 0.0: no negative zero


def no_noise(values: np.ndarray) -> np.ndarray:
    """The values, of any shape; those below 1e-9, the size of rounding errors, are set to 0."""
    return np.where(np.abs(values) < 1e-9, np.zeros_like(values), values)


def steady(value: float) -> str:
    """A number beside a moving curve: a constant count of digits, with a true minus sign."""
    size = abs(value)
    if size < 1e4 and float(value).is_integer():
        return f"{int(value)}".replace("-", "−")
    if size >= 1e4 or size < 5e-4:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}".replace("-", "−")


def polylines(lines: Iterable[np.ndarray]) -> np.ndarray:
    """Lines (n_i, c) concatenated, with a row of NaN after each: (sum(n_i + 1), c)."""
    parts: list[np.ndarray] = []
    for line in lines:
        gap = np.full((1, line.shape[1]), np.nan, dtype=np.float32)
        parts += [np.asarray(line, dtype=np.float32), gap]
    return np.concatenate(parts) if parts else np.full((1, 2), np.nan, dtype=np.float32)


def arrows(start: np.ndarray, end: np.ndarray, size: float = 7) -> dict[str, Any]:
    """Arrows start -> end, each (n, 2), as the data of one Scatter: x, y, mode and marker.

    An arrow has three points: start, end, gap. Only the end has a marker, along the line.
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

    Displacements are dropped if they are NaN, or too short to see in a picture of `width`.
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
    """The traces of a picture by layer: one legend entry for each layer, in scene order."""

    def __init__(self, layers: Sequence[Mapping[str, Any]], hidden: Collection[str], theme: Theme):
        self.theme, self.hidden = theme, set(hidden)
        self.known = {layer["id"]: (rank, layer) for rank, layer in enumerate(layers)}
        self.seen: set[str] = set()
        self.traces: list[Any] = []

    def colour(self, layer: str, alpha: float = 1.0) -> str:
        """The colour of a layer, by its role."""
        return self.theme.colour(self.known[layer][1].get("role", "muted"), alpha)

    def add(self, layer: str, kind: type = go.Scatter, **data: Any) -> None:
        """Add a trace to a layer; does nothing if the scene has no such layer."""
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
        """All traces; layers without one get an empty trace, so that the legend is complete."""
        for layer in self.known:
            if layer not in self.seen:
                self.add(
                    layer, x=[None], y=[None], mode="lines", line={"color": self.colour(layer)}
                )
        return self.traces


def label_marks(
    scene: Mapping[str, Any], layers: Layers, u: float, place: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The numbers of the labels at label_at (K, dim) of a scene, as annotations.

    place: on a line, where they are along y.
    """
    at, few = array(scene, "label_at"), array(scene, "few")
    which = list(range(0 if at is None else len(at)))
    if few is not None:
        at, which = few, [int(k) for k in scene["few_label"]]
    if at is None or "labels" not in layers.known or "labels" in layers.hidden:
        return []
    out = []
    for k, x in zip(which, at, strict=True):
        font = {"size": SIZES.label * u, "color": layers.theme.label(k), "weight": 700}
        aside = SIZES.label * u
        beside = {"y": float(x[-1])}
        if few is None:
            beside |= {"xshift": aside, "yshift": aside}
        where = dict(place or beside) | {"x": float(x[0])}
        back = layers.theme.background
        out.append({"text": str(k), "font": font, "bgcolor": translucent(back, 0.7), **where})
    return out


def legend_height(layers: Sequence[Mapping[str, Any]], width: float) -> float:
    """The height in pixels of a horizontal legend of these layers, `width` pixels wide."""
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
    """The texts of a frame within the picture, as annotations: `beyond`, `missing` and `tails`.

    no_g, no_d: whether p_g or D is hidden, together with the texts about it.
    """
    of_paper = {"xref": "paper", "yref": "paper", "bgcolor": veil(theme), "borderpad": 2}
    font = {"size": SIZES.note * scale, "weight": 600}
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
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"family": FONT, "size": 12 * scale, "color": theme.text},
        "uirevision": UIREVISION,
        "hoverlabel": {
            "bgcolor": theme.second,
            "bordercolor": theme.shade(SHADES.faint),
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


def axis(theme: Theme, scale: float, size: float = SIZES.axis, **more: Any) -> dict[str, Any]:
    """A thin linear axis with few ticks; size: of the tick labels; `more` overrides."""
    line = theme.shade(SHADES.line)
    return {
        "type": "linear",
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": line,
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": line,
        "tickfont": {"size": size * scale, "color": theme.colour("muted")},
        "nticks": 8,
        "hoverformat": ".4~g",
        **more,
    }
