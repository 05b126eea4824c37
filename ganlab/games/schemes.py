"""Rules that only games have: continuous time, and implicit steps solved to a tolerance.

Both need the gradients as often as they like, which a real GAN cannot afford.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ganlab.games.entry import Array
from ganlab.games.field import Field
from ganlab.languages import _
from ganlab.registry import Entry, Registry

TOLERANCE = 1e-10
MOST_CALLS = 2_000, 40  # of the gradients in continuous time: at first, and more for each update
RELATIVE = 1e-8
_MOST_NEWTON = 60
FAR = 1e6  # where a trajectory counts as diverged


@dataclass(frozen=True)
class SchemeEntry(Entry):
    """advance(field, start (R, 2), h, n) -> path (n, R, 2), NaN from where it fails."""

    advance: Callable[[Field, Array, float, int], Array] = dataclasses.field(kw_only=True)


SCHEMES: Registry[SchemeEntry] = Registry("rule")


def _continuous(field: Field, start: Array, h: float, n: int) -> Array:
    """x' = -v(x) at times h, 2h, ..., n h, by an adaptive method of order 8."""
    return _flow(field, start, h, n, MOST_CALLS[0] + MOST_CALLS[1] * n)


def _flow(field: Field, start: Array, h: float, n: int, most: int) -> Array:
    """The path (n, R, 2) of the flow from `start` (R, 2), with at most `most` calls of the field.

    All trajectories share their steps, until one of them makes the steps too short for the others.
    """
    out = np.full((n, *start.shape), np.nan)
    alive = np.flatnonzero(np.isfinite(start).all(1))
    if not len(alive) or most < 1:
        return out
    from scipy.integrate import DOP853  # slow: not at the server's start

    calls, done = 0, 0

    def descent(_: float, flat: Array) -> Array:
        nonlocal calls
        calls += 1
        values = -field.gradients(flat.reshape(-1, 2)).ravel()
        return np.where(np.isfinite(values), values, 0.0)

    first = min(h, 0.1)
    begin = start[alive].ravel()
    solver = DOP853(descent, 0.0, begin, n * h, rtol=RELATIVE, atol=1e-12, first_step=first)
    # Several trajectories get half of the calls together, and the rest one by one.
    together = most if len(alive) == 1 else most // 2
    far = np.zeros(len(alive), bool)
    while done < n and solver.status == "running" and calls < together and not far.any():
        solver.step()
        between = solver.dense_output()
        while done < n and (done + 1) * h <= solver.t * (1 + 1e-12):
            out[done, alive] = between(min((done + 1) * h, solver.t)).reshape(-1, 2)
            done += 1
        far = np.abs(solver.y.reshape(-1, 2)).max(1) > FAR
    if done < n and len(alive) > 1:
        last = out[done - 1] if done else start
        for row in alive[~far]:
            share = (most - calls) // len(alive)
            out[done:, [row]] = _flow(field, last[[row]], h, n - done, share)
    return out


def _implicit(field: Field, start: Array, h: float, n: int) -> Array:
    """x' = x - h v(x'), by Newton's method with shorter steps where a whole one does not help."""
    out = np.full((n, *start.shape), np.nan)
    x = start
    for i in range(n):
        x = _solve(field, x, h)
        out[i] = x
    return out


def _solve(field: Field, old: Array, h: float) -> Array:
    x = old.copy()
    share, wanted = np.ones(len(x)), TOLERANCE * (1 + np.abs(old).max(1))
    with np.errstate(all="ignore"):
        grads, by = field.slopes(x)
        rest = x - old + h * grads
        for _ in range(_MOST_NEWTON):
            size = np.abs(rest).max(1)
            if not (size > wanted).any():
                return np.where((size <= wanted)[:, None], x, np.nan)
            a = np.eye(2) + h * by
            det = a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0]
            step = np.stack(
                [
                    (a[:, 1, 1] * rest[:, 0] - a[:, 0, 1] * rest[:, 1]) / det,
                    (a[:, 0, 0] * rest[:, 1] - a[:, 1, 0] * rest[:, 0]) / det,
                ],
                1,
            )
            trial = x - share[:, None] * step
            grads, new_by = field.slopes(trial)
            new_rest = trial - old + h * grads
            better = ~(np.abs(new_rest).max(1) > size)
            share = np.where(better, np.minimum(1.0, 2 * share), share / 2)
            x = np.where(better[:, None], trial, x)
            rest = np.where(better[:, None], new_rest, rest)
            by = np.where(better[:, None, None], new_by, by)
    return np.where((np.abs(rest).max(1) <= wanted)[:, None], x, np.nan)


SCHEMES.add(
    SchemeEntry(
        "continuous",
        _("continuous time"),
        r"\dot\theta = -v(\theta)",
        _(
            "The limit of small steps: what rotates here belongs to the game, not to the "
            "step size. One iteration is the time h."
        ),
        cite="Mescheder et al. 2018",
        advance=_continuous,
    )
)
SCHEMES.add(
    SchemeEntry(
        "implicit",
        _("implicit (proximal)"),
        r"\theta' = \theta - \eta\,v(\theta')",
        _(
            "Each step uses the gradient at its own end, found by Newton's method: it "
            "spirals in at every step size, which extragradient only imitates."
        ),
        cite="Rockafellar 1976; Mokhtari et al. 2020",
        advance=_implicit,
    )
)
