"""Frames to files: H.264 in MP4 and VP9 in WebM by PyAV, GIF by Pillow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ganlab.pictures.extras import need

_COLOURS = 255  # of a GIF

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


def _mp4(path: Path, frames: Frames, fps: int, width: int, height: int) -> None:
    settings = {"crf": "18", "preset": "veryfast", "tune": "animation"}
    _video(path, frames, fps, width, height, "libx264", settings, {"movflags": "faststart"})


def _webm(path: Path, frames: Frames, fps: int, width: int, height: int) -> None:
    settings = {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}
    _video(path, frames, fps, width, height, "libvpx-vp9", settings, {})


def _gif(path: Path, frames: Frames, fps: int, width: int, height: int) -> None:
    """All frames have the colours of the first, and of its lines and dots."""
    palette: Image.Image | None = None

    def few() -> Iterator[Image.Image]:
        nonlocal palette
        for frame in frames:
            image = Image.fromarray(np.ascontiguousarray(frame))
            if palette is None:
                palette = image.quantize(_COLOURS, dither=Image.Dither.NONE)
            yield image.quantize(palette=palette, dither=Image.Dither.NONE)

    each = few()
    first = next(each)
    first.save(
        path, "gif", save_all=True, append_images=each, duration=1000 // fps, loop=0, disposal=1
    )


ENCODERS: dict[str, Callable[[Path, Frames, int, int, int], None]] = {
    ".mp4": _mp4,
    ".webm": _webm,
    ".gif": _gif,
}
