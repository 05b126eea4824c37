"""A recording as one HTML page, which a browser plays without a server and without a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from ganlab.engine import Run
from ganlab.languages import _
from ganlab.record import Recording
from ganlab.registry import SpecError
from ganlab.standalone.making import MINUTE, MOST_BYTES, Page
from ganlab.standalone.source import Source, source_of

__all__ = ["MINUTE", "Page", "Source", "page", "source_of"]

_LONGEST = 600.0  # seconds


def page(
    run: Run | Recording | Sequence[Run | Recording],
    path: str | os.PathLike[str] | None = None,
    seconds: float = MINUTE,
    told: Callable[[float], None] = lambda done: None,
) -> str:
    """The run so far, or two to four runs side by side, as one HTML page; returns its text.

    The page has the live view's picture, curves and timeline, and the same code that draws them. It
    plays at most `seconds`, at 15 to 30 frames per second, and has at most 5 MB for each minute:
    each frame is a moment of the run, computed again from the nearest keyframe of its Recording, or
    from the start, with its numbers as `Run.snapshot` measures them; positions are rounded to a
    third of a pixel. path: where to write it, if anywhere. told: called with the share of the work
    that is done.
    Raises `SpecError` for images, for several seeds in one Run, for runs that cannot be compared,
    for a path that does not end in .html, and for other seconds than 1 to 600.
    """
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not 1 <= seconds <= _LONGEST:
        raise SpecError("seconds", seconds, _("a number from 1 to {longest:g}", longest=_LONGEST))
    file = None if path is None else Path(path)
    if file is not None and file.suffix.lower() != ".html":
        raise SpecError("path", str(file), _("a name that ends in .html"))
    given: list[Any] = list(run) if isinstance(run, (list, tuple)) else [run]
    runs = [one.run if isinstance(one, Recording) else one for one in given]
    for one in runs:
        if not isinstance(one, Run):
            raise SpecError("run", one, _("a Run, a Recording, or two to four of them"))
    if not runs:
        raise SpecError("run", given, _("a Run, a Recording, or two to four of them"))
    most = MOST_BYTES * max(1.0, seconds / MINUTE)
    made: list[str] = []
    for done in _into(made, Page(source_of(runs), seconds, most).make()):
        told(done)
    text = made[0]
    if file is not None:
        file.write_text(text, encoding="utf-8")
    return text


def _into(made: list[str], work: Generator[float, None, str]) -> Iterator[float]:
    made.append((yield from work))
