"""A film of runs as MP4, WebM or GIF."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ganlab.paths import replace
from ganlab.pictures import digits
from ganlab.pictures.encoders import ENCODERS, check_encoders
from ganlab.pictures.isolate import Isolate
from ganlab.pictures.moments import Cast, Given, runs_of
from ganlab.pictures.options import frames, layers, options, path_of, stretch
from ganlab.registry import SpecError

FILMS = tuple(ENCODERS)

Tell = Callable[[float], None]


def film(
    source: Given,
    path: str | os.PathLike[str],
    *,
    first: int | None = None,
    last: int | None = None,
    seconds: float = 10,
    fps: int | None = None,
    theme: str = "light",
    width: int = 1280,
    height: int | None = None,
    hidden: Collection[str] = (),
    parts: str = "all",
    tell: Tell | None = None,
) -> Path:
    """Write a film of a run between two iterations as MP4 (H.264), WebM (VP9) or GIF.

    source: as for `picture`; a Recording is replayed from its keyframes, another run once from
    its start. first, last: iterations, None for the start and the present; the frames' moments
    are spread evenly between them, and the last frame is the last moment. fps: None for 30, in
    a GIF 20. The axes are the same in all frames, and a line moves along the curves. tell:
    called with the share that is done, 0 to 1.
    The other arguments are those of `picture`; a frame has one pixel for each CSS pixel.
    Raises `SpecError` for what is not allowed, and for runs on images, which keep their newest
    moment only; RuntimeError without the extra "film", and OSError if the file cannot be written.
    An existing file is replaced once the film is complete.
    """
    place = path_of(path, FILMS)
    wanted = options(width, height, theme, hidden, parts)
    if wanted.width % 2 or wanted.height % 2:
        even = {"width": wanted.width, "height": wanted.height}
        name = next(name for name, value in even.items() if value % 2)
        raise SpecError(name, even[name], "an even number in a film")
    count, fps = frames(seconds, fps, wanted, place.suffix.lower())
    runs = runs_of(source)
    if digits.is_of_images(runs):
        raise SpecError("film", str(path), "a 1-D or 2-D run: one on images keeps no earlier ones")
    cast = Cast(runs, moving=True)
    begin, end = stretch(first, last, cast.iteration)
    layers(wanted, cast.layers)
    check_encoders(place)
    tell = tell or (lambda share: None)
    steps = [int(step) for step in np.linspace(begin, end, count).round()]
    draft = place.with_name(f".{place.stem}.{os.getpid()}.partial{place.suffix}")
    with tempfile.TemporaryFile() as spool, Isolate(wanted, 1, cast.about, cast.lost) as front:
        # All curves must be known before the first frame is drawn, so that their axes stay.
        ends: list[tuple[int, int]] = []
        before = b""
        for number, message in enumerate(cast.moments(steps)):
            if message is before:
                ends.append(ends[-1])
            else:
                start, before = spool.tell(), message
                ends.append((start, start + spool.write(message)))
            tell(0.5 * (number + 1) / count)
        front.take("scene", cast.scene())
        front.take("curves", cast.curves())

        def pictures() -> Iterator[np.ndarray]:
            once = [key for number, key in enumerate(ends) if key != ends[number - 1] or not number]
            drawn, done = front.frames(_read(spool, key) for key in once), 0
            for key, image in zip(once, drawn, strict=True):
                for _ in range(ends.count(key)):
                    yield image[:, :, :3]
                    done += 1
                    tell(0.5 + 0.5 * done / count)

        try:
            encode = ENCODERS[place.suffix.lower()]
            encode(draft, pictures(), fps, wanted.width, wanted.height, wanted.theme)
            replace(draft, place)
        finally:
            draft.unlink(missing_ok=True)
    return place


def _read(spool: IO[bytes], place: tuple[int, int]) -> bytes:
    start, end = place
    spool.seek(start)
    return spool.read(end - start)
