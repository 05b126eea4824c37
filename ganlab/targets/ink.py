"""A density in the plane in proportion to the ink of a picture: drawn, a word, or an image."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ganlab.digits.strokes import draw
from ganlab.languages import _
from ganlab.own_data import Data, Example, Examples
from ganlab.registry import Param, SpecError
from ganlab.targets.base import TARGETS, Floats, TargetEntry, square_box
from ganlab.targets.kernels import Kernels2D

LEVELS = 15  # of ink: from 0 to this, in each pixel
MOST = 128  # rows and columns
SIZE = 64  # of what is drawn by hand
KIND = "ink"
PICTURES = Examples(KIND, dim=2, field="picture")

Ink = NDArray[np.uint8]


def picture(ink: Ink, title: str) -> Data:
    """Ink (rows, columns), the first row at the top, as data called `title`.

    Raises `SpecError` for a picture that is blank, too large, or has other levels.
    """
    check(ink)
    return Data(KIND, {"ink": ink}, {"title": title})


def check(ink: Ink) -> None:
    """Raise `SpecError` for ink that is no picture."""
    if ink.ndim != 2 or ink.dtype != np.uint8 or not 1 <= min(ink.shape) <= max(ink.shape) <= MOST:
        raise SpecError("picture", ink.shape, _("at most {most} × {most} pixels", most=MOST))
    if ink.max() > LEVELS:
        raise SpecError("picture", int(ink.max()), _("ink from 0 to {levels}", levels=LEVELS))
    if not ink.any():
        raise SpecError("picture", "blank", _("a picture with ink: draw something"))


def ink_of(name: str) -> Ink:
    """The ink (rows, columns) of an example or of own data. Raises `SpecError`."""
    arrays = PICTURES.find(name).arrays
    if set(arrays) != {"ink"}:
        raise SpecError("picture", sorted(arrays), _("a picture: one array called ink"))
    check(arrays["ink"])
    return arrays["ink"]


def inked(picture: str, width: float, blur: float) -> Kernels2D:
    """The pixels' shares of ink, each blurred by a Gaussian of `blur` pixels.

    The longer side of the picture is `width`, and its middle is 0.
    """
    ink = ink_of(picture)
    side = width / max(ink.shape)
    weights = ink[::-1].T.astype(np.float64)  # x first, and y upwards
    origin = -side * (np.array(weights.shape) - 1) / 2
    box = square_box(width / 2, 4 * blur * side)
    return Kernels2D(weights, origin, np.full(2, side), np.full(2, blur * side), box)


def _shape(inside: Callable[[Floats, Floats], NDArray[np.bool_]]) -> Ink:
    """A picture of the points x, y of [-1, 1]^2 that are inside; its edges are soft."""
    fine = 4 * SIZE
    at = (np.arange(fine) + 0.5) / fine * 2 - 1
    covered = inside(at[None, :], -at[:, None]).reshape(SIZE, 4, SIZE, 4).mean((1, 3))
    return np.rint(LEVELS * covered).astype(np.uint8)


def _heart() -> Ink:
    def inside(x: Floats, y: Floats) -> NDArray[np.bool_]:
        x, y = 1.2 * x, 1.2 * y + 0.1
        return (x**2 + y**2 - 1) ** 3 < x**2 * y**3

    return _shape(inside)


def _face() -> Ink:
    def inside(x: Floats, y: Floats) -> NDArray[np.bool_]:
        r, angle = np.hypot(x, y), np.arctan2(y, x)
        eyes = np.hypot(np.abs(x) - 0.32, (y - 0.3) / 1.3) < 0.12
        mouth = (np.abs(r - 0.55) < 0.07) & (np.abs(angle + math.pi / 2) < 1.0)
        return (np.abs(r - 0.88) < 0.08) | eyes | mouth

    return _shape(inside)


def _year() -> Ink:
    """2014 in digits that ganlab draws."""
    pixels, labels = draw(50, seed=3)
    tiles = [pixels[np.flatnonzero(labels == digit)[0]].reshape(28, 28) for digit in (2, 0, 1, 4)]
    row = np.concatenate([tile[2:26, 3:25] for tile in tiles], 1)
    return np.rint(row / 255 * LEVELS).astype(np.uint8)


def _example(name: str, title: str, make: Callable[[], Ink]) -> None:
    PICTURES.add(Example(name=name, title=title, make=lambda: picture(make(), title)))


_example("heart", "a heart", _heart)
_example("face", "a face", _face)
_example("year", "2014", _year)

TARGETS.add(
    TargetEntry(
        name="picture",
        title=_("drawing or image"),
        dim=2,
        equation=r"p_{data}(x) \propto \sum_i t_i\,\mathcal{N}(x;\, c_i, \sigma^2 I),"
        r"\quad t_i \text{ the ink of pixel } i",
        doc=_("What you draw (“✎ Draw” below the picture), a word, or the dark of an image."),
        params=(
            Param(
                "picture",
                _("picture"),
                "heart",
                kind="data",
                choices=PICTURES,
                doc=_("An example, or your own: drawn, an image or a word."),
            ),
            Param(
                "width",
                _("width"),
                4.0,
                0.1,
                1000.0,
                doc=_("Length of the longer side of the picture."),
                log=True,
            ),
            Param(
                "blur",
                _("softness"),
                0.7,
                0.5,
                5.0,
                unit=_("pixels"),
                doc=_("Standard deviation σ of the blur of each pixel of the picture."),
            ),
        ),
        build=inked,
    )
)
