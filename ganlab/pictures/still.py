"""A picture of runs as a PNG or SVG file."""

from __future__ import annotations

import io
import os
from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ganlab.output import save_bytes
from ganlab.pictures import digits
from ganlab.pictures.isolate import Isolate
from ganlab.pictures.moments import Cast, Given, runs_of
from ganlab.pictures.options import layers, options, path_of

STILLS = (".png", ".svg")
SHARP = 2  # pixels of a PNG for each CSS pixel
ROWS = 120  # measured moments of the curves


def picture(
    source: Given,
    path: str | os.PathLike[str],
    *,
    theme: str = "light",
    width: int = 1280,
    height: int | None = None,
    hidden: Collection[str] = (),
    parts: str = "all",
) -> Path:
    """Write the current picture of a run, with its curves, as PNG (2×) or SVG.

    source: a Run, a Recording, or up to four of them, which are drawn side by side. width, height:
    in CSS pixels, of which a PNG has two pixels each; None: 9/16 of the width. theme: "light" or
    "dark". hidden: ids of layers, such as "gradient". parts: "all", "picture" or "curves". For the
    curves the run's past is replayed once.
    Images: a grid of 100 samples, as PNG only.
    Raises `SpecError` for what is not allowed, RuntimeError without the extra "film", and OSError
    if the file cannot be written; an existing file is replaced atomically.
    """
    place = path_of(path, STILLS)
    wanted = options(width, height, theme, hidden, parts)
    runs = runs_of(source)
    if digits.is_of_images(runs):
        save_bytes(digits.grid(runs[0], place, wanted), place)
        return place
    cast = Cast(runs)
    layers(wanted, cast.layers)
    steps = {cast.iteration}
    if parts != "picture":
        steps |= {int(step) for step in np.linspace(0, cast.iteration, ROWS).round()}
    *_, frame = cast.moments(sorted(steps))
    svg = place.suffix.lower() == ".svg"
    with Isolate(wanted, 1 if svg else SHARP, cast.about, cast.lost) as front:
        front.take("scene", cast.scene())
        front.take("curves", cast.curves())
        if svg:
            save = partial(save_bytes, front.svg(frame).encode())
        else:
            save = partial(save_bytes, png(next(front.frames([frame]))))
    save(place)
    return place


def png(pixels: np.ndarray) -> bytes:
    """RGBA (h, w, 4) as PNG, without the alpha channel."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[:, :, :3])).save(out, "png")
    return out.getvalue()
