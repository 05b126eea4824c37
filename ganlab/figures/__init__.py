"""Figures: arrays in, Plotly figures out; the still counterparts of the live view's canvases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import plotly.graph_objects as go

from ganlab.figures.base import CONFIG
from ganlab.figures.curves import curves
from ganlab.figures.legend import with_legend
from ganlab.figures.picture1d import picture_1d
from ganlab.figures.picture2d import picture_2d
from ganlab.figures.picture_symbols import picture_symbols
from ganlab.languages import _, into, language
from ganlab.registry import SpecError
from ganlab.theme import THEMES, Theme

__all__ = [
    "CONFIG",
    "THEMES",
    "Theme",
    "curves",
    "picture",
    "picture_1d",
    "picture_2d",
    "with_legend",
]


def picture(
    scene: Mapping[str, Any],
    frame: Mapping[str, Any],
    theme: str = "light",
    width: float = 600,
    height: float = 440,
    hidden: Collection[str] = (),
    legend: bool = True,
    scale: float = 1,
) -> go.Figure:
    """The picture of a scene and a frame (header fields and arrays together), by scene["dim"].

    hidden: ids of layers that start switched off; width, height: in pixels; legend: whether to draw
    it (without one the plot areas are those of the live canvas); scale: of text and margins.
    Words are in
    the language of `ganlab.languages.language`. Raises SpecError unless dim is 0, 1 or 2 and the
    theme is known. See picture_1d, picture_2d.
    """
    draw = {0: picture_symbols, 1: picture_1d, 2: picture_2d}.get(scene["dim"])
    if draw is None:
        raise SpecError("dim", scene["dim"], _("1, 2, or 0 for symbols"))
    scene, frame = into(language(), scene), into(language(), frame)
    return draw(scene, frame, theme, width, height, hidden, legend, scale)
