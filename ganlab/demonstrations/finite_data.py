"""Finite data: D at its optimum on n points, its value on others, and where G moves then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import expit, log_expit, xlogy

from ganlab import theory
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.kernel_d import DECAY, Bumps, cost, gradient, optimum
from ganlab.demonstrations.picture import Axis, Dots, Heat, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
BOX = 3.3  # of the picture
MODES, RADIUS, STD = 8, 2.0, 0.25  # of p_data, a ring
WIDE = 1.5  # the standard deviation of p_g
COUNTS = (10, 30, 100, 300, 1000, 3000, 10_000)
NAMES = tuple(str(n) for n in COUNTS)
FEWEST, MOST = COUNTS[0], COUNTS[-1]
MOVED = 50  # samples of G that follow D's slope
STEPS = 80
LONGEST = 0.08  # of one step
DRAWN = 400  # training points
NEAR = 0.1  # a sample of G this near to a training point counts as a copy
OTHER = 10_000  # what is added to the seed for other points
_CELLS = 81  # of the picture
_FAR = 7.0  # the quadrature reaches from -_FAR to _FAR
_FINE = 181
_MOST_IN_A_LAB = 32  # given points


def centres() -> Array:
    """The modes of p_data (MODES, 2)."""
    angle = 2 * np.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], 1)


def real_points(count: int, seed: int) -> Array:
    """The first `count` of a sequence of samples of p_data, (count, 2)."""
    rng = np.random.default_rng([seed, 0])
    which = rng.integers(0, MODES, MOST)
    return np.asarray((centres()[which] + STD * rng.standard_normal((MOST, 2)))[:count])


def fake_points(count: int, seed: int) -> Array:
    """The first `count` of a sequence of samples of p_g, (count, 2)."""
    return WIDE * np.random.default_rng([seed, 1]).standard_normal((MOST, 2))[:count]


def bumps_of(detail: int, count: int, seed: int) -> Bumps:
    """D's bumps: about the first `detail` training points of each kind, or about all of them."""
    some = min(detail, count)
    return Bumps(np.concatenate([real_points(some, seed), fake_points(some, seed)]))


@lru_cache(maxsize=256)
def trained(detail: int, count: int, seed: int) -> tuple[float, ...]:
    """D's weights at its optimum on `count` points of each kind."""
    bumps = bumps_of(detail, count, seed)
    start = np.zeros(bumps.size)
    if count >= 3 * detail:  # the optimum of the same bumps on fewer points is near
        start = np.array(trained(detail, count // 3, seed))
    real, fake = bumps.of(real_points(count, seed)), bumps.of(fake_points(count, seed))
    return tuple(optimum(real, fake, start).tolist())


def densities(x: Array) -> tuple[Array, Array]:
    """p_data and p_g at points x (n, 2): (n,) each."""
    away = ((x[:, None] - centres()) ** 2).sum(2)
    p = np.exp(-away / (2 * STD**2)).mean(1) / (2 * math.pi * STD**2)
    q = np.exp(-(x**2).sum(1) / (2 * WIDE**2)) / (2 * math.pi * WIDE**2)
    return np.asarray(p), np.asarray(q)


def _over(x: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Points (n, 2) of a grid of x (m,), and the masses (n,) of p_data and p_g there."""
    at = np.stack(np.meshgrid(x, x), 2).reshape(-1, 2)
    p, q = densities(at)
    area = np.outer(weights, weights).reshape(-1)
    kept = p + q > 1e-9
    return at[kept], (p * area)[kept], (q * area)[kept]


@lru_cache(maxsize=1)
def _grid() -> tuple[Array, Array, Array]:
    """Equally spaced points."""
    x = np.linspace(-_FAR, _FAR, _FINE)
    return _over(x, np.full(_FINE, x[1] - x[0]))


@lru_cache(maxsize=1)
def _pieces() -> tuple[Array, Array, Array]:
    """Three Gauss-Legendre points in each of many pieces."""
    edges = np.linspace(-_FAR, _FAR, 81)
    t, w = np.polynomial.legendre.leggauss(3)
    half = (edges[1] - edges[0]) / 2
    x = ((edges[1:] + edges[:-1])[:, None] / 2 + half * t).reshape(-1)
    return _over(x, np.tile(half * w, 80))


def everywhere(bumps: Bumps, weights: Array, pieces: bool = False) -> float:
    """V(D, G) on all of p_data and p_g, by quadrature on a grid, or with Gauss-Legendre points."""
    at, p, q = _pieces() if pieces else _grid()
    logits = bumps.logits(weights, at)
    return float(p @ log_expit(logits) + q @ log_expit(-logits))


@lru_cache(maxsize=1)
def best() -> tuple[float, float]:
    """C(G) = V(D*, G): term by term, and -log 4 + 2 JSD."""
    _, p, q = _grid()
    total = p + q
    value = (xlogy(p, p) + xlogy(q, q) - xlogy(total, total)).sum()
    return float(value), float(theory.c_g(theory.jsd(p, q)))


def on_points(bumps: Bumps, weights: Array, real: Array, fake: Array) -> float:
    """V(D, G) on points (n, 2) of each kind."""
    return float(theory.value(bumps.logits(weights, real), bumps.logits(weights, fake)))


@lru_cache(maxsize=256)
def worths(detail: int, count: int, seed: int) -> tuple[float, float]:
    """V of D at its optimum on `count` points, on these points and on all."""
    bumps, weights = bumps_of(detail, count, seed), np.array(trained(detail, count, seed))
    on_these = on_points(bumps, weights, real_points(count, seed), fake_points(count, seed))
    return on_these, everywhere(bumps, weights)


def moved(bumps: Bumps, weights: Array, start: Array) -> Array:
    """Samples that climb D's logit, (STEPS + 1, n, 2), from `start` (n, 2).

    A step that would not lead upwards is not made, and the next one is half as long.
    """
    out, heights = [start], bumps.logits(weights, start)
    longest = np.full((len(start), 1), LONGEST)
    for _unused in range(STEPS):
        slope = bumps.slopes(weights, out[-1])
        length = np.linalg.norm(slope, axis=1, keepdims=True)
        new = out[-1] + longest * slope / (length + 1.0)
        found = bumps.logits(weights, new)
        up = found > heights
        out.append(np.where(up[:, None], new, out[-1]))
        heights = np.where(up, found, heights)
        longest = np.where(up[:, None], longest, longest / 2)
    return np.array(out)


def nearest(points: Array, among: Array) -> Array:
    """The distance from points (..., 2) to the nearest of `among` (n, 2): (...)."""
    return np.asarray(KDTree(among).query(points)[0])


def by_trial(points: Array, among: Array) -> Array:
    """The same with all distances, for points (..., 2) and `among` (n, 2)."""
    least = np.full(points.shape[:-1], np.inf)
    for part in np.array_split(among, max(1, len(among) // 64)):
        away = ((points**2).sum(-1)[..., None] - 2 * points @ part.T) + (part**2).sum(1)
        least = np.minimum(least, away.min(-1))
    return np.asarray(np.sqrt(np.maximum(least, 0)))


def show(values: Mapping[str, Any]) -> Shown:
    """D on n points, V on them and on others for several n, and samples that follow D's slope."""
    count, detail, seed = int(values["n"]), values["detail"], values["seed"]
    bumps, weights = bumps_of(detail, count, seed), np.array(trained(detail, count, seed))
    real, fake = real_points(count, seed), fake_points(count, seed)
    mesh = np.stack(np.meshgrid(*[np.linspace(-BOX, BOX, _CELLS)] * 2), 2).reshape(-1, 2)
    fresh = np.random.default_rng([seed, 2])
    path = moved(bumps, weights, WIDE * 0.9 * fresh.standard_normal((MOVED, 2)))
    others = real_points(count, seed + OTHER)
    to_real, to_others = (nearest(path, points) for points in (real, others))
    away, apart = (np.median(far, 1) for far in (to_real, to_others))
    copied, by_chance = ((far < NEAR).mean(1) for far in (to_real, to_others))
    tried = by_trial(path, real)
    picture = Panel(
        "picture",
        _("D after training on {count:,} points of each kind", count=count),
        Axis("x₁", -BOX, BOX),
        Axis("x₂", -BOX, BOX),
        (
            Heat(values=expit(bumps.logits(weights, mesh)).reshape(_CELLS, _CELLS),
                 title=_("D(x), from fake to real")),
            Dots(x=real[:DRAWN, 0], y=real[:DRAWN, 1], role="game",
                 size=9.0 if count < 100 else 5.0,
                 title=_("training data") if count <= DRAWN else _("{drawn} of the training data",
                     drawn=DRAWN)),
            Dots(x=path[:, :, 0], y=path[:, :, 1], role="G", size=6.0,
                 title=_("samples of G, uphill on D")),
        ),
        equal=True,
        share=1.1,
    )  # fmt: skip
    on_train, on_all = zip(*(worths(detail, n, seed) for n in COUNTS), strict=True)
    now, beyond = worths(detail, count, seed)
    known, by_jsd = best()
    low = min(-2.2, 1.05 * min(*on_all, beyond))
    worth = Panel(
        "value",
        _("V(D, G): on its training points, and on all others"),
        Axis(_("points of each kind, n"), FEWEST, MOST, log=True),
        Axis(_("V(D, G), nats"), low, 0.1),
        (
            Line(x=(FEWEST, MOST), y=(known, known), role="muted", title="V(D*, G)", thin=True),
            Line(x=COUNTS, y=on_train, role="D", title=_("training"), dash="dash"),
            Line(x=COUNTS, y=on_all, role="accent", title=_("held out")),
            Dots(x=(count,), y=(now,), role="D", size=10.0),
            Dots(x=(count,), y=(beyond,), role="accent", size=10.0),
        ),
    )
    times = np.arange(STEPS + 1)
    top = 1.1 * float(max(away.max(), apart.max()))
    distance = Panel(
        "distance",
        _("How far G's samples are from the nearest"),
        Axis(_("step of G's samples"), 0.0, float(STEPS)),
        Axis(_("median distance"), 0.0, top),
        (
            Line(
                x=times,
                y=apart,
                role="muted",
                title=_("of {count:,} other points", count=count),
                dash="dash",
            ),
            Line(x=times, y=away, role="G", title=_("of the training points")),
            Dots(x=times[:, None], y=apart[:, None], role="muted", size=7.0),
            Dots(x=times[:, None], y=away[:, None], role="G", size=9.0),
        ),
    )
    at_real, at_fake = bumps.of(real), bumps.of(fake)
    numbers = (
        Number(
            _("V on its training points"), now, _("nats"), _("mean over them"),
            -(cost(weights, at_real, at_fake) - DECAY / 2 * float(weights @ weights)),
            "from the cost that was minimised",
        ),
        Number(
            _("V on all other points"), beyond, _("nats"), _("quadrature on a grid"),
            everywhere(bumps, weights, pieces=True), _("Gauss-Legendre quadrature"),
        ),
        Number(_("V(D*, G), the best D"), known, _("nats"), _("term by term"), by_jsd,
            _("−log 4 + 2 JSD")),
        Number(
            _("largest slope of D's cost"),
            float(np.abs(gradient(weights, at_real, at_fake)).max()), "", _("0 at the optimum"),
        ),
        Number(
            "from G's samples to training points", away, "", _("search tree"),
            np.median(tried, 1), _("all distances"),
        ),
        Number(
            _("share within {near:g} of a training point", near=NEAR), copied, "", _("search tree"),
            (tried < NEAR).mean(1), _("all distances"),
        ),
    )  # fmt: skip
    says = tuple(
        _says(int(t), count, now, beyond, known, float(copied[t]), float(by_chance[t]))
        for t in times
    )
    return Shown((picture, worth, distance), numbers, says, frames=STEPS + 1, clock="step")


def _v(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _says(
    t: int, count: int, now: float, beyond: float, known: float, copied: float, by_chance: float
) -> str:
    begin = _(
        "On its {count:,} points D reaches V = {v}, on others {v2}",
        count=count,
        v=_v(now),
        v2=_v(beyond),
    )
    if now - beyond < 0.1:
        begin += _(": about the same, and near the best possible {v}.", v=_v(known))
    elif beyond < 2 * math.log(0.5):
        begin += _(", worse than a D that always answers ½ (−1.39): it knows its points by heart.")
    else:
        begin += _(
            "; {v} is possible. Part of what it learned is only about its points.", v=_v(known)
        )
    if t < STEPS:
        return begin
    near = _(
        "{copied:.0%} of G's samples end within {near:g} of a training point",
        copied=copied,
        near=NEAR,
    )
    if copied > 1.5 * by_chance:
        rest = "." if copied > 0.95 else _(". The others end elsewhere.")
        return _(
            "{begin} {near}, and {by_chance:.0%} that near to other data: copies{rest}",
            begin=begin,
            near=near,
            by_chance=by_chance,
            rest=rest,
        )
    if by_chance > 0.7:
        return _("{begin} With so many points, every sample on a mode is near one.", begin=begin)
    return _(
        "{begin} {near}, and {by_chance:.0%} that near to other data: no copies.",
        begin=begin,
        near=near,
        by_chance=by_chance,
    )


def lab(values: Mapping[str, Any]) -> Spec:
    """A lab with these training points if they are few, else with all of p_data."""
    count = int(values["n"])
    if count <= _MOST_IN_A_LAB:
        points = real_points(count, values["seed"]).round(3).reshape(-1)
        return Spec(
            target="points_2d",
            target_params={"points": tuple(points.tolist())},
            latent_dim=2,
            k=5,
        )
    return Spec(
        target="ring",
        target_params={"count": MODES, "radius": RADIUS, "std": STD},
        latent_dim=2,
        k=5,
    )


ENTRY = Demonstration(
    "finite-data",
    _("Finite data: D learns its points by heart"),
    r"\hat{D} = \mathrm{argmax}_D \; \frac{1}{n} \sum_{i=1}^n \log D(x_i)"
    r" + \frac{1}{n} \sum_{i=1}^n \log(1 - D(G(z_i)))",
    _("The theory takes expectations over p_data; a training set has n points. "
"This D is a sum of bumps about its first points, so that its optimum on all "
"n is found exactly, with a weight decay of 10⁻⁵. p_data is a ring of eight "
"modes, p_g a wide Gaussian."),
    _("Goodfellow et al. 2014, sections 3 and 4; Arora et al. 2017"),
    (
        Param("n", _("points n"), "30", kind="choice", choices=NAMES, doc=_("Of each kind.")),
        Param("detail", _("detail of D"), 40, 20, 60, "int",
            doc=_("Bumps for points of each kind.")),
        Param("seed", _("seed"), 0, 0, 9999, "int", doc=_("Of all points.")),
    ),
    show=show,
    watch=_("With few points D is nearly perfect on them and worse than guessing "
"elsewhere, and most samples of G that climb D end at single training "
"points. With more points both values of V meet, and the samples come to the "
"modes."),
    lab=lab,
)  # fmt: skip
