"""Runs on images: a grid of samples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganlab.engine import Run
from ganlab.pictures.options import Options
from ganlab.registry import SpecError

_SIDE = 10  # digits in each row and column
_GAP = 2  # pixels between two digits


def is_of_images(runs: Sequence[Run]) -> bool:
    """Whether this is one run on images."""
    return len(runs) == 1 and not runs[0].spec.domain.drawn


def grid(run: Run, path: Path, wanted: Options) -> bytes:
    """100 samples of a run on images as PNG, ink in the theme's colour of text.

    Raises `SpecError` for SVG.
    """
    if path.suffix.lower() != ".png":
        raise SpecError("path", str(path), "a name that ends in .png for a run on images")
    x = np.asarray(run.sample(_SIDE**2, seed=0))
    side = round(x.shape[1] ** 0.5)
    each = side + _GAP
    sheet = np.zeros((_SIDE * each + _GAP,) * 2)
    for i, one in enumerate(np.clip(x, 0, 1).reshape(-1, side, side)):
        top, left = (_GAP + each * v for v in divmod(i, _SIDE))
        sheet[top : top + side, left : left + side] = one
    ink = sheet if wanted.theme == "dark" else 1 - sheet
    image = Image.fromarray((ink * 255).round().astype(np.uint8))
    times = max(1, round(2 * min(wanted.width, wanted.height) / len(sheet)))
    out = io.BytesIO()
    image.resize((len(sheet) * times,) * 2, Image.Resampling.NEAREST).save(out, "png")
    return out.getvalue()
