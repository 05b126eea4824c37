"""p_data drawn by hand in a lab: what the page offers to draw on, and the Spec of a drawing."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.targets import TARGETS, Target
from ganlab.targets.base import line_box
from ganlab.targets.drawn import HIGHEST, KNOTS

FIELD = "p_data"  # what a refusal is about
_AREA = 0.8  # the share of the axes in which one draws: p_data's margin is as wide as elsewhere
_CURVE = "drawn"


class Drawing(NamedTuple):
    """What a page has drawn between `low` and `high`: the heights of a curve."""

    low: float
    high: float
    heights: tuple[int, ...]

    def of(self, spec: Spec) -> Spec:
        """`spec` with this drawing as p_data.

        Raises `SpecError` if it is not allowed, and for another dimension.
        """
        if spec.dim != TARGETS[_CURVE].dim:
            raise SpecError(FIELD, "a curve", "a drawing in the plane")
        width = self.high - self.low
        params = {"center": self.low + width / 2, "width": width, "heights": self.heights}
        return spec.replace(target=_CURVE, target_params=params)

    @property
    def fields(self) -> list[str]:
        """The names of the sidebar's fields that it changes."""
        return ["target", *(f"{_CURVE}.{param.name}" for param in TARGETS[_CURVE].params)]


def read_curve(message: dict[str, Any]) -> Drawing:
    """The drawn curve in a browser's message. Raises `SpecError` if there is none."""
    heights: Any = message.get("heights")
    whole = isinstance(heights, list) and all(type(h) is int for h in heights)
    if not whole or len(heights) > KNOTS:
        raise SpecError("heights", heights, f"at most {KNOTS} integers")
    low, high = (message.get(name) for name in ("low", "high"))
    for name, end in (("low", low), ("high", high)):
        if isinstance(end, bool) or not isinstance(end, (int, float)) or not math.isfinite(end):
            raise SpecError(name, end, "a number")
    return Drawing(float(low), float(high), tuple(heights))  # type: ignore[arg-type]  # numbers, see above


def offered(spec: Spec, target: Target) -> dict[str, Any]:
    """What the front end's editor begins with: the field `drawing` of a scene of `target`."""
    if target.dim != TARGETS[_CURVE].dim:
        return {}
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
    begun = {
        "kind": "curve",
        "own": own,
        "box": line_box(*area, 0.0).tolist(),
        "area": [area],
        "heights": heights,
    }
    return {"drawing": begun}


def _heights(target: Target, low: float, high: float) -> list[int]:
    """The heights (KNOTS,) of the curve that comes closest to p_data."""
    half = (high - low) / (KNOTS - 1) / 2
    masses = target.cell_masses(np.linspace(low - half, high + half, KNOTS + 1))
    return [int(h) for h in np.rint(HIGHEST * masses / max(masses.max(), 1e-300))]
