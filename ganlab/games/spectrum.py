"""Eigenvalues of one update at an equilibrium, measured from the update itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganlab.games.entry import Array, Equilibrium, GameEntry, Values
from ganlab.games.field import Field
from ganlab.games.method import Method
from ganlab.games.schemes import SCHEMES
from ganlab.games.turn import SmallGame

EPS = 1e-5  # of the differences


def measured(
    game: GameEntry, values: Values, method: Method, at: Equilibrium
) -> NDArray[np.complex128] | None:
    """The eigenvalues (n,) of one update, or of lookahead's cycle; None if it has no derivative.

    By central differences of the update of all that it carries on: both numbers, and what the
    optimiser, the rule and lookahead keep. Adaptive optimisers divide by the gradient's size, which
    is 0 at a rest point, and have no derivative there.
    """
    if at.jacobian is None or method.optimizer not in ("sgd", "momentum", "nesterov"):
        return None
    matrix = _of_scheme(game, values, method, at) if method.exact else _of_rule(
        SmallGame(game, values, method), method, at
    )  # fmt: skip
    if not np.isfinite(matrix).all():
        return None
    return np.asarray(np.linalg.eigvals(matrix), np.complex128)


def _of_scheme(game: GameEntry, values: Values, method: Method, at: Equilibrium) -> Array:
    field, centre = Field(game, values, method.consensus), np.array([at.x, at.y])
    eps = 100 * EPS  # both schemes have a tolerance: larger differences keep its share small
    around = np.concatenate([centre + eps * np.eye(2), centre - eps * np.eye(2)])
    end = SCHEMES[method.rule].advance(field, around, method.step, 1)[0]
    return np.asarray(((end[:2] - end[2:]) / (2 * eps)).T)


def _of_rule(small: SmallGame, method: Method, at: Equilibrium) -> Array:
    rest = np.array([[at.x, at.y]])
    size = len(small.start(rest))
    signs = np.concatenate([np.eye(size), -np.eye(size)]) * EPS
    parts = small.start(np.repeat(rest, 2 * size, 0))
    parts = tuple(p + p.new_tensor(by)[:, None] for p, by in zip(parts, signs.T, strict=True))
    _, parts = small.iterate(parts, 0, method.lookahead or 1)
    end = np.concatenate([part.numpy() for part in parts], 1)
    return np.asarray((end[:size] - end[size:]).T / (2 * EPS))
