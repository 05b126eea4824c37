"""What the front end draws on its canvases, drawn by Skia: see assets/live/paper.js."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ganlab.pictures import lettering
from ganlab.pictures.extras import need

_ANCHORS = {"left": 0.0, "start": 0.0, "center": 0.5, "right": 1.0, "end": 1.0}
_DISC = 3  # in a path, followed by its centre and its radius
_MANY = 50
_TEXTS = 2000  # that are kept as images
_PLACES = 4  # of a text within a pixel, in each direction

Shape = Sequence[Any]
Pixels = Mapping[int, np.ndarray]  # the images that shapes name: RGBA, flat


class Painter:
    """Draws shapes of canvases into one picture, `sharp` pixels for each CSS pixel.

    Raises RuntimeError if Skia is missing.
    """

    def __init__(self, width: int, height: int, sharp: int):
        self._skia = skia = need("skia", "skia-python")
        self.sharp = sharp
        self.image = np.zeros((height * sharp, width * sharp, 4), np.uint8)
        self._surface = skia.Surface(self.image, colorType=skia.kRGBA_8888_ColorType)
        self._caps = {
            "butt": skia.Paint.kButt_Cap,
            "round": skia.Paint.kRound_Cap,
            "square": skia.Paint.kSquare_Cap,
        }
        self._joins = {
            "miter": skia.Paint.kMiter_Join,
            "round": skia.Paint.kRound_Join,
            "bevel": skia.Paint.kBevel_Join,
        }
        self._texts: dict[tuple[str, float, str, float, float], tuple[Any, int]] = {}
        self._layers: dict[int, Any] = {}
        self._nearest = skia.SamplingOptions(skia.FilterMode.kNearest)

    def draw(self, canvases: Sequence[tuple[float, float, list[Shape]]], pixels: Pixels) -> None:
        """Draw each canvas, (x, y, shapes) with its place in CSS pixels, over those before it."""
        with self._surface as canvas:
            for x, y, shapes in canvases:
                canvas.save()
                canvas.translate(x * self.sharp, y * self.sharp)
                self._shapes(canvas, shapes, pixels)
                canvas.restore()

    def _shapes(self, canvas: Any, shapes: list[Shape], pixels: Pixels) -> None:
        before = canvas.getSaveCount()
        for kind, *given in shapes:
            if kind == "fill":
                self._fill(canvas, *given)
            elif kind == "stroke":
                colour, alpha, path, width, cap, join, dashes = given
                paint = self._paint(colour, alpha)
                paint.setStyle(self._skia.Paint.kStroke_Style)
                paint.setStrokeWidth(width)
                paint.setStrokeCap(self._caps[cap])
                paint.setStrokeJoin(self._joins[join])
                if dashes:
                    paint.setPathEffect(self._skia.DashPathEffect.Make(dashes, 0))
                canvas.drawPath(self._path(path), paint)
            elif kind == "text":
                self._text(canvas, *given)
            elif kind == "clip":
                canvas.clipPath(self._path(given[0]), doAntiAlias=True)
            elif kind == "save":
                canvas.save()
            elif kind == "restore":
                canvas.restore()
            elif kind == "shapes":
                number, inner, *place = given
                layer = self._layer(number, inner, pixels)
                self._inside(canvas, place, partial(canvas.drawPicture, layer))
            elif kind == "pixels":
                index, width, height, *place = given
                image = pixels[index].reshape(height, width, 4)
                made = self._skia.Image.fromarray(
                    image, colorType=self._skia.kRGBA_8888_ColorType, copy=True
                )
                put = partial(canvas.drawImage, made, 0, 0, self._nearest)
                self._inside(canvas, place, put)
        canvas.restoreToCount(before)

    def _layer(self, number: int, shapes: list[Shape] | None, pixels: Pixels) -> Any:
        """A canvas drawn on another: recorded once, since it is often the same in all frames."""
        if shapes is not None:
            recorder = self._skia.PictureRecorder()
            bounds = self._skia.Rect.MakeWH(self.image.shape[1], self.image.shape[0])
            self._shapes(recorder.beginRecording(bounds), shapes, pixels)
            self._layers[number] = recorder.finishRecordingAsPicture()
        return self._layers[number]

    def _fill(self, canvas: Any, colour: str, alpha: float, path: list[float]) -> None:
        paint = self._paint(colour, alpha)
        discs = _discs(path) if paint.getAlphaf() == 1 else None
        if discs is None:
            canvas.drawPath(self._path(path), paint)
            return
        # Many opaque dots are drawn five times as fast one by one as in one path.
        paint.setStrokeCap(self._caps["round"])
        paint.setStrokeWidth(2 * float(discs[0, 2]))
        points = [self._skia.Point(x, y) for x, y in discs[:, :2].tolist()]
        canvas.drawPoints(self._skia.Canvas.kPoints_PointMode, points, paint)

    def _inside(self, canvas: Any, place: Sequence[float], act: Callable[[], None]) -> None:
        x, y, across, down = place
        canvas.save()
        canvas.translate(x, y)
        canvas.scale(across, down)
        act()
        canvas.restore()

    def _letters(
        self, face: str, size: float, text: str, across: float, down: float
    ) -> tuple[Any, int]:
        """A text as an image of its coverage, and the row of its baseline."""
        name = face, size, text, across, down
        if name not in self._texts:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            mask, base = lettering.mask(*name)
            kind = self._skia.kAlpha_8_ColorType
            self._texts[name] = self._skia.Image.fromarray(mask, colorType=kind, copy=True), base
        return self._texts[name]

    def _paint(self, colour: str, alpha: float) -> Any:
        red, green, blue, opacity = rgba(colour)
        return self._skia.Paint(
            Color4f=self._skia.Color4f(red, green, blue, opacity * alpha), AntiAlias=True
        )

    def _path(self, numbers: list[float]) -> Any:
        path = self._skia.Path()
        move, line, i = path.moveTo, path.lineTo, 0
        while i < len(numbers):
            kind = numbers[i]
            if kind == 1:
                line(numbers[i + 1], numbers[i + 2])
                i += 3
            elif kind == 0:
                move(numbers[i + 1], numbers[i + 2])
                i += 3
            elif kind == 2:
                path.close()
                i += 1
            else:
                path.addCircle(*numbers[i + 1 : i + 4])
                i += 4
        return path

    def _text(
        self, canvas: Any, colour: str, alpha: float, text: str, face: str, size: float,
        x: float, y: float, align: str, baseline: str, most: float,
    ) -> None:  # fmt: skip
        if not text:
            return
        wide = lettering.length(face, size, text)
        narrow = min(1.0, most / wide) if most > 0 and wide > 0 else 1.0
        x -= _ANCHORS.get(align, 0.0) * wide * narrow
        y += lettering.BASELINES.get(baseline, 0.0) * size
        left, right = _parts(x), _parts(y)
        skia = self._skia
        image, base = self._letters(face, size, text, left[1], right[1])
        canvas.save()
        canvas.translate(left[0], right[0])
        canvas.scale(narrow, 1)
        linear = skia.SamplingOptions(skia.FilterMode.kLinear)
        sampling = self._nearest if narrow == 1 else linear
        canvas.drawImage(image, -1, -base, sampling, self._paint(colour, alpha))
        canvas.restore()


def _discs(path: list[float]) -> np.ndarray | None:
    """Centres and radii (n, 3) of a path that is nothing but discs of one size; else None."""
    if len(path) < 7 * _MANY or len(path) % 7 or path[3] != _DISC:
        return None
    rows = np.array(path).reshape(-1, 7)  # each a move to its edge, then the circle
    alike = (rows[:, 0] == 0).all() and (rows[:, 3] == _DISC).all() and np.ptp(rows[:, 6]) == 0
    return rows[:, 4:] if alike else None


def _parts(value: float) -> tuple[int, float]:
    """A whole pixel, and the place within it in steps."""
    steps = math.floor(value * _PLACES + 0.5)
    return steps // _PLACES, (steps % _PLACES) / _PLACES


@lru_cache(maxsize=512)
def rgba(colour: str) -> tuple[float, float, float, float]:
    """Red, green, blue and opacity, 0 to 1, of "#rrggbb", "rgb(...)" or "rgba(...)"."""
    if colour.startswith("#"):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return red, green, blue, 1.0
    numbers = [float(v) for v in colour[colour.index("(") + 1 : -1].replace(",", " ").split()]
    red, green, blue = (v / 255 for v in numbers[:3])
    return red, green, blue, numbers[3] if len(numbers) > 3 else 1.0
