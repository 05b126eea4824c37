"""The tab "One game": equilibria, max-min and min-max, dominated strategies, and paths."""

from __future__ import annotations

from typing import Any

import numpy as np
from latex2mathml.converter import convert

from ganlab.games.tables.dynamics import DYNAMICS, Path, plays
from ganlab.games.tables.entry import HIGHEST, LEAST, MOST, Table, short
from ganlab.games.tables.entry import table as table_of
from ganlab.games.tables.presets import PRESETS
from ganlab.games.tables.setup import MOST_STARTS, UPDATES, GameSetup
from ganlab.games.tables.solve import (
    Equilibrium,
    best_responses,
    dominated,
    equilibria,
    security,
)
from ganlab.games.tables.words import degenerate, dropped, mixture, number
from ganlab.games.tables.words import path as says_path
from ganlab.games.tables.words import security as says_security
from ganlab.languages import _
from ganlab.live.knob import knob

CELLS = 13  # points of the grid of arrows, along each axis


def of_game(setup: GameSetup) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page is told about a game, and the arrays of its paths, (R, T + 1, ...)."""
    game = setup.table
    a, b = game.payoffs
    found = equilibria(game)
    drops = dominated(game, bool(setup.weakly))
    rule = DYNAMICS[setup.dynamics]
    known = PRESETS.get(setup.game)
    paths = plays(game, setup.dynamics, setup.points, setup.step, setup.made)
    spread = max(float(np.ptp(p)) for p in (a, b))
    header = {
        "game": setup.game,
        "title": known.title if known else _("Your own game"),
        "watch": known.watch if known else "",
        "cite": known.cite if known else "",
        "presets": [(p.name, p.title) for p in PRESETS.values()],
        "pays": [a.tolist(), b.tolist()],
        "cells": [[[short(v) for v in row] for row in p] for p in (a, b)],
        "zero": game.b is None,
        "opposed": game.zero_sum,
        "rows": game.rows,
        "columns": game.columns,
        "bounds": {"least": LEAST, "most": MOST, "highest": HIGHEST, "starts": MOST_STARTS},
        "best": [cells.tolist() for cells in best_responses(game)],
        "equilibria": [_equilibrium(game, one) for one in found],
        "degenerate": degenerate(game, found),
        "drops": [
            {"player": d.player, "strategy": d.strategy, "says": dropped(game, d)} for d in drops
        ],
        "dropped": min(setup.dropped, len(drops)),
        "weakly": setup.weakly,
        "of": setup.of,
        "security": [_security(game, player) for player in (0, 1)],
        "starts": [[x.tolist(), y.tolist()] for x, y in setup.points],
        "rule": {
            "name": rule.name,
            "title": rule.title,
            "doc": rule.doc,
            "cite": rule.cite,
            "equation": convert(rule.equation),
        },
        "rules": [(one.name, one.title) for one in DYNAMICS.entries.values()],
        "knobs": [knob(p) for p in (*rule.params, UPDATES)],
        "values": {"step": setup.step, "updates": setup.updates},
        "steps": setup.made,
        "says": [says_path(path, spread) for path in paths],
        "notes": _notes(setup),
    }
    return header, _arrays(setup, paths)


def _notes(setup: GameSetup) -> list[str]:
    if setup.made == setup.updates:
        return []
    return [
        _(
            "{made} updates instead of {updates}: more take too long with this step size.",
            made=setup.made,
            updates=setup.updates,
        )
    ]


def _equilibrium(game: Table, one: Equilibrium) -> dict[str, Any]:
    return {
        "x": one.x.tolist(),
        "y": one.y.tolist(),
        "gets": [one.row_gets, one.column_gets],
        "pure": one.pure,
        "words": [mixture(one.x, game.rows), mixture(one.y, game.columns)],
        "texts": [number(one.row_gets), number(one.column_gets)],
    }


def _security(game: Table, player: int) -> dict[str, Any]:
    """What a player is sure of in its own pay-offs, whose rows are its own strategies."""
    a, b = game.payoffs
    own = security(game if player == 0 else table_of(b.T))
    return {
        "low": own.pure_max_min,
        "high": own.pure_min_max,
        "value": own.value,
        "own": own.row.tolist(),
        "other": own.column.tolist(),
        "texts": [number(v) for v in (own.pure_max_min, own.pure_min_max, own.value)],
        "says": says_security(own, player, game.zero_sum),
    }


def _arrays(setup: GameSetup, paths: list[Path]) -> dict[str, np.ndarray]:
    """path, mean (R, T + 1, m + n); gets, mean_gets (R, T + 1, 2); regret, mean_regret (R, T + 1).

    field (CELLS, CELLS, 2), of a 2 × 2 game: one update at each point of a grid, rows by the column
    player's probability.
    """
    game = setup.table
    arrays = {
        "path": np.stack([np.concatenate([p.x, p.y], 1) for p in paths]),
        "mean": np.stack([np.concatenate([p.mean_x, p.mean_y], 1) for p in paths]),
        "regret": np.stack([p.regret for p in paths]),
        "mean_regret": np.stack([p.mean_regret for p in paths]),
    }
    if game.shape == (2, 2):
        grid = np.linspace(0, 1, CELLS)
        starts = [(np.array([p, 1 - p]), np.array([q, 1 - q])) for q in grid for p in grid]
        first = plays(game, setup.dynamics, starts, setup.step, 1)
        moves = [[p.x[1, 0] - p.x[0, 0], p.y[1, 0] - p.y[0, 0]] for p in first]
        arrays["field"] = np.array(moves).reshape(CELLS, CELLS, 2)
    return arrays
