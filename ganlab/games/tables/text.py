"""What the page of matrix games shows, as Python lines and as CSV."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence

from ganlab.games.tables import repeated, tree_setup
from ganlab.games.tables.dynamics import plays
from ganlab.games.tables.repeated_setup import RepeatedSetup
from ganlab.games.tables.setup import GameSetup
from ganlab.games.tables.tree_setup import TreeSetup

AnySetup = GameSetup | RepeatedSetup | TreeSetup


def file_name(setup: AnySetup, ending: str) -> str:
    """A file name: what it is of, and a hash of the address."""
    of = {GameSetup: "game", RepeatedSetup: "repeated", TreeSetup: "tree"}[type(setup)]
    digest = hashlib.sha256(f"{of}?{setup.query()}".encode()).hexdigest()
    return f"matrix-{of}-{digest[:8]}.{ending}"


def python(setup: AnySetup) -> str:
    """A script that computes the same numbers."""
    if isinstance(setup, GameSetup):
        lines = _game(setup)
    elif isinstance(setup, RepeatedSetup):
        lines = _repeated(setup)
    else:
        lines = _tree(setup)
    return "\n".join([*lines, ""])


def _game(setup: GameSetup) -> list[str]:
    game = setup.table
    starts = [(x.tolist(), y.tolist()) for x, y in setup.points]
    return [
        "from ganlab.games.tables import Table, dominated, equilibria, security",
        "from ganlab.games.tables.dynamics import plays",
        "",
        f"game = Table({game.a!r}, {game.b!r}, {game.rows!r}, {game.columns!r})",
        "for one in equilibria(game):",
        "    print(one.x, one.y, one.row_gets, one.column_gets)",
        f"print(security(game), dominated(game, weakly={bool(setup.weakly)}))",
        f"starts = {starts!r}",
        f"for path in plays(game, {setup.dynamics!r}, starts, {setup.step!r}, {setup.made}):",
        "    print(path.x[-1], path.y[-1], path.mean_x[-1], path.mean_y[-1], path.mean_regret[-1])",
    ]


def _repeated(setup: RepeatedSetup) -> list[str]:
    one, other = setup.one, setup.other
    lines = [
        "from ganlab.games.tables import repeated",
        "",
        f"game = repeated.Dilemma{setup.pays!r}",
        f"print(repeated.match({one!r}, {other!r}, {setup.count}, seed={setup.seed}))",
    ]
    if setup.known:
        return [
            *lines,
            f"print(repeated.table_of(game, {setup.rounds}))",
            f"print(repeated.best_moves(game, {other!r}, {setup.rounds}))",
        ]
    return [
        *lines,
        f"print(repeated.matrix(game, {setup.again!r}))",
        f"print(repeated.expected(game, {one!r}, {other!r}, {setup.again!r}))",
        f"print(repeated.best_reply(game, {other!r}, {setup.again!r}))",
        "print(game.grim_discount, game.tit_for_tat_discount)",
    ]


def _tree(setup: TreeSetup) -> list[str]:
    made = f"lions({setup.count})" if setup.count else f"read({setup.text!r})"
    return [
        "from ganlab.games.tables.trees import lions, players, read, solve",
        "",
        f"root = {made}",
        "print(players(root), solve(root).pays, solve(root).path())",
    ]


def table(setup: AnySetup) -> str:
    """As CSV: the paths of a game, the rounds of a match, or the nodes of a tree; exact."""
    if isinstance(setup, GameSetup):
        return _written(_paths(setup))
    if isinstance(setup, RepeatedSetup):
        return _written(_rounds(setup))
    return _written(tree_setup.table(setup))


def _written(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _paths(setup: GameSetup) -> Iterable[Sequence[object]]:
    names = [*(f"row {n}" for n in setup.table.rows), *(f"column {n}" for n in setup.table.columns)]
    yield ["start", "update", *names, *(f"mean {n}" for n in names), "regret", "mean regret"]
    paths = plays(setup.table, setup.dynamics, setup.points, setup.step, setup.made)
    for number, path in enumerate(paths, 1):
        parts = [path.x, path.y, path.mean_x, path.mean_y]
        for i in range(len(path.x)):
            values = [v for part in parts for v in part[i].tolist()]
            regrets = float(path.regret[i]), float(path.mean_regret[i])
            yield [number, i, *(repr(v) for v in (*values, *regrets))]


def _rounds(setup: RepeatedSetup) -> Iterable[Sequence[object]]:
    moves = repeated.match(setup.one, setup.other, setup.count, setup.seed)
    exact = repeated.rounds(setup.dilemma, setup.one, setup.other, setup.count)
    words = ("cooperate", "defect")
    yield ["round", "first", "second", *(f"{w} {i}" for w in ("gets", "expected") for i in (1, 2))]
    for i, (a, b) in enumerate(moves.tolist()):
        gets = setup.dilemma.payoffs[a, b], setup.dilemma.payoffs[b, a]
        values = [repr(float(v)) for v in (*gets, *exact[i])]
        yield [i + 1, words[a], words[b], *values]
