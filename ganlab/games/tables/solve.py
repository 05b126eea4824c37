"""Equilibria, values, best responses and dominated strategies of a pay-off table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import nashpy
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ganlab.games.tables.entry import Array, Table

Cells: TypeAlias = NDArray[np.bool_]
CLOSE = 1e-7  # what differs by less is equal, relative to the spread of the pay-offs


class Equilibrium(NamedTuple):
    """Probabilities x (m,) of the rows and y (n,) of the columns, and what both players get."""

    x: Array
    y: Array
    row_gets: float
    column_gets: float

    @property
    def pure(self) -> bool:
        """Whether each player plays one strategy for sure."""
        return bool(self.x.max() > 1 - CLOSE and self.y.max() > 1 - CLOSE)


class Dropped(NamedTuple):
    """A dominated strategy: player (0: rows, 1: columns), its number, and why it is dropped.

    by: probabilities of the player's strategies that are better, whatever the other one does among
    what is left; strict: always better, or sometimes only as good.
    """

    player: int
    strategy: int
    by: Array
    strict: bool


@dataclass(frozen=True)
class Security:
    """What the row player can be sure of, and what the column player can hold it to.

    In pure strategies, and in mixed ones, where both are the value of the game (von Neumann 1928):
    row (m,) and column (n,) reach it. Pay-offs are those of the row player.
    """

    pure_max_min: float
    pure_min_max: float
    value: float
    row: Array
    column: Array


def equilibria(game: Table) -> list[Equilibrium]:
    """All extreme Nash equilibria, the pure ones first.

    All equilibria of a game without ties; of a degenerate game, whose equilibria may form whole
    line segments, the ends of these. By enumeration of the vertices of both players' best-response
    polytopes (von Stengel 2007); support enumeration would miss some of a degenerate game's.
    """
    a, b = (_unit(p) for p in game.payoffs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a game is degenerate
        pairs = list(nashpy.Game(a, b).vertex_enumeration())
    found: list[Equilibrium] = []
    for x, y in pairs:
        x, y = (np.clip(np.asarray(p, np.float64), 0, None) for p in (x, y))
        x, y = (np.where(p < CLOSE, 0.0, p) for p in (x, y))
        x, y = x / x.sum(), y / y.sum()
        if max(_regrets(a, b, x, y)) > CLOSE:
            continue
        if all(max(abs(x - o.x).max(), abs(y - o.y).max()) > CLOSE for o in found):
            found.append(Equilibrium(x, y, *gains(game, x, y)))
    return sorted(found, key=lambda e: (not e.pure, *(-e.x), *(-e.y)))


def _unit(payoffs: Array) -> Array:
    """Pay-offs from 1 to 2: the same game. Of pay-offs of 0 polytopes may be unbounded."""
    low, high = float(payoffs.min()), float(payoffs.max())
    return 1 + (payoffs - low) / ((high - low) if high > low else 1)


def gains(game: Table, x: Array, y: Array) -> tuple[float, float]:
    """The expected pay-offs of the row and of the column player; x (m,), y (n,)."""
    a, b = game.payoffs
    return float(x @ a @ y), float(x @ b @ y)


def regrets(game: Table, x: Array, y: Array) -> tuple[float, float]:
    """How much each player would gain by the best response; both 0 at a Nash equilibrium.

    x (m,), y (n,).
    """
    return _regrets(*game.payoffs, x, y)


def _regrets(a: Array, b: Array, x: Array, y: Array) -> tuple[float, float]:
    rows, columns = a @ y, x @ b
    return float(rows.max() - x @ rows), float(columns.max() - columns @ y)


def best_responses(game: Table) -> tuple[Cells, Cells]:
    """Cells in which the row is a best response to the column, and the reverse, (m, n) each."""
    a, b = game.payoffs
    return a == a.max(0, keepdims=True), b == b.max(1, keepdims=True)


def security(game: Table) -> Security:
    """Max-min and min-max of the row player's pay-off, in pure and in mixed strategies."""
    a, _ = game.payoffs
    row, value = _max_min(a)
    column, _ = _max_min(-a.T)
    return Security(float(a.min(1).max()), float(a.max(0).min()), value, row, column)


def _max_min(a: Array) -> tuple[Array, float]:
    """The mixed row (m,) with the highest least pay-off against any column, and that pay-off."""
    m, n = a.shape
    scale = max(1.0, float(abs(a).max()))
    # Variables x and v: maximise v, with xᵀ a[:, j] >= v for each column j.
    done = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-a.T / scale, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
    )
    x = np.clip(done.x[:m], 0, None)
    out: Array = x / x.sum()
    return out, float(done.x[m] * scale)


def dominated(game: Table, weakly: bool = False) -> list[Dropped]:
    """Strategies that are dropped one after the other, each dominated in what is left of the game.

    By a pure strategy if one will do, else by a mixed one. weakly: also those that are never better
    and sometimes worse; then the order may matter, and equilibria may be lost.
    """
    a, b = game.payoffs
    left = [list(range(n)) for n in game.shape]
    out: list[Dropped] = []
    while True:
        found = _next_dominated((a, b.T), left, weakly)
        if found is None:
            return out
        out.append(found)
        left[found.player].remove(found.strategy)


def _next_dominated(
    payoffs: tuple[Array, Array], left: list[list[int]], weakly: bool
) -> Dropped | None:
    for strict in (True, False)[: 1 + weakly]:
        for player in (0, 1):
            own, other = left[player], left[1 - player]
            u = payoffs[player][np.ix_(own, other)]
            for i, strategy in enumerate(own):
                by = _dominator(u, i, strict)
                if by is not None:
                    full = np.zeros(len(payoffs[player]))
                    full[own] = by
                    return Dropped(player, strategy, full, strict)
    return None


def _only(j: int, count: int) -> Array:
    out = np.zeros(count)
    out[j] = 1
    return out


def _dominator(u: Array, i: int, strict: bool) -> Array | None:
    """Probabilities of the other rows of u (m, n) with which they dominate row i, or None."""
    m, n = u.shape
    if m == 1:
        return None
    close = CLOSE * max(1.0, float(np.ptp(u)))
    for j in range(m):
        more = u[j] - u[i]
        if j != i and (more > 0).all():
            return _only(j, m)
        if j != i and not strict and (more >= 0).all() and (more > 0).any():
            return _only(j, m)
    others = [j for j in range(m) if j != i]
    more = u[others] - u[i]
    if strict:
        best, gain = _max_min(more)
        if gain <= close:
            return None
    else:
        # Nowhere worse, and in total as much better as possible.
        done = linprog(
            -more.sum(1),
            A_ub=-more.T,
            b_ub=np.zeros(n),
            A_eq=np.ones((1, m - 1)),
            b_eq=[1.0],
            bounds=[(0, None)] * (m - 1),
        )
        if not done.success or -done.fun <= close:
            return None
        best = np.clip(done.x, 0, None)
    full = np.zeros(m)
    full[others] = best / best.sum()
    return full
