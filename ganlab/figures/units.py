"""Axes in the units of the user's own data, as assets/live/units.js draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ganlab.theme import SIZES, Theme


def nice_ticks(low: float, high: float, about: int = 6) -> np.ndarray:
    """About `about` round numbers in [low, high], (n,).

    Steps are 1, 2 or 5 times a power of 10.
    """
    raw = max(high - low, 1e-300) / about
    power = 10.0 ** np.floor(np.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    return np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step


def unit_ticks(
    scene: Mapping[str, Any], axis: int, low: float, high: float, about: int = 6
) -> dict[str, Any]:
    """Plotly's settings for the ticks of an axis from low to high; none if x has no other unit."""
    units = scene.get("units") or []
    if axis >= len(units):
        return {}
    centre, spread = units[axis]["centre"], units[axis]["spread"]
    ticks = nice_ticks(low * spread + centre, high * spread + centre, about)
    return {"tickvals": (ticks - centre) / spread, "ticktext": _labels(ticks)}


def _labels(ticks: np.ndarray) -> list[str]:
    """Labels of ticks (n,) that are all different."""
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    decimals = max(0, int(np.ceil(-np.log10(step) - 1e-9)))
    if np.abs(ticks).max(initial=0) < 1e7 and decimals <= 6:
        return [f"{t + 0.0:.{decimals}f}".replace("-", "−") for t in ticks]
    return [f"{t:.7g}".replace("-", "−") for t in ticks]


def unit_names(scene: Mapping[str, Any], theme: Theme, scale: float) -> list[dict[str, Any]]:
    """The names of the axes within the picture, as annotations."""
    font = {"size": SIZES.note * scale, "weight": 600, "color": theme.colour("text")}
    of_paper = {"xref": "paper", "yref": "paper", "font": font, "showarrow": False}
    places = (
        {"x": 1, "xanchor": "right", "y": 0, "yanchor": "bottom", "xshift": -4, "yshift": 4},
        {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "xshift": 4, "yshift": -4},
    )
    names = (unit["axis"] for unit in scene.get("units") or [])
    return [
        {**of_paper, **place, "text": _plain(name)}
        for name, place in zip(names, places, strict=False)
    ]


def _plain(name: str) -> str:
    """A name of a column, in which Plotly must find no markup."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
