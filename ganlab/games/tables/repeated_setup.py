"""What the page of matrix games shows of a repeated dilemma: its pay-offs, two players, its end.

The address is `pays=5,3,1,0&one=grim&other=defect&end=known&rounds=10`; what has its default is
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import numpy as np

from ganlab.games.tables.entry import HIGHEST, Array
from ganlab.games.tables.repeated import (
    COOPERATE,
    DEFECT,
    PLAYERS,
    Dilemma,
    best_reply,
    best_total,
    expected,
    follow,
    last_round,
    matrix,
    player,
    table_of,
)
from ganlab.languages import _
from ganlab.query import refusing, texts_of, values_of
from ganlab.registry import Param, SpecError

ENDS = {"unknown": _("no known end"), "known": _("a known last round")}
MOST_AGAIN = 0.99  # probability of another round
MOST_ROUNDS = 50

PAYS = Param(
    "pays",
    _("pay-offs"),
    (5.0, 3.0, 1.0, 0.0),
    -HIGHEST,
    HIGHEST,
    "floats",
    longest=4,
    doc=_("Temptation > reward > punishment > sucker."),
)
ONE = Param(
    "one", _("first player"), "tit-for-tat", kind="choice", choices=PLAYERS, doc=_("How it plays.")
)
OTHER = replace(ONE, name="other", title=_("second player"))
END = Param(
    "end",
    _("end"),
    "unknown",
    kind="choice",
    choices=ENDS,
    doc=_("Whether both players know which round is the last."),
)
AGAIN = Param(
    "again",
    _("δ: another round follows"),
    0.8,
    0.0,
    MOST_AGAIN,
    doc=_("The probability with which another round follows."),
)
ROUNDS = Param("rounds", _("rounds"), 10, 1, MOST_ROUNDS, "int", doc=_("How many are played."))
SEED = Param("seed", _("match"), 2, 0, 999, "int", doc=_("The seed of what is drawn by chance."))
PARAMS = (PAYS, ONE, OTHER, END, AGAIN, ROUNDS, SEED)
KNOWN_GAMES = {
    "gains": ("gains: 5, 3, 1, 0", (5.0, 3.0, 1.0, 0.0)),
    "years": (_("years in prison: 0, −1, −8, −10"), (0.0, -1.0, -8.0, -10.0)),
}


@dataclass(frozen=True)
class RepeatedSetup:
    """A repeated dilemma: pays (temptation, reward, punishment, sucker), players, and its end.

    again: the probability of another round, if the end is not known; rounds: their number, if it
    is. seed: of what is drawn by chance. Raises `SpecError` for what is not allowed.
    """

    pays: tuple[float, ...] = PAYS.default
    one: str = ONE.default
    other: str = OTHER.default
    end: str = END.default
    again: float = AGAIN.default
    rounds: int = ROUNDS.default
    seed: int = SEED.default

    def __post_init__(self) -> None:
        for param in PARAMS:
            object.__setattr__(self, param.name, param.check(getattr(self, param.name)))
        if len(self.pays) != 4 or not all(
            high > low for high, low in zip(self.pays, self.pays[1:], strict=False)
        ):
            allowed = _("4 numbers, temptation > reward > punishment > sucker")
            raise SpecError("pays", PAYS.format(self.pays), allowed)

    @property
    def dilemma(self) -> Dilemma:
        """The pay-offs."""
        return Dilemma(*self.pays)

    @property
    def known(self) -> bool:
        """Whether both players know which round is the last."""
        return self.end == "known"

    @property
    def count(self) -> int:
        """The rounds of the match that is drawn."""
        return self.rounds if self.known else last_round(self.again, self.seed, 2 * MOST_ROUNDS)

    def query(self) -> str:
        """The query string, from which `from_query` makes an equal setup."""
        pairs = {
            p.name: p.format(getattr(self, p.name))
            for p in PARAMS
            if getattr(self, p.name) != p.default
        }
        return urlencode(pairs, safe=",")

    @classmethod
    def from_query(cls, query: object, ignored: list[SpecError] | None = None) -> RepeatedSetup:
        """The setup of a query string or of pairs.

        Raises `SpecError` for what cannot be used; with a list, each error is appended to it, and
        the default is used instead.
        """
        refuse = refusing(ignored)
        given = values_of({p.name: p for p in PARAMS}, texts_of(query, refuse), refuse)
        try:
            return cls(**given)
        except SpecError as error:
            refuse(error)
            return cls(**{n: v for n, v in given.items() if n != "pays"})

    def table(self) -> Array:
        """The exact mean pay-off per round of each player against each, (5, 5)."""
        if self.known:
            return table_of(self.dilemma, self.rounds)
        return matrix(self.dilemma, self.again)

    def best(self, other: str) -> float:
        """The highest mean pay-off per round that anyone can get against a player."""
        if self.known:
            return best_total(self.dilemma, other, self.rounds) / self.rounds
        return best_reply(self.dilemma, other, self.again)[0]

    def stable(self) -> list[tuple[int, int]]:
        """The pairs of players of which neither gains by any other strategy, by number."""
        gets, names = self.table(), list(PLAYERS)
        fits = gets >= np.array([self.best(name) for name in names]) - 1e-9 * self.spread
        return [(int(i), int(j)) for i, j in np.argwhere(fits & fits.T)]

    @property
    def spread(self) -> float:
        """The temptation less the sucker's pay-off."""
        return self.pays[0] - self.pays[3]


def replies(other: str) -> dict[str, tuple[int, ...]]:
    """The simple replies to a player: their words, and the move for each state of its memory."""
    out: dict[str, tuple[int, ...]] = {
        "cooperate for ever": (COOPERATE, COOPERATE),
        "defect for ever": (DEFECT, DEFECT),
    }
    states = len(player(other).cooperates)
    if states == 1:
        return {words: moves[:1] for words, moves in out.items()}
    return out | {"defect, then make up": (DEFECT, COOPERATE)}


def curves(game: Dilemma, other: str, agains: Sequence[float]) -> Array:
    """The expected mean pay-off of each of `replies` at each probability, (replies, n)."""
    return np.array([[follow(game, other, moves, d) for d in agains] for moves in _plans(other)])


def _plans(other: str) -> list[tuple[int, ...]]:
    return list(replies(other).values())


def threshold(game: Dilemma, one: str, other: str) -> float | None:
    """The least probability of another round from which `one` is a best reply to `other`.

    Found where the curves cross, by bisection between 0 and `MOST_AGAIN`; None if it is not one
    even there.
    """

    def lacks(again: float) -> float:
        return best_reply(game, other, again)[0] - expected(game, one, other, again)[0]

    small = 1e-11 * (game.temptation - game.sucker)
    if lacks(MOST_AGAIN) > small:
        return None
    if lacks(0.0) <= small:
        return 0.0
    return _first(lambda again: lacks(again) <= small, MOST_AGAIN)


def _first(holds: Callable[[float], bool], high: float) -> float:
    """The least number from which on `holds`, between 0, where it does not, and `high`."""
    low = 0.0
    for _unused in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def closed_threshold(game: Dilemma, one: str, other: str) -> tuple[str, float] | None:
    """The formula in LaTeX and the value of `threshold`, for pairs that have one."""
    t, r, p, s = game
    grim = r"\frac{T - R}{T - P}"
    if one not in ("grim", "tit-for-tat", "cooperate") or other not in ("grim", "tit-for-tat"):
        return None
    if other == "grim":
        return grim, game.grim_discount
    if (t - r) / (r - s) > game.grim_discount:
        return r"\frac{T - R}{R - S}", game.tit_for_tat_discount
    return grim, game.grim_discount


def unravel(game: Dilemma, count: int) -> list[int]:
    """The best round to begin to defect in, given the other one's, 1 to count + 1 (never).

    Both punish for ever. Entry j - 1 answers a partner who defects from round j on.
    """
    t, r, p, s = game

    def total(own: int, others: int) -> float:
        """Of one who defects from round `own` on."""
        first = min(own, others)
        if first > count:
            return count * r
        turn = p if own == others else t if own < others else s
        return (first - 1) * r + turn + (count - first) * p

    ends = range(1, count + 2)
    return [max(ends, key=lambda own, j=j: (total(own, j), -own)) for j in ends]  # type: ignore[misc]
