"""Text as the page shows it: in its font, which comes with Streamlit, at any size."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FAMILY = '"Source Sans", "Source Sans 3", "Source Sans Pro", system-ui, sans-serif'
# The letters whose widths the front end asks for; it takes half the size of the text for others.
LETTERS = "".join(map(chr, range(32, 127))) + "−–—·×½σμθπ∇…←→↑↓≤≥≈∞⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃′’“”äöüÄÖÜßéł"
_FILES = {"upright": "SourceSansVF-Upright*", "italic": "SourceSansVF-Italic*"}
_FACES = {"400": ("upright", 400), "600": ("upright", 600), "italic": ("italic", 400)}
_MEASURED = 200  # the size at which widths are measured
# How far below the letters' top and middle their baseline is, in sizes of the text: the em box
# of this font reaches from 0.25 below the baseline to 0.75 above it.
BASELINES = {"alphabetic": 0.0, "top": 0.75, "middle": 0.25, "bottom": -0.25}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=2)
def _file(kind: str) -> bytes | None:
    """The font's file; None if this version of Streamlit has it elsewhere."""
    found = find_spec("streamlit")
    places = (found.submodule_search_locations or []) if found else []
    for place in places:
        for path in sorted(Path(place).glob(f"static/static/media/{_FILES[kind]}")):
            return path.read_bytes()
    return None


@lru_cache(maxsize=256)
def font(face: str, size: float) -> Font:
    """The font of a face ("400", "600" or "italic") at a size in pixels."""
    kind, weight = _FACES.get(face, _FACES["400"])
    content = _file(kind)
    try:
        if content is None:
            return ImageFont.load_default(size)
        made = ImageFont.truetype(BytesIO(content), size)
        made.set_variation_by_axes([weight])
    except (OSError, NotImplementedError):  # a FreeType without WOFF2 or variations
        return ImageFont.load_default(size)
    return made


@lru_cache(maxsize=4096)
def length(face: str, size: float, text: str) -> float:
    """The width of a text in pixels."""
    return float(font(face, size).getlength(text))


def widths() -> dict[str, dict[str, float]]:
    """The width of each of `LETTERS`, in sizes of the text, by weight."""
    return {
        face: {letter: length(face, _MEASURED, letter) / _MEASURED for letter in LETTERS}
        for face in ("400", "600")
    }


def mask(face: str, size: float, text: str, across: float, down: float) -> tuple[np.ndarray, int]:
    """How much of each pixel a text covers, 0 to 255 (h, w, 1), and the row of its baseline.

    It begins one pixel from the left edge. across, down: its place within a pixel.
    """
    made = font(face, size)
    above, below, wide = int(size * 1.2) + 2, int(size * 0.5) + 2, int(made.getlength(text)) + 4
    image = Image.new("L", (wide, above + below))
    ImageDraw.Draw(image).text((1 + across, above + down), text, 255, made, anchor="ls")
    return np.array(image).reshape(above + below, wide, 1), above
