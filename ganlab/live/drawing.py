"""p_data drawn by hand in a lab: what the page offers to draw on, and the Spec of a drawing."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ganlab.languages import _
from ganlab.own_data import STORE
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.targets import TARGETS, Target
from ganlab.targets.base import line_box, square_box
from ganlab.targets.drawn import HIGHEST, KNOTS
from ganlab.targets.ink import LEVELS, SIZE, Ink, ink_of, picture

FIELD = "p_data"  # what a refusal is about
TITLE = _("your drawing")
_AREA = 0.8  # the share of the axes that can be drawn on, which leaves p_data its usual margin
_CURVE, _INK = "drawn", "picture"
_WHAT = {"line": "a curve", "plane": "ink"}  # by domain


class Drawing(Protocol):
    """A drawing that a page sends."""

    target: str

    def of(self, spec: Spec) -> Spec:
        """`spec` with this drawing as p_data.

        Raises `SpecError` if it is not allowed, and for another domain.
        """


@dataclass(frozen=True)
class Curve:
    """A curve between `low` and `high`: its heights at equal distances."""

    low: float
    high: float
    heights: tuple[int, ...]
    target: str = _CURVE

    def of(self, spec: Spec) -> Spec:
        """See `Drawing.of`."""
        _check(spec, "line")
        width = self.high - self.low
        params = {"center": self.low + width / 2, "width": width, "heights": self.heights}
        return spec.replace(target=_CURVE, target_params=params)


@dataclass(frozen=True)
class Strokes:
    """Ink (SIZE, SIZE), the first row at the top, in a square of side `width` about 0."""

    ink: Ink
    width: float
    target: str = _INK

    def of(self, spec: Spec) -> Spec:
        """See `Drawing.of`; the ink is kept as own data."""
        _check(spec, "plane")
        known = dict(spec.target_params) if spec.target == _INK else {}
        params = known | {"picture": STORE.put(picture(self.ink, TITLE)), "width": self.width}
        return spec.replace(target=_INK, target_params=params)


def fields(drawing: Drawing) -> list[str]:
    """The names of the sidebar's fields that a drawing changes."""
    params = TARGETS[drawing.target].params
    return ["target", *(f"{drawing.target}.{param.name}" for param in params)]


def _check(spec: Spec, domain: str) -> None:
    if spec.domain.name != domain:
        here = _WHAT.get(spec.domain.name)
        raise SpecError(
            FIELD,
            _WHAT[domain],
            _("{here} in this lab", here=here) if here else _("not drawn here"),
        )


# -- messages of the page --------------------------------------------------------------------------


def read_curve(message: dict[str, Any]) -> Curve:
    """The drawn curve in a browser's message. Raises `SpecError` if there is none."""
    heights: Any = message.get("heights")
    whole = isinstance(heights, list) and all(type(h) is int for h in heights)
    if not whole or len(heights) > KNOTS:
        raise SpecError("heights", heights, _("at most {knots} integers", knots=KNOTS))
    return Curve(_number(message, "low"), _number(message, "high"), tuple(heights))


def read_ink(message: dict[str, Any]) -> Strokes:
    """The ink in a browser's message: two pixels in each byte, in base64. Raises `SpecError`."""
    text, count = message.get("ink"), SIZE * SIZE // 2
    try:
        packed = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        packed = b""
    if len(packed) != count:
        raise SpecError(
            "ink",
            text,
            _("{size} × {size} pixels: {count:,} bytes in base64", size=SIZE, count=count),
        )
    pairs = np.frombuffer(packed, np.uint8)
    ink = np.stack([pairs >> 4, pairs & LEVELS], 1).reshape(SIZE, SIZE)
    return Strokes(ink, _number(message, "width"))


def _number(message: dict[str, Any], name: str) -> float:
    value: Any = message.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SpecError(name, value, _("a number"))
    return float(value)


# -- what the page begins with ---------------------------------------------------------------------


def offered(spec: Spec, target: Target) -> dict[str, Any]:
    """What the front end's editor begins with: the field `drawing` of a scene, or no field."""
    make = {"line": _curve_of, "plane": _ink_of}.get(spec.domain.name)
    return {} if make is None else {"drawing": make(spec, target)}


def _curve_of(spec: Spec, target: Target) -> dict[str, Any]:
    params, own = spec.target_params, spec.target == _CURVE
    if own:
        center, width, now = params["center"], params["width"], params["heights"]
        at = np.linspace(0, len(now) - 1, KNOTS)
        heights = [round(h) for h in np.interp(at, range(len(now)), now)]
    else:
        ((low, high),) = target.box
        center, width = (low + high) / 2, _AREA * (high - low)
        heights = _heights(target, center - width / 2, center + width / 2)
    area = center - width / 2, center + width / 2
    return {
        "kind": "curve",
        "own": own,
        "box": line_box(*area, 0.0).tolist(),
        "area": [area],
        "heights": heights,
    }


def _heights(target: Target, low: float, high: float) -> list[int]:
    """The heights (KNOTS,) of the curve that comes closest to p_data."""
    half = (high - low) / (KNOTS - 1) / 2
    masses = target.cell_masses(np.linspace(low - half, high + half, KNOTS + 1))
    return [int(h) for h in np.rint(HIGHEST * masses / max(masses.max(), 1e-300))]


def _ink_of(spec: Spec, target: Target) -> dict[str, Any]:
    params, own = spec.target_params, spec.target == _INK
    if own:
        width, ink = params["width"], pack(square(ink_of(params["picture"])))
    else:
        # A picture's middle is 0, wherever p_data is.
        reach = min(float(np.ptp(target.box[0])) / 2, 1000.0)
        width, ink = 2 * _AREA * reach, ""
    return {
        "kind": "ink",
        "own": own,
        "box": square_box(width / 2, 0.0).tolist(),
        "area": [(-width / 2, width / 2)] * 2,
        "size": SIZE,
        "ink": ink,
    }


def pack(ink: Ink) -> str:
    """Ink as text: see `read_ink`."""
    pairs = ink.reshape(-1, 2)
    return base64.b64encode((pairs[:, 0] << 4 | pairs[:, 1]).tobytes()).decode()


def square(ink: Ink) -> Ink:
    """A picture (rows, columns) in the middle of a square (SIZE, SIZE) that its longer side fills.

    Each pixel has the mean of what it covers.
    """
    step = max(ink.shape) / SIZE  # of the square's pixels, in the picture's

    def along(count: int) -> np.ndarray:
        edges = (np.arange(SIZE + 1) - SIZE / 2) * step + count / 2
        low, high = edges[:-1, None], edges[1:, None]
        at = np.arange(count)
        covered = np.minimum(high, at + 1) - np.maximum(low, at)
        out: np.ndarray = np.clip(covered, 0, None) / step
        return out

    rows, columns = (along(count) for count in ink.shape)
    out: Ink = np.rint(rows @ ink @ columns.T).astype(np.uint8)
    return out
