"""One iteration of a game near a rest point as a linear map, with what the optimiser remembers.

An optimiser is p(μ) θ = -q(μ) rate g, with polynomials p and q (see `OptimizerEntry.filter`). Of
each parameter it carries on as many numbers as p has degrees, the first one the parameter itself:
w' = C w - b rate g.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Filter = tuple[list[float], list[float]]  # p and q, highest power first


class Blocks(NamedTuple):
    """A game for updates in turns: matrix (n, n) is S J, per iteration, or acts as it does.

    split: the first rows that are D's. steps: updates of D, and of G, in an iteration.
    """

    matrix: Array
    split: int
    steps: tuple[int, int]


def of_modes(rule: str, z: Complex, given: Filter) -> Complex:
    """μ of one iteration for each eigenvalue z (m,) of S J, by "simultaneous" or "extragradient".

    Extragradient's slots take in the second gradient only, as in `ganlab.update_rules`.
    """
    keep, b = _carried(given)
    first = np.eye(len(b))[0]
    at = np.broadcast_to(first, (len(z), len(b))).astype(complex)  # where gradients are taken
    if rule == "extragradient":
        at = at @ keep - z[:, None] * b[0] * at
    maps = keep - z[:, None, None] * b[:, None] * at[:, None, :]
    return np.linalg.eigvals(maps).ravel()


def of_turns(rule: str, game: Blocks, given: Filter, factor: float = 1.0) -> Complex:
    """μ of one iteration, "alternating" or "simultaneous", with `factor` times the rates.

    D makes all of its updates, then G; in simultaneous ones G sees D as before D's last update.
    """
    return np.linalg.eigvals(iteration(rule, game, given, factor)).astype(complex)


def iteration(rule: str, game: Blocks, given: Filter, factor: float = 1.0) -> Array:
    """The matrix (s n, s n) of that iteration: of the parameters, then of what is remembered."""
    keep, b = _carried(given)
    n, states = len(game.matrix), len(b)
    w = np.eye(states * n).reshape(states, n, states * n)  # what is carried on, by its start
    before = w[0]
    for player, rows in enumerate((slice(0, game.split), slice(game.split, n))):
        for _ in range(game.steps[player]):
            if player == 0:
                before = w[0].copy()
            at = w[0]
            if player == 1 and rule == "simultaneous":
                at = np.concatenate([before[: game.split], w[0, game.split :]])
            by = factor / game.steps[player] * game.matrix[rows] @ at
            moved = np.tensordot(keep, w[:, rows], 1) - b[:, None, None] * by
            w[:, rows] = moved
    return w.reshape(states * n, states * n)


def _carried(given: Filter) -> tuple[Array, Array]:
    """C (s, s) and b (s,)."""
    p, q = (np.array(part, float) for part in given)
    keep = np.eye(len(p) - 1, k=1)
    keep[:, 0] -= p[1:] / p[0]
    return keep, np.concatenate([np.zeros(len(p) - 1 - len(q)), q]) / p[0]
