"""How both players' mixed strategies move when each follows what pays: paths and their averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganlab.games.tables.entry import Array, Table
from ganlab.languages import _
from ganlab.registry import Entry, Param, Registry, SpecError

LONGEST = 20_000  # updates of a path

STEP = Param("step", _("step size h"), 0.1, 0.001, 10.0, doc=_("Of one update."), log=True)
Step = Callable[[Array, Array, Array, Array, float], tuple[Array, Array]]


@dataclass(frozen=True)
class DynamicsEntry(Entry):
    """A rule by which strategies move.

    step(a, b, x, y, h) -> x, y: one update with step size h of the strategies x (R, m), y (R, n)
    of R paths. play(a, b, x, y, h, n) -> (n + 1, R, m + n): the whole paths, if it has a memory.
    """

    params: tuple[Param, ...] = (STEP,)
    step: Step | None = field(default=None, kw_only=True)
    play: Callable[[Array, Array, Array, Array, float, int], Array] | None = field(
        default=None, kw_only=True
    )


DYNAMICS: Registry[DynamicsEntry] = Registry("dynamics")


@dataclass(frozen=True)
class Path:
    """x (T + 1, m) and y (T + 1, n): the strategies before the first and after each of T updates.

    mean_x, mean_y: the averages so far, alike. regret, mean_regret (T + 1,): what both players
    together could gain by best responses, to the strategies and to their averages.
    """

    x: Array
    y: Array
    mean_x: Array
    mean_y: Array
    regret: Array
    mean_regret: Array


def play(
    game: Table, dynamics: str, x: Array, y: Array, step: float = 0.1, updates: int = 1000
) -> Path:
    """The path of both strategies from x (m,), y (n,).

    Raises `SpecError` for unknown dynamics, a step or a number of updates out of bounds, and
    strategies that are no probabilities.
    """
    return plays(game, dynamics, [(x, y)], step, updates)[0]


def plays(
    game: Table,
    dynamics: str,
    starts: Sequence[tuple[Array, Array]],
    step: float = 0.1,
    updates: int = 1000,
) -> list[Path]:
    """The paths from several pairs x (m,), y (n,), each as `play` makes it. Raises `SpecError`."""
    entry = DYNAMICS[dynamics]
    step = STEP.check(step)
    if not isinstance(updates, int) or not 0 <= updates <= LONGEST:
        raise SpecError("updates", updates, _("0 to {longest}", longest=LONGEST))
    a, b = game.payoffs
    x, y = (
        np.array([_mixed(name, p, n) for p in given])
        for name, given, n in zip("xy", zip(*starts, strict=True), game.shape, strict=True)
    )
    if entry.play is not None:
        path = entry.play(a, b, x, y, step, updates)
    else:
        assert entry.step is not None
        path = np.empty((updates + 1, len(x), sum(game.shape)))
        path[0] = np.concatenate([x, y], 1)
        for i in range(updates):
            x, y = entry.step(a, b, x, y, step)
            path[i + 1] = np.concatenate([x, y], 1)
    means = path.cumsum(0) / np.arange(1, len(path) + 1)[:, None, None]
    m = game.shape[0]
    out = []
    for r in range(len(starts)):
        xs, ys, mean_xs, mean_ys = (
            p[:, r, part] for p in (path, means) for part in (slice(m), slice(m, None))
        )
        regrets = _regret(a, b, xs, ys), _regret(a, b, mean_xs, mean_ys)
        out.append(Path(xs, ys, mean_xs, mean_ys, *regrets))
    return out


def _mixed(name: str, p: Array, count: int) -> Array:
    p = np.asarray(p, np.float64)
    if p.shape != (count,) or not (p >= 0).all() or not abs(p.sum() - 1) < 1e-6:
        raise SpecError(
            f"strategy {name}", p.tolist(), _("{count} probabilities that add up to 1", count=count)
        )
    out: Array = p / p.sum()
    return out


def _regret(a: Array, b: Array, x: Array, y: Array) -> Array:
    """What both together would gain by best responses to x (T, m), y (T, n)."""
    rows, columns = _gains(a, b, x, y)
    out: Array = rows.max(1) - (x * rows).sum(1) + columns.max(1) - (y * columns).sum(1)
    return out


def _gains(a: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """What each strategy would get, A y and Bᵀ x."""
    return y @ a.T, x @ b


def onto_simplex(p: Array) -> Array:
    """The nearest probabilities to p (..., n), in Euclidean distance. Source: Held et al. 1974."""
    down = -np.sort(-p, -1)
    excess = (down.cumsum(-1) - 1) / np.arange(1, p.shape[-1] + 1)
    last = (down > excess).sum(-1, keepdims=True) - 1
    out: Array = np.maximum(p - np.take_along_axis(excess, last, -1), 0)
    return out


def _gradient(a: Array, b: Array, x: Array, y: Array, h: float) -> tuple[Array, Array]:
    rows, columns = _gains(a, b, x, y)
    return onto_simplex(x + h * rows), onto_simplex(y + h * columns)


def _alternating(a: Array, b: Array, x: Array, y: Array, h: float) -> tuple[Array, Array]:
    x = onto_simplex(x + h * y @ a.T)
    return x, onto_simplex(y + h * x @ b)


def _extragradient(a: Array, b: Array, x: Array, y: Array, h: float) -> tuple[Array, Array]:
    rows, columns = _gains(a, b, *_gradient(a, b, x, y, h))
    return onto_simplex(x + h * rows), onto_simplex(y + h * columns)


def _softened(p: Array, gain: Array) -> Array:
    """p with weights e^gain; a strategy that nobody plays stays so."""
    q = p * np.exp(gain - gain.max(-1, keepdims=True))
    out: Array = q / q.sum(-1, keepdims=True)
    return out


def _weights(a: Array, b: Array, x: Array, y: Array, h: float) -> tuple[Array, Array]:
    rows, columns = _gains(a, b, x, y)
    return _softened(x, h * rows), _softened(y, h * columns)


def _optimistic(a: Array, b: Array, x: Array, y: Array, h: float, updates: int) -> Array:
    path = np.empty((updates + 1, len(x), len(a) + len(b.T)))
    path[0] = np.concatenate([x, y], 1)
    last = _gains(a, b, x, y)
    for i in range(updates):
        now = _gains(a, b, x, y)
        x = _softened(x, h * (2 * now[0] - last[0]))
        y = _softened(y, h * (2 * now[1] - last[1]))
        last = now
        path[i + 1] = np.concatenate([x, y], 1)
    return path


def _flow(a: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    rows, columns = _gains(a, b, x, y)
    mean = (x * rows).sum(1, keepdims=True), (y * columns).sum(1, keepdims=True)
    return x * (rows - mean[0]), y * (columns - mean[1])


def _replicator(a: Array, b: Array, x: Array, y: Array, h: float) -> tuple[Array, Array]:
    """A step of h in time by Runge-Kutta, in parts of at most .1 / the spread of the pay-offs."""
    spread = max(1e-9, float(np.ptp(a)), float(np.ptp(b)))
    parts = replicator_parts(spread, h)
    t = h / parts
    for _unused in range(parts):
        k1 = _flow(a, b, x, y)
        k2 = _flow(a, b, x + t / 2 * k1[0], y + t / 2 * k1[1])
        k3 = _flow(a, b, x + t / 2 * k2[0], y + t / 2 * k2[1])
        k4 = _flow(a, b, x + t * k3[0], y + t * k3[1])
        x = np.maximum(x + t / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0]), 0)
        y = np.maximum(y + t / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1]), 0)
        x, y = x / x.sum(1, keepdims=True), y / y.sum(1, keepdims=True)
    return x, y


def replicator_parts(spread: float, h: float) -> int:
    """The Runge-Kutta steps of an update of h, if the pay-offs differ by up to `spread`."""
    return min(200, max(1, int(np.ceil(h * spread / 0.1))))


def _fictitious(a: Array, b: Array, x: Array, y: Array, h: float, updates: int) -> Array:
    """Each update each player plays the best response to the other's play so far, x and y first.

    The path is what they play; h is not used. Ties go to the first strategy.
    """
    path = np.zeros((updates + 1, len(x), len(a) + len(b.T)))
    path[0] = np.concatenate([x, y], 1)
    total = path[0].copy()
    m, runs = len(a), np.arange(len(x))
    for i in range(1, updates + 1):
        rows, columns = _gains(a, b, total[:, :m], total[:, m:])
        path[i, runs, rows.argmax(1)] = 1
        path[i, runs, m + columns.argmax(1)] = 1
        total += path[i]
    return path


for _entry in (
    DynamicsEntry(
        "gradient",
        _("gradient ascent"),
        r"x' = \Pi(x + h A y),\ y' = \Pi(y + h B^\top x)",
        _(
            "Both players climb their own pay-off at the same time: round a mixed "
            "equilibrium of a zero-sum game they chase one another as in a GAN, and "
            "spiral out to the edge."
        ),
        cite="Singh et al. 2000",
        step=_gradient,
    ),
    DynamicsEntry(
        "alternating",
        _("alternating gradient ascent"),
        r"x' = \Pi(x + h A y),\ y' = \Pi(y + h B^\top x')",
        _(
            "The column player answers the row that has just moved: in a zero-sum game "
            "the path stays on its circle."
        ),
        cite="Bailey et al. 2020",
        step=_alternating,
    ),
    DynamicsEntry(
        "extragradient",
        _("extragradient"),
        r"x' = \Pi(x + h A \tilde y),\ \tilde y = \Pi(y + h B^\top x), \text{ and alike for } y",
        _("Both look one update ahead: in a zero-sum game the path spirals in."),
        cite="Korpelevich 1976",
        step=_extragradient,
    ),
    DynamicsEntry(
        "replicator",
        _("replicator"),
        r"\dot x_i = x_i\,((A y)_i - x^\top A y)",
        _(
            "Shares of a population that grow as they pay, in continuous time: in a "
            "zero-sum game they circle for ever, and their average comes to the "
            "equilibrium."
        ),
        cite="Taylor & Jonker 1978",
        step=_replicator,
    ),
    DynamicsEntry(
        "weights",
        _("multiplicative weights"),
        r"x_i' \propto x_i\,e^{h (A y)_i}",
        _(
            "In a zero-sum game the play moves away from a mixed equilibrium, and its "
            "average comes near it."
        ),
        cite="Freund & Schapire 1999",
        step=_weights,
    ),
    DynamicsEntry(
        "optimistic",
        _("optimistic weights"),
        r"x_i' \propto x_i\,e^{h (2 (A y)_i - (A y_{-1})_i)}",
        _(
            "Each expects the last change to come again: in a zero-sum game the play "
            "itself comes to the equilibrium."
        ),
        cite="Daskalakis & Panageas 2019",
        play=_optimistic,
    ),
    DynamicsEntry(
        "fictitious",
        _("fictitious play"),
        r"x_{t+1} = \mathrm{BR}\bigl(\tfrac1t \sum_{s \le t} y_s\bigr), \text{ and alike for } y",
        _(
            "Each plays the best response to what the other has played so far on "
            "average. In zero-sum games the averages come to an equilibrium."
        ),
        cite="Brown 1951; Robinson 1951",
        params=(),
        play=_fictitious,
    ),
):
    DYNAMICS.add(_entry)
