"""What of p_g lies outside the axes: how much of it, and where on average."""

from __future__ import annotations

import numpy as np

SIDES = {1: ("left", "right"), 2: ("left", "right", "bottom", "top")}


def beyond(gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
    """Share and mean of G(z) beyond each side of a box, as `SIDES` has them: (R, sides, 1 + dim).

    gz (R, n, dim): samples of equal weight, or, given `mass` (n - 1,), the images of the ends of
    latent intervals that hold it, on each of which G is linear. In the plane a sample belongs to
    the side that it is farthest beyond. Where the share is 0, so is the mean.
    """
    gz, box = np.asarray(gz, np.float64), np.asarray(box, np.float64)
    if mass is not None:
        return np.stack([_intervals(row, box, np.asarray(mass, np.float64)) for row in gz])
    see = _plane if gz.shape[-1] == 2 else _line
    return np.stack([see(row, box) for row in gz])


def _row(share: float, total: np.ndarray | float) -> np.ndarray:
    return np.append(share, np.asarray(total) / (share or 1.0))


def _line(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    x, (low, high) = x[:, 0], box[0]
    out = []
    for where in (x < low, x > high):
        out.append(_row(where.mean(), np.where(where, x, 0.0).mean()))
    return np.array(out)


def _intervals(x: np.ndarray, box: np.ndarray, mass: np.ndarray) -> np.ndarray:
    x, (low, high) = x[:, 0], box[0]
    a, b = np.minimum(x[1:], x[:-1]), np.maximum(x[1:], x[:-1])
    wide = b > a
    length = np.where(wide, b - a, 1.0)
    # An interval without length is an atom: wholly beyond or not at all.
    below = np.where(wide, np.clip((low - a) / length, 0, 1), a < low)
    above = np.where(wide, np.clip((b - high) / length, 0, 1), a > high)
    middles = (a / 2 + np.minimum(b, low) / 2, np.maximum(a, high) / 2 + b / 2)
    rows = zip((below, above), middles, strict=True)
    return np.array([_row(mass @ p, mass @ np.where(p > 0, p * m, 0.0)) for p, m in rows])


def _plane(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    over = np.stack([box[0, 0] - x[:, 0], x[:, 0] - box[0, 1],
                     box[1, 0] - x[:, 1], x[:, 1] - box[1, 1]])  # fmt: skip
    side = np.where((over > 0).any(0), over.argmax(0), -1)
    out = []
    for i in range(4):
        where = side == i
        out.append(_row(where.mean(), np.where(where[:, None], x, 0.0).mean(0)))
    return np.array(out)
