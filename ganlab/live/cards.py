"""Moving pictures of the gallery's cards: a preset's own runs, in few bytes.

`ganlab cards` makes them, `assets/live/gallery.js` draws them. A picture is a message as in
docs/protocol.md: the header names the preset and holds its Specs as addresses, so that a picture of
other settings is noticed; the arrays of run i end in ".i", with the moments first.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from ganlab.domains.tiles import SCALE
from ganlab.engine import Run
from ganlab.live import thumbnails
from ganlab.live.wire import decode, encode
from ganlab.paths import ASSETS
from ganlab.presets import Preset
from ganlab.spec import Spec

FOLDER = ASSETS / "cards"
MOMENTS = 32  # of a picture
LARGEST = 40_000  # bytes of a file
_POINTS = 128  # generated samples, in 2-D
_STEPS = 150  # points of a contour line as long as the picture is wide
_SIDE = 127  # coordinates are 0 to 2 * _SIDE over the box, and 255 beyond it


def path_of(name: str) -> Path:
    """The file of a preset's picture."""
    return FOLDER / f"{name}.bin"


def queries(preset: Preset) -> list[str]:
    """The addresses of a preset's Specs, which its picture holds."""
    return [spec.to_query() for spec in preset.specs]


def make(preset: Preset) -> bytes:
    """The picture of a preset: its runs at `MOMENTS` moments from the start to its last iteration.

    Symbols and lines: p_g.i (moments, n) and, for lines, d.i (moments, 41), in 255ths of the tile;
    p_data.i (n,) likewise. Planes: fake.i (moments, 128, 2) and the contour lines of p_data.
    """
    at = np.unique(np.rint(np.linspace(0, preset.iterations, MOMENTS)).astype(int))
    header = {
        "type": "card",
        "name": preset.name,
        "dim": preset.specs[0].axes,
        "boxes": [],
        "iterations": at.tolist(),
        "specs": queries(preset),
        "labels": list(preset.labels),
    }
    arrays: dict[str, np.ndarray] = {}
    for i, spec in enumerate(preset.specs):
        scene, own = thumbnails.scene(spec, 1, thumbnails.probe_of(spec), 1)
        header["boxes"].append(scene["box"])
        if "contours" in own:
            own |= _thinned(own["contours"], own["contour_lengths"], scene["box"])
        arrays |= {f"{name}.{i}": array for name, array in (own | _moments(spec, at)).items()}
    return encode(header, arrays)


def _moments(spec: Spec, at: np.ndarray) -> dict[str, np.ndarray]:
    run = Run([spec])
    rows: dict[str, list[np.ndarray]] = {}
    for iteration in at:
        run.advance(int(iteration) - run.iteration)
        for name, tile in thumbnails.pictures(run.game, run.state, spec).items():
            if name == "fake":
                rows.setdefault(name, []).append(_places(tile[0][:_POINTS]))
            elif name in ("p_g", "d"):
                rows.setdefault(name, []).append(tile[0])
    return {name: np.stack(tiles) for name, tiles in rows.items()}


def _thinned(points: np.ndarray, lengths: np.ndarray, box: list[list[float]]) -> dict[str, Any]:
    """Contour lines, (n, 2), whose points are a step of the picture apart, and their lengths."""
    step = max(high - low for low, high in box) / _STEPS
    kept: list[np.ndarray] = []
    count: list[int] = []
    for line in np.split(points, np.cumsum(lengths)[:-1]):
        way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        first = np.unique(np.searchsorted(way, np.arange(0, way[-1], step)))
        at = np.unique([*first, len(line) - 1])
        kept.append(line[at])
        count.append(len(at))
    return {"contours": np.concatenate(kept), "contour_lengths": np.array(count, np.int32)}


def _places(points: np.ndarray) -> np.ndarray:
    """Coordinates of a tile, (n, 2), as bytes."""
    share = points.astype(float) / SCALE
    coded = np.rint(_SIDE * (1 + share))
    return np.where((abs(share) > 1).any(1, keepdims=True), 255, coded).astype(np.uint8)


def write(preset: Preset) -> int:
    """Make a preset's file; returns its bytes, compressed. Raises ValueError if it is too large."""
    made = make(preset)
    size = len(gzip.compress(made, 6))
    if size > LARGEST:
        raise ValueError(f"the picture of {preset.name} has {size} bytes: at most {LARGEST}")
    FOLDER.mkdir(exist_ok=True)
    path_of(preset.name).write_bytes(made)
    return size


def is_current(preset: Preset) -> bool:
    """Whether there is a picture of the preset as it is now."""
    path = path_of(preset.name)
    return path.is_file() and decode(path.read_bytes())[0]["specs"] == queries(preset)
