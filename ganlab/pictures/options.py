"""The options of a picture or a film, checked."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganlab.registry import Param, SpecError
from ganlab.theme import THEMES

PARTS = ("all", "picture", "curves")
SECONDS = (0.1, 300.0)
MOST_FRAMES = 3600
MOST_PIXELS = 5e9  # of all frames of a film together: an hour of drawing
_WIDTH = Param("width", "width", 1280, 480, 3840, "int")
_HEIGHT = Param("height", "height", 720, 320, 2160, "int")
_FPS = Param("fps", "frames per second", 30, 1, 60, "int")


@dataclass(frozen=True)
class Options:
    """Size in CSS pixels, theme, layers left out, and which parts are drawn."""

    width: int
    height: int
    theme: str
    hidden: tuple[str, ...]
    parts: str


def options(width: Any, height: Any, theme: Any, hidden: Collection[str], parts: Any) -> Options:
    """Checked options; raises `SpecError`. height: None for 9/16 of the width."""
    width = int(_WIDTH.check(width))
    height = round(width * 9 / 16) if height is None else int(_HEIGHT.check(height))
    height = min(max(height, int(_HEIGHT.low)), int(_HEIGHT.high))
    _one_of("theme", theme, tuple(THEMES))
    _one_of("parts", parts, PARTS)
    if isinstance(hidden, str):
        raise SpecError("hidden", hidden, "a list of layers")
    return Options(width, height, theme, tuple(hidden), parts)


def layers(wanted: Options, known: Collection[str]) -> None:
    """Raise `SpecError` if a hidden layer is none of `known`."""
    for name in wanted.hidden:
        _one_of("hidden", name, tuple(known))


def frames(seconds: Any, fps: Any, wanted: Options, suffix: str) -> tuple[int, int]:
    """The number of frames of a film, and its frames per second.

    fps: None for 30, or 20 in a GIF. Raises `SpecError` for what is not allowed or too large.
    """
    gif = suffix == ".gif"
    fps = int(_FPS.check((20 if gif else 30) if fps is None else fps))
    if gif and 100 % fps:
        raise SpecError("fps", fps, "1, 2, 4, 5, 10, 20, 25 or 50 in a GIF, which counts 1/100 s")
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not math.isfinite(seconds) or not SECONDS[0] <= seconds <= SECONDS[1]:
        raise SpecError("seconds", seconds, f"a number from {SECONDS[0]:g} to {SECONDS[1]:g}")
    count = max(2, round(seconds * fps))
    if count > MOST_FRAMES:
        raise SpecError("seconds", seconds, f"at most {MOST_FRAMES / fps:g} at {fps} per second")
    if count * wanted.width * wanted.height > MOST_PIXELS:
        most = math.floor(MOST_PIXELS / (wanted.width * wanted.height * fps))
        raise SpecError("seconds", seconds, f"at most {most} at this size and {fps} per second")
    return count, fps


def stretch(first: Any, last: Any, made: int) -> tuple[int, int]:
    """The first and the last iteration of a film; None: the start, and the present."""
    first = int(Param("first", "first", 0, 0, made, "int").check(0 if first is None else first))
    low = Param("last", "last", made, first, made, "int")
    return first, int(low.check(made if last is None else last))


def path_of(path: str | os.PathLike[str], endings: Collection[str]) -> Path:
    """The path of a file with one of these suffixes. Raises `SpecError` for another one."""
    try:
        found = Path(path).expanduser()
    except TypeError:
        raise SpecError("path", path, "the name of a file") from None
    if found.suffix.lower() not in endings:
        raise SpecError("path", str(path), f"a name that ends in {', '.join(endings)}")
    return found


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SpecError(name, value, "one of " + ", ".join(allowed))
