"""Points that a user brings, as `Data` of kind "points"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ganlab.languages import _
from ganlab.own_data.data import Data
from ganlab.registry import SpecError

KIND = "points"
LEAST, MOST = 2, 1_000_000
_FARTHEST = 1e5  # standard deviations from the mean: more than a million points can have
_LONGEST = 60  # characters of a name


class Points(NamedTuple):
    """Points as they are stored: x (n, dim), standardised; centre, spread (dim,); axes: names.

    The points that the user brought are x * spread + centre.
    """

    x: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    axes: tuple[str, ...]


def points_data(x: np.ndarray, title: str = "", axes: Sequence[str] = ()) -> Data:
    """Data of points x (n, dim) of finite numbers, n from 2 to 1,000,000.

    title: what pages call them; axes: the names of the columns. Raises `SpecError` for another
    number of points, and if all are equal.
    """
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or not LEAST <= len(x) <= MOST or x.shape[1] not in (1, 2):
        raise SpecError(
            "points",
            f"{x.shape}",
            _("{least} to {most:,} points in 1-D or 2-D", least=LEAST, most=MOST),
        )
    if not np.isfinite(x).all() or np.abs(x).max() > 1e300:
        raise SpecError("points", _("NaN or inf"), _("numbers up to 1e300"))
    centre = x.mean(0)
    spread = (x - centre).std(0)
    known = spread > 1e-12 * np.abs(centre)
    if not known.any():
        raise SpecError("points", _("{x} only", x=x[0]), _("at least two different points"))
    spread = np.where(known, spread, spread[known].max())  # of a column of equal numbers
    standard = ((x - centre) / spread).astype(np.float32)
    texts = {"title": _short(title)} if title else {}
    if axes:
        texts["axes"] = "\n".join(map(_short, axes))
    return Data(KIND, {"x": standard, "centre": centre, "spread": spread}, texts)


def points_of(data: Data, dim: int) -> Points:
    """The points of data. Raises `SpecError` unless they are points with `dim` columns."""
    try:
        x, centre, spread = (data.arrays[name] for name in ("x", "centre", "spread"))
    except KeyError:
        raise SpecError("data", data.kind, _("points")) from None
    if x.dtype != np.float32 or x.ndim != 2 or not LEAST <= len(x) <= MOST:
        raise SpecError("data", f"{x.shape}", _("points, (n, dim)"))
    if x.shape[1] != dim:
        columns = {1: _("one column"), 2: _("two columns")}
        has = columns.get(x.shape[1], f"{x.shape[1]} columns")
        raise SpecError(
            "data",
            data.texts.get("title", has),
            _("points of {columns}, not {has}", columns=columns[dim], has=has),
        )
    sizes = centre.shape == spread.shape == (dim,) and centre.dtype == spread.dtype == np.float64
    if not sizes or not (spread > 0).all() or not np.abs(x).max() <= _FARTHEST:
        raise SpecError("data", _("centre and spread"), _("one of each for each column"))
    axes = tuple(data.texts.get("axes", "").split("\n"))
    return Points(x, centre, spread, axes if len(axes) == dim else ("x", "y")[:dim])


def _short(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:400]).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
