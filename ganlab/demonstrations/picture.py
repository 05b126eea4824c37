"""What a demonstration shows: panels of curves and points, handles, and numbers.

All arrays are NumPy arrays in the units of their panel's axes. An array with a leading axis of
`Shown.frames` changes over the frames, which the page plays, steps and scrubs; one without it
stays. NaN leaves a gap. `role` is one of `ganlab.theme`: "data", "G", "D", "accent", "muted",
"game" (the text's colour) or "run0" to "run3"; `title` is the name in the panel's legend, "" for
none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganlab.languages import _
from ganlab.theme import THEMES

ROLES = ("game", "muted", *THEMES["light"].roles)
DASHES = ("solid", "dash", "dot", "dashdot", "data")  # "data": the round dots of p_data


@dataclass(frozen=True)
class Axis:
    """The label and the ends of an axis; `ticks` are (value, text), if other than round numbers."""

    label: str
    low: float
    high: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Series:
    """Coordinates x and y (n,) or (frames, n), drawn in a role's colour.

    right: whether y belongs to the panel's right axis.
    """

    x: ArrayLike
    y: ArrayLike
    role: str = "game"
    title: str = ""
    right: bool = False

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Its arrays by name: (n,) or (frames, n)."""
        named = {"x": self.x, "y": self.y}
        return {name: np.asarray(array, np.float64) for name, array in named.items()}


@dataclass(frozen=True, kw_only=True)
class Line(Series):
    """A polyline. thin: for guides and reference values."""

    dash: str = "solid"
    thin: bool = False


@dataclass(frozen=True, kw_only=True)
class Area(Series):
    """The area between y and `base`, a number or an array like y."""

    base: ArrayLike = 0.0

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Its arrays by name: (n,) or (frames, n)."""
        out = super().arrays()
        base = np.asarray(self.base, np.float64)
        return out | {"base": np.broadcast_to(base, np.broadcast_shapes(base.shape, (1,)))}


@dataclass(frozen=True, kw_only=True)
class Dots(Series):
    """Points. size: their diameter in pixels. labels: a word beside each, or ()."""

    size: float = 6.0
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bars(Series):
    """Bars from 0 to y, `width` wide on the x axis."""

    width: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Arrows(Series):
    """Arrows from (x, y) by (dx, dy), all of the same shape."""

    dx: ArrayLike
    dy: ArrayLike

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Its arrays by name: (n,) or (frames, n)."""
        named = {"dx": self.dx, "dy": self.dy}
        more = {name: np.asarray(array, np.float64) for name, array in named.items()}
        return super().arrays() | more


@dataclass(frozen=True, kw_only=True)
class Heat:
    """Values (rows, columns) or (frames, rows, columns) over the whole panel, row 0 at the bottom.

    They are drawn from `low` (the colour of D = 0) over the middle to `high` (that of D = 1).
    """

    values: ArrayLike
    low: float = 0.0
    high: float = 1.0
    title: str = ""

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Its array by name: (rows, columns) or (frames, rows, columns)."""
        return {"values": np.asarray(self.values, np.float64)}


@dataclass(frozen=True)
class Handle:
    """A point at `at` that mouse, touch and arrow keys drag.

    x, y: the names of the parameters that its coordinates, minus `origin` and times `signs`,
    become; None: it does not move in this direction.
    """

    label: str
    at: tuple[float, float]
    x: str | None = None
    y: str | None = None
    role: str = "game"
    origin: tuple[float, float] = (0.0, 0.0)
    signs: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True)
class Draw:
    """A curve that can be drawn freehand over a panel.

    param: a list of at most `Param.longest` heights at equally spaced x from one end of the axis
    to the other; () if nothing was drawn. now: the heights of the present curve there.
    """

    param: str
    label: str
    now: ArrayLike
    role: str = "game"


@dataclass(frozen=True)
class Panel:
    """One picture with axes; later series are drawn over earlier ones.

    right: a second y axis. note: a short text at the top right, e.g. what is thin.
    cursor: the parameter that becomes the x of the mouse over the panel. equal: whether a unit has
    the same length on both axes. share: its part of the width or height, relative to its siblings.
    """

    name: str
    title: str
    x: Axis
    y: Axis
    series: tuple[Series | Heat, ...]
    handles: tuple[Handle, ...] = ()
    note: str = ""
    right: Axis | None = None
    draws: tuple[Draw, ...] = ()
    cursor: str | None = None
    equal: bool = False
    share: float = 1.0


@dataclass(frozen=True)
class Number:
    """A number on the screen, and the same quantity computed in another, independent way.

    value, other: a float, or (frames,). by, how: in a few words, how each was computed.
    """

    label: str
    value: ArrayLike
    unit: str = ""
    by: str = ""
    other: ArrayLike | None = None
    how: str = ""


@dataclass(frozen=True)
class Table:
    """A table below the numbers; a cell between dollars is LaTeX. chosen: the marked row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chosen: int | None = None


@dataclass(frozen=True)
class Shown:
    """All that a demonstration shows for some values.

    panels: the first is the largest; others are beside it, one above the other.
    says: what the figure shows now, in a sentence or two; one text, or one for each frame.
    frames, clock, first: the number of frames, what a frame is called, the frame shown at first.
    """

    panels: tuple[Panel, ...]
    numbers: tuple[Number, ...] = ()
    says: str | tuple[str, ...] = ""
    table: Table | None = None
    frames: int = 1
    clock: str = _("iteration")
    first: int = 0
    more: dict[str, Any] | None = None  # for tests and scripts: exact values behind the picture
