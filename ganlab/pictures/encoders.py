"""Frames to files: H.264 in MP4 and VP9 in WebM by PyAV, GIF by Pillow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ganlab.pictures.extras import need
from ganlab.theme import SHADES, THEMES, mix, rgb

_MOST = 256  # colours of a GIF
_OF_FIELD = 100  # of them in D's field

Frames = Iterator[np.ndarray]  # RGB, (height, width, 3)


def check_encoders(place: Path) -> None:
    """Raise RuntimeError if a package is missing that writes such a file."""
    if place.suffix.lower() != ".gif":
        need("av", "av")


def _video(
    path: Path, frames: Frames, fps: int, width: int, height: int, codec: str,
    settings: dict[str, str], container: dict[str, str],
) -> None:  # fmt: skip
    av = need("av", "av")
    with av.open(str(path), "w", options=container) as file:
        stream = file.add_stream(codec, rate=fps, options=settings)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.thread_type = "AUTO"
        for frame in frames:
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            file.mux(stream.encode(image))
        file.mux(stream.encode())


def _mp4(path: Path, frames: Frames, fps: int, width: int, height: int, theme: str) -> None:
    settings = {"crf": "18", "preset": "veryfast", "tune": "animation"}
    _video(path, frames, fps, width, height, "libx264", settings, {"movflags": "faststart"})


def _webm(path: Path, frames: Frames, fps: int, width: int, height: int, theme: str) -> None:
    settings = {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}
    _video(path, frames, fps, width, height, "libvpx-vp9", settings, {})


def _gif(path: Path, frames: Frames, fps: int, width: int, height: int, theme: str) -> None:
    """All frames have the same colours, those of the theme, so that none flickers."""
    few = Image.new("P", (1, 1))
    few.putpalette([part for colour in colours(theme) for part in colour])

    def each() -> Iterator[Image.Image]:
        for frame in frames:
            image = Image.fromarray(np.ascontiguousarray(frame))
            yield image.quantize(palette=few, dither=Image.Dither.NONE)

    images = each()
    next(images).save(
        path, "gif", save_all=True, append_images=images, duration=1000 // fps, loop=0, disposal=1
    )


def colours(name: str) -> list[tuple[int, int, int]]:
    """At most 256 colours of a theme: those of D's field, and of lines and text over it."""
    own = THEMES[name]
    low, middle, high = own.field
    steps = np.linspace(0, 1, _OF_FIELD // 2).tolist()
    found = [mix(low, middle, share) for share in steps] + [mix(middle, high, s) for s in steps]
    inks = [own.text, own.shade(SHADES.muted), *own.roles.values(), *own.inks.values()]
    for ink in inks:
        count = (_MOST - _OF_FIELD) // len(inks)
        found += [mix(ink, own.background, share) for share in np.linspace(0, 1, count).tolist()]
    return [rgb(colour) for colour in dict.fromkeys(found)]


ENCODERS: dict[str, Callable[[Path, Frames, int, int, int, str], None]] = {
    ".mp4": _mp4,
    ".webm": _webm,
    ".gif": _gif,
}
