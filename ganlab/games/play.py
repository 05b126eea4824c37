"""Trajectories of a game under one method, all computed together."""

from __future__ import annotations

import numpy as np

from ganlab.games.entry import GAMES, Array, Values
from ganlab.games.field import Field
from ganlab.games.method import Method
from ganlab.games.schemes import FAR, SCHEMES
from ganlab.games.turn import SmallGame
from ganlab.languages import _
from ganlab.registry import SpecError

MOST_STARTS = 64
PADDED = 8  # trajectories are computed in a multiple of these


class Play:
    """Trajectories of the game `name` from `starts` (R, 2).

    path: the points (updates + 1, R, 2), NaN from where a trajectory has diverged. An update here
    is one iteration: both players move once. diverged: for each trajectory the update at which it
    had no finite value, or was further than `FAR` from 0; 0 if it never was.

    Raises `SpecError` for values, starts or a method that are not allowed.
    """

    def __init__(
        self,
        name: str,
        method: Method | None = None,
        starts: Array | list[tuple[float, float]] | None = None,
        **values: object,
    ):
        self.game = GAMES[name]
        self.values: Values = self.game.read(values)
        self.method = Method() if method is None else method
        self.method.check(self.game, self.values)
        try:
            points = np.array([self.game.start] if starts is None else starts, np.float64)
        except (TypeError, ValueError):
            points = np.zeros(0)
        if points.ndim != 2 or points.shape[1] != 2 or not 1 <= len(points) <= MOST_STARTS:
            raise SpecError(
                "start",
                starts,
                _("1 to {most_starts} points of two numbers", most_starts=MOST_STARTS),
            )
        if not (np.abs(points) <= FAR).all():
            raise SpecError(
                "start", starts, _("numbers from {far:g} to {far2:g}", far=-FAR, far2=FAR)
            )
        self.path = points[None]
        self.diverged = np.zeros(len(points), int)
        self.field = Field(self.game, self.values, self.method.consensus)
        self._small = None if self.method.exact else SmallGame(self.game, self.values, self.method)
        if self._small is not None:
            # All traces are of the same few shapes.
            more = -len(points) % PADDED
            self._parts = self._small.start(np.concatenate([points, points[:1].repeat(more, 0)]))

    @property
    def updates(self) -> int:
        """The number of updates made."""
        return len(self.path) - 1

    def advance(self, updates: int) -> Array:
        """Make more updates; returns the new points (updates, R, 2)."""
        if updates < 1:
            return self.path[len(self.path) :]
        with np.errstate(all="ignore"):  # what diverges overflows
            return self._advance(updates)

    def _advance(self, updates: int) -> Array:
        made = self.updates
        if not np.isfinite(self.path[-1]).any():
            new = np.full((updates, *self.path.shape[1:]), np.nan)
        elif self._small is None:
            new = self._by_scheme(updates)
        else:
            new = self._by_rule(self._small, updates)
        bad = ~(np.abs(new) <= FAR).all(2)
        bad = np.logical_or.accumulate(bad, 0)
        new[bad] = np.nan
        first = np.where(bad.any(0), made + 1 + bad.argmax(0), 0)
        self.diverged = np.where(self.diverged > 0, self.diverged, first)
        self.path = np.concatenate([self.path, new])
        return new

    def _by_rule(self, small: SmallGame, updates: int) -> Array:
        new = np.full((updates, *self.path.shape[1:]), np.nan)
        path, self._parts = small.iterate(self._parts, self.updates, updates)
        new[: len(path)] = path[:, : self.path.shape[1]]
        return new

    def _by_scheme(self, updates: int) -> Array:
        scheme = SCHEMES[self.method.rule]
        return scheme.advance(self.field, self.path[-1], self.method.step, updates)
