"""Examples of points, made here from seeds: the toy sets of courses, and sets of equal moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.own_data.data import Data
from ganlab.own_data.examples import Example, Examples
from ganlab.own_data.points import KIND, points_data

Array = NDArray[Any]
LINE, PLANE = Examples(KIND, 1), Examples(KIND, 2)
Make = Callable[[np.random.Generator], Array]


def _add(
    where: Examples, name: str, title: str, doc: str, axes: tuple[str, ...] = ()
) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        def data() -> Data:
            x = make(np.random.default_rng(2014))
            # Rounded, so that the last digit of a sine does not depend on the processor.
            return points_data(np.round(x.reshape(len(x), -1), 4), title, axes)

        where.add(Example(name=name, title=title, doc=doc, make=data))
        return make

    return add


def _moments(x: Array, mean: tuple[float, float], std: tuple[float, float], corr: float) -> Array:
    """x (n, 2) made to have exactly these means, standard deviations and this correlation."""
    x = (x - x.mean(0)) / x.std(0)
    rest = x[:, 1] - (x[:, 0] * x[:, 1]).mean() * x[:, 0]
    y = corr * x[:, 0] + np.sqrt(1 - corr**2) * rest / rest.std()
    moved: Array = np.stack([x[:, 0], y], 1) * std + mean
    return moved


def _anscombe(x: Array) -> Array:
    return _moments(x, (9.0, 7.5), (3.317, 2.031), 0.816)


def _dozen(x: Array) -> Array:
    return _moments(x, (54.26, 47.83), (16.77, 26.94), -0.064)


# -- the line ------------------------------------------------------------------------------------


@_add(
    LINE,
    "waiting",
    _("waiting times"),
    _("Two groups of minutes between eruptions."),
    (_("minutes"),),
)
def _waiting(rng: np.random.Generator) -> Array:
    short = rng.random(300) < 0.36
    return np.where(short, rng.normal(54.6, 5.9, 300), rng.normal(80.1, 5.9, 300))


@_add(LINE, "incomes", _("incomes"), _("A long tail on one side."), (_("thousands a year"),))
def _incomes(rng: np.random.Generator) -> Array:
    return rng.lognormal(np.log(30), 0.6, 400)


@_add(LINE, "dice", _("sums of three dice"), _("Whole numbers only."), (_("sum"),))
def _dice(rng: np.random.Generator) -> Array:
    return rng.integers(1, 7, (500, 3)).sum(1).astype(float)


# -- the plane -----------------------------------------------------------------------------------


@_add(PLANE, "moons", _("two moons"), _("As scikit-learn's make_moons."))
def _moons(rng: np.random.Generator) -> Array:
    angle = np.pi * rng.random(250)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    return np.add(np.concatenate([upper, lower]), rng.normal(0, 0.08, (500, 2)))


@_add(PLANE, "circles", _("two circles"), _("As scikit-learn's make_circles."))
def _circles(rng: np.random.Generator) -> Array:
    angle = 2 * np.pi * rng.random(500)
    radius = np.where(np.arange(500) < 250, 1.0, 0.5)
    circles = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.add(circles, rng.normal(0, 0.05, (500, 2)))


@_add(PLANE, "blobs", _("three blobs"), _("As scikit-learn's make_blobs, of unequal widths."))
def _blobs(rng: np.random.Generator) -> Array:
    centres = np.array([[-5.0, -3.0], [0.0, 4.0], [5.0, -2.0]])
    which = rng.integers(0, 3, 500)
    widths = np.array([0.5, 1.0, 1.5])[which, None]
    return np.add(centres[which], widths * rng.normal(size=(500, 2)))


@_add(PLANE, "s_curve", _("S curve"), _("scikit-learn's make_s_curve, seen from the side."))
def _s_curve(rng: np.random.Generator) -> Array:
    t = 3 * np.pi * (rng.random(500) - 0.5)
    curve = np.stack([np.sin(t), np.sign(t) * (np.cos(t) - 1)], 1)
    return np.add(curve, rng.normal(0, 0.05, (500, 2)))


_SAME = _("The same means, standard deviations and correlation as the other sets of its kind.")


@_add(PLANE, "anscombe_line", _("Anscombe's idea: line"), _SAME)
def _line(rng: np.random.Generator) -> Array:
    x = rng.uniform(4, 14, 44)
    return _anscombe(np.stack([x, 0.5 * x + rng.normal(0, 1.2, 44)], 1))


@_add(PLANE, "anscombe_parabola", _("Anscombe's idea: parabola"), _SAME)
def _parabola(rng: np.random.Generator) -> Array:
    x = rng.uniform(4, 14, 44)
    return _anscombe(np.stack([x, -((x - 11) ** 2)], 1))


@_add(PLANE, "anscombe_outlier", _("Anscombe's idea: outlier"), _SAME)
def _outlier(rng: np.random.Generator) -> Array:
    x = rng.uniform(4, 14, 44)
    return _anscombe(np.stack([x, 0.3 * x + np.where(np.arange(44) == 7, 12.0, 0.0)], 1))


@_add(PLANE, "dozen_star", _("same moments: star"), _SAME)
def _star(rng: np.random.Generator) -> Array:
    angle = np.pi / 2 + 0.8 * np.pi * np.arange(6)
    ends = np.stack([np.cos(angle), np.sin(angle)], 1)
    side = rng.integers(0, 5, 300)
    along = rng.random((300, 1))
    return _dozen(ends[side] + along * (ends[side + 1] - ends[side]))


@_add(PLANE, "dozen_bullseye", _("same moments: bullseye"), _SAME)
def _bullseye(rng: np.random.Generator) -> Array:
    angle = 2 * np.pi * rng.random(300)
    radius = np.where(rng.random(300) < 0.3, 0.35, 1.0)
    return _dozen(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1))


@_add(PLANE, "dozen_lines", _("same moments: lines"), _SAME)
def _lines(rng: np.random.Generator) -> Array:
    x = rng.integers(0, 5, 300) + rng.normal(0, 0.05, 300)
    return _dozen(np.stack([x, rng.random(300)], 1))
