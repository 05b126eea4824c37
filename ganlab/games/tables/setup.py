"""What the page of matrix games shows of one game: its table, and the dynamics that move it.

The address is `game=coins&dynamics=gradient&start=0.2,0.7`, or has the pay-offs themselves:
`a=3,-2;-2,1&b=...&rows=heads,tails&columns=heads,tails`, without b for a zero-sum game. What has
its default is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from ganlab.games.tables.dynamics import DYNAMICS, STEP, replicator_parts
from ganlab.games.tables.entry import Array, Table, read, write
from ganlab.games.tables.presets import PRESETS
from ganlab.languages import _
from ganlab.query import refusing, texts_of, values_of
from ganlab.registry import Param, SpecError

MOST_STARTS = 6
MOST_PARTS = 4000  # Runge-Kutta steps of a trajectory, of about 0.1 ms each
_START = _("the probabilities of all strategies but the last, first the row player's")

GAME = Param("game", _("game"), "coins", kind="choice", choices=PRESETS, doc=_("A known game."))
RULE = Param(
    "dynamics",
    _("dynamics"),
    "replicator",
    kind="choice",
    choices=DYNAMICS,
    doc=_("How the strategies move."),
)
UPDATES = Param("updates", _("updates"), 300, 10, 2000, "int", doc=_("How many are made."))
WEAKLY = Param(
    "weakly",
    _("weakly"),
    0,
    0,
    1,
    "int",
    doc=_("Whether weakly dominated strategies are struck out."),
)
DROPPED = Param(
    "dropped",
    _("struck out"),
    0,
    0,
    6,
    "int",
    doc=_("How many dominated strategies are struck out."),
)
PLAYERS = {"row": _("the row player's"), "column": _("the column player's")}
OF = Param(
    "of",
    _("pay-offs"),
    "row",
    kind="choice",
    choices=PLAYERS,
    doc=_("Whose max-min and min-max are shown."),
)
START = Param(
    "start", _("starting points"), (), 0.0, 1.0, "floats", longest=6 * MOST_STARTS, doc=_START
)
NUMBERS = (RULE, STEP, UPDATES, WEAKLY, DROPPED, OF)


@dataclass(frozen=True)
class _Payoffs:
    """The Param of a player's pay-offs."""

    name: str
    title: str
    default: None = None

    def parse(self, text: str) -> tuple[tuple[float, ...], ...]:
        return read(text)


@dataclass(frozen=True)
class _Names:
    """The Param of strategies' names, separated by commas."""

    name: str
    title: str
    default: tuple[str, ...] = ()

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(","))


_TABLE = (
    _Payoffs("a", _("the row player's pay-offs")),
    _Payoffs("b", _("the column player's pay-offs")),
    _Names("rows", _("names of the rows")),
    _Names("columns", _("names of the columns")),
)
_FIELDS = {  # by the names in errors of a Table
    "pay-offs of the row player": "a",
    "pay-offs of the column player": "b",
    "names of the rows": "rows",
    "names of the columns": "columns",
}
FIELDS: tuple[Any, ...] = (GAME, *_TABLE, *NUMBERS, START)


@dataclass(frozen=True)
class GameSetup:
    """A table, the dynamics with their numbers, and the starting points.

    starts: of each point `_START`, m + n - 2 numbers; () for the table's own. weakly, dropped:
    which dominated strategies are struck out. of: whose max-min is shown. Raises `SpecError` for
    what is not allowed.
    """

    table: Table = PRESETS[GAME.default].table
    dynamics: str = RULE.default
    step: float = STEP.default
    updates: int = UPDATES.default
    weakly: int = 0
    dropped: int = 0
    of: str = OF.default
    starts: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        for param in NUMBERS:
            object.__setattr__(self, param.name, param.check(getattr(self, param.name)))
        if len(self.starts) > MOST_STARTS:
            raise SpecError(
                "start", self.starts, _("at most {most_starts} points", most_starts=MOST_STARTS)
            )
        for start in self.starts:
            mixed(start, self.table.shape)

    @property
    def game(self) -> str:
        """The name of the known game with this table; "" if there is none."""
        return next((p.name for p in PRESETS.values() if p.table == self.table), "")

    @property
    def points(self) -> list[tuple[Array, Array]]:
        """Where the paths start: probabilities x (m,) and y (n,)."""
        starts = self.starts or default_starts(self.table.shape)
        return [mixed(start, self.table.shape) for start in starts]

    @property
    def made(self) -> int:
        """How many updates are made: fewer than `updates` if each is long."""
        if self.dynamics != "replicator":
            return self.updates
        spread = max(float(np.ptp(p)) for p in self.table.payoffs)
        return max(1, min(self.updates, MOST_PARTS // replicator_parts(spread, self.step)))

    def query(self) -> str:
        """The query string, from which `from_query` makes an equal setup."""
        pairs: dict[str, str] = {}
        if self.game:
            pairs["game"] = self.game
        else:
            game = self.table
            plain = Table(game.a)
            pairs["a"] = write(game.a)
            if game.b is not None:
                pairs["b"] = write(game.b)
            for name in ("rows", "columns"):
                if getattr(game, name) != getattr(plain, name):
                    pairs[name] = ",".join(getattr(game, name))
        for param in NUMBERS:
            value = getattr(self, param.name)
            if value != param.default:
                pairs[param.name] = param.format(value)
        if self.starts:
            pairs["start"] = START.format([p for start in self.starts for p in start])
        return urlencode(pairs, safe=",;/")

    @classmethod
    def from_query(cls, query: object, ignored: list[SpecError] | None = None) -> GameSetup:
        """The setup of a query string or of pairs.

        Raises `SpecError` for what cannot be used; with a list, each error is appended to it, and
        the default is used instead.
        """
        refuse = refusing(ignored)
        texts = texts_of(query, refuse)
        known: dict[str, Any] = {p.name: p for p in FIELDS}
        got = values_of(known, texts, refuse)
        table = PRESETS[got.get("game", GAME.default)].table
        given = {n: v for n, v in got.items() if n in ("a", "b", "rows", "columns")}
        if "a" not in got:
            for name in given:
                refuse(
                    SpecError(name, texts[name], _("left out without the row player's pay-offs a"))
                )
        else:
            if "game" in got:
                refuse(SpecError("game", got["game"], _("left out beside the pay-offs a")))
            try:
                table = Table(**given)
            except SpecError as error:
                name = _FIELDS[error.name]
                value = error.value if isinstance(error.value, float) else texts.get(name, "")
                refuse(SpecError(name, value, error.allowed))
        setup = cls(table, **{p.name: got[p.name] for p in NUMBERS if p.name in got})
        if "start" in got:
            try:
                setup = replace(setup, starts=_points(got["start"], table.shape))
            except SpecError as error:
                refuse(error)
        return setup


def _points(flat: Sequence[float], shape: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    each = sum(shape) - 2
    if len(flat) % each:
        raise SpecError(
            "start",
            START.format(flat),
            _("{each} numbers for each point: {start}", each=each, start=_START),
        )
    return tuple(tuple(flat[i : i + each]) for i in range(0, len(flat), each))


def mixed(start: Sequence[float], shape: tuple[int, int]) -> tuple[Array, Array]:
    """The probabilities x (m,) and y (n,) of a starting point's m + n - 2 numbers.

    Raises `SpecError` unless each player's are at least 0 and add up to at most 1.
    """
    m, n = shape
    if len(start) != m + n - 2:
        raise SpecError(
            "start", START.format(start), _("{m} numbers: {start}", m=m + n - 2, start=_START)
        )
    out = []
    for part in (start[: m - 1], start[m - 1 :]):
        if min(part) < 0 or sum(part) > 1 + 1e-6:
            raise SpecError(
                "start", START.format(part), _("probabilities that add up to at most 1")
            )
        p = np.array([*part, max(0.0, 1 - sum(part))])
        out.append(p / p.sum())
    return out[0], out[1]


def default_starts(shape: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    """Two points of a 2 × 2 game, one of a larger game, all off the centre and the edges."""
    if shape == (2, 2):
        return (0.2, 0.2), (0.6, 0.75)
    weights = ([3.0, 2.0, 1.0, 1.5], [1.0, 1.5, 2.0, 1.0])
    start: list[float] = []
    for own, count in zip(weights, shape, strict=True):
        start += [round(w / sum(own[:count]), 3) for w in own[: count - 1]]
    return (tuple(start),)
