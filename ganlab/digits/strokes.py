"""Digits drawn by ganlab, for use where MNIST is missing. They are not MNIST.

Each image is a style of the alphabet with its points moved a little, slanted, rotated and squeezed,
drawn with a round pen of random width. As in MNIST, the longer side of its box is about 20 pixels
and its centre of mass is on pixel 14. A pure function of the seed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ganlab.digits.alphabet import STYLES, Stroke, Style
from ganlab.digits.images import PIXELS, SIDE, Digits, Split
from ganlab.languages import _

SOURCE = _("digits drawn by ganlab: not MNIST")
_BLOCK = 1000  # images drawn from one generator
_STEPS = 3  # straight pieces between two points of a curve
_BOX = 20.0  # pixels of the longer side
_CENTRE = 14.0
_EDGE = 1.2  # width of the transition from ink to paper, in pixels

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def digits(train: int = 12_000, test: int = 2_000, seed: int = 0) -> Digits:
    """A training set and a test set of drawn digits, as a replacement for MNIST's."""
    return Digits(SOURCE, Split(*draw(train, seed, 0)), Split(*draw(test, seed, 1)))


def draw(n: int, seed: int = 0, part: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels (n, 784) and labels (n,), as bytes; every ten images contain each label once.

    For the same seed and part, a smaller n gives the first images of a larger one.
    """
    blocks = [_block(np.random.default_rng([seed, part, b])) for b in range(-(-n // _BLOCK))]
    blocks = blocks or [(np.zeros((0, PIXELS), np.uint8), np.zeros(0, np.uint8))]
    pixels, labels = (np.concatenate(arrays)[:n] for arrays in zip(*blocks, strict=True))
    pixels.flags.writeable = labels.flags.writeable = False
    return pixels, labels


def _block(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    labels = rng.permuted(np.tile(np.arange(10), (_BLOCK // 10, 1)), axis=1).ravel()
    style = (rng.random(_BLOCK) * [len(STYLES[d]) for d in labels]).astype(int)
    hand = _Hand(rng)
    pixels = np.empty((_BLOCK, PIXELS), np.uint8)
    for digit, styles in enumerate(STYLES):
        for s in range(len(styles)):
            rows = np.flatnonzero((labels == digit) & (style == s))
            pixels[rows] = hand.write(digit, s, rows)
    return pixels, labels.astype(np.uint8)


class _Hand:
    """How each image of a block is written: all its random numbers, drawn at once."""

    def __init__(self, rng: np.random.Generator):
        normal = rng.standard_normal
        turn, slant = 0.1 * normal(_BLOCK), 0.12 + 0.22 * normal(_BLOCK)
        squeeze = 1.07 * np.exp(0.14 * normal(_BLOCK))
        shear = np.stack([squeeze, -slant, np.zeros(_BLOCK), np.ones(_BLOCK)], -1)
        c, s = np.cos(turn), np.sin(turn)
        turned = np.stack([c, -s, s, c], -1)
        self.shape = turned.reshape(-1, 2, 2) @ shear.reshape(-1, 2, 2)
        self.width = np.clip(2.5 * np.exp(0.28 * normal(_BLOCK)), 1.3, 4.5)
        self.fill = _BOX * rng.uniform(0.92, 1.04, _BLOCK)
        self.shift = 0.3 * normal((_BLOCK, 2))
        self.jitter = 0.026 * normal((_BLOCK, 32, 2))

    def write(self, digit: int, style: int, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """The images of these rows, (rows, 784)."""
        points, basis, start = _outline(digit, style)
        path = basis @ (points + self.jitter[rows, : len(points)])
        path = path @ self.shape[rows].transpose(0, 2, 1)
        low, high = path.min(1), path.max(1)
        width = self.width[rows, None, None]
        scale = (self.fill[rows, None] - width[:, 0]) / (high - low).max(1, keepdims=True)
        path *= scale[:, None]
        a, b = path[:, start], path[:, start + 1]
        # The amount of ink is proportional to the length of the stroke.
        length = np.linalg.norm(b - a, axis=-1, keepdims=True)
        middle = (length * (a + b) / 2).sum(1) / length.sum(1)
        # Keep the digit on the paper even if a long tail shifts the centre of mass.
        room = width[:, 0] / 2 + 0.5
        move = _CENTRE + self.shift[rows] - middle
        move = np.clip(move, room - scale * low, SIDE - 1 - room - scale * high)[:, None]
        away = _distance((a + move).astype(np.float32), (b + move).astype(np.float32))
        ink = np.clip(((width[:, 0] - away * 2) / _EDGE + 1) / 2, 0, 1)
        return np.rint(ink * 255).astype(np.uint8)


@cache
def _outline(digit: int, style: int) -> tuple[Doubles, Doubles, NDArray[np.intp]]:
    """Points (k, 2), basis (p, k) from points to the path, starts (s,) of its straight pieces."""
    strokes: Style = STYLES[digit][style]
    names = {point: i for i, point in enumerate(dict.fromkeys(p for s in strokes for p in s))}
    bases = [_spline(stroke, names) for stroke in strokes]
    ends = np.cumsum([len(b) for b in bases])
    start = np.setdiff1d(np.arange(ends[-1]), ends - 1)
    return np.array(list(names)), np.concatenate(bases), start


def _spline(stroke: Stroke, names: dict[tuple[float, float], int]) -> Doubles:
    """Rows of weights (steps, k) of the points along a stroke: a Catmull-Rom spline."""
    eye = np.eye(len(names))[[names[p] for p in stroke]]
    if len(stroke) == 2:
        return eye
    before, after = np.vstack([eye[:1], eye]), np.vstack([eye, eye[-1:]])
    rows = [eye[:1]]
    for i in range(len(stroke) - 1):
        if stroke[i] == stroke[i + 1]:
            continue
        t = (np.arange(1, _STEPS + 1) / _STEPS)[:, None]
        p0, p1, p2, p3 = before[i], eye[i], eye[i + 1], after[i + 2]
        rows.append(
            p1
            + t / 2 * (p2 - p0)
            + t**2 * (p0 - 2.5 * p1 + 2 * p2 - p3 / 2)
            + t**3 / 2 * (3 * p1 - p0 - 3 * p2 + p3)
        )
    return np.vstack(rows)


def _distance(a: Floats, b: Floats) -> Floats:
    """Distance of every pixel to the nearest straight piece: a, b (n, s, 2) -> (n, 784)."""
    along = b - a
    square = np.maximum((along**2).sum(-1, keepdims=True), np.float32(1e-12))
    u = along / square
    line = np.arange(SIDE, dtype=np.float32)
    # Project onto the piece, clip to its ends, and measure to the nearest point on it.
    best = np.full((len(a), PIXELS), np.inf, np.float32)
    for i in range(a.shape[1]):
        dx, dy = line - a[:, i, :1], line - a[:, i, 1:]
        t = (dy * u[:, i, 1:])[:, :, None] + (dx * u[:, i, :1])[:, None, :]
        np.clip(t, 0, 1, out=t)
        x = dx[:, None, :] - t * along[:, i, :1, None]
        y = dy[:, :, None] - t * along[:, i, 1:, None]
        x *= x
        y *= y
        x += y
        np.minimum(best, x.reshape(len(a), PIXELS), out=best)
    return np.sqrt(best)
