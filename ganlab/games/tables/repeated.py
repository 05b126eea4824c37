"""A game of two strategies played again and again by simple players: exact expected pay-offs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganlab.games.tables.entry import Array, Table
from ganlab.languages import _
from ganlab.registry import SpecError

LONGEST = 1000  # rounds
# The moves: what dilemmas call to cooperate or to deny, and to defect or to confess.
COOPERATE, DEFECT = 0, 1


@dataclass(frozen=True)
class Automaton:
    """A player with a finite memory, which begins in state 0.

    cooperates (s,): the probability to cooperate in each state; after[state][own][other]: the next
    state after both moves.
    """

    title: str
    doc: str
    cooperates: tuple[float, ...]
    after: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    cite: str = ""


_STAY = (((0, 0), (0, 0)),)
_BY_OTHER = (((0, 1), (0, 1)),) * 2
_FOR_EVER = (((0, 1), (0, 1)), ((1, 1), (1, 1)))
PLAYERS: dict[str, Automaton] = {
    "defect": Automaton(_("always defect"), _("Defects in every round."), (0.0,), _STAY),
    "cooperate": Automaton(_("always cooperate"), _("Cooperates in every round."), (1.0,), _STAY),
    "tit-for-tat": Automaton(
        _("tit for tat"),
        _("Cooperates first, and then does what the other one did."),
        (1.0, 0.0),
        _BY_OTHER,
        _("Rapoport, in Axelrod 1984"),
    ),
    "grim": Automaton(
        _("grim"),
        _("Cooperates until the other one defects, and never again."),
        (1.0, 0.0),
        _FOR_EVER,
        "Friedman 1971",
    ),
    "random": Automaton(_("random"), _("Cooperates in half of the rounds."), (0.5,), _STAY),
}


def player(name: str) -> Automaton:
    """A player of `PLAYERS`. Raises `SpecError`."""
    if name not in PLAYERS:
        raise SpecError("player", name, _("one of {listed}", listed=", ".join(PLAYERS)))
    return PLAYERS[name]


class Dilemma(NamedTuple):
    """The pay-offs of a symmetric dilemma.

    temptation: to defect alone; reward: both cooperate; punishment: both defect; sucker: to
    cooperate alone. T > R > P > S.
    """

    temptation: float
    reward: float
    punishment: float
    sucker: float

    @property
    def payoffs(self) -> Array:
        """What a player gets, [own move, other's move], (2, 2)."""
        t, r, p, s = self
        return np.array([[r, s], [t, p]])

    @property
    def grim_discount(self) -> float:
        """The least probability of another round with which grim against grim is an equilibrium.

        (T - R)/(T - P): below it, one temptation is worth the punishments for ever after.
        """
        t, r, p, _ = self
        return (t - r) / (t - p)

    @property
    def tit_for_tat_discount(self) -> float:
        """The least probability with which tit for tat against itself is a Nash equilibrium.

        max((T - R)/(T - P), (T - R)/(R - S)): to defect for ever, or every second round, must not
        pay. 1 or more: never. Source: Axelrod 1984, proposition 2.
        """
        t, r, _, s = self
        return max(self.grim_discount, (t - r) / (r - s))


def dilemma(game: Table) -> Dilemma:
    """The dilemma of a symmetric 2 × 2 game: its dominant strategy is to defect.

    Raises `SpecError` if the game is none.
    """
    a, b = game.payoffs
    if a.shape == (2, 2) and (a == b.T).all():
        for c in (0, 1):
            d = 1 - c
            found = Dilemma(*(float(v) for v in (a[d, c], a[c, c], a[d, d], a[c, d])))
            if found.temptation > found.reward > found.punishment > found.sucker:
                return found
    allowed = _("a prisoner's dilemma: symmetric, 2 × 2, temptation > reward > punishment > sucker")
    raise SpecError("game", "another", allowed)


def rounds(game: Dilemma, one: str, other: str, count: int) -> Array:
    """Expected pay-offs of both players in each of `count` rounds, (count, 2).

    Raises `SpecError` for unknown players, and unless 1 <= count <= 1,000.
    """
    _check_rounds(count)
    chain, gets = _joint(game, one, other)
    now = np.zeros(len(chain))
    now[0] = 1
    out = np.empty((count, 2))
    for i in range(count):
        out[i] = now @ gets
        now = now @ chain
    return out


def expected(game: Dilemma, one: str, other: str, again: float) -> tuple[float, float]:
    """The expected mean pay-off per round of both players, if another round follows with `again`.

    (1 - δ) Σ δᵗ uₜ, with δ = `again` from 0 to less than 1, from the Markov chain of both players'
    memories. Raises `SpecError`.
    """
    _check(again)
    chain, gets = _joint(game, one, other)
    start = np.zeros(len(chain))
    start[0] = 1
    visits = np.linalg.solve(np.eye(len(chain)) - again * chain.T, start)
    mean = (1 - again) * visits @ gets
    return float(mean[0]), float(mean[1])


def matrix(game: Dilemma, again: float) -> Array:
    """`expected` pay-offs of each player of `PLAYERS` against each, those of the first, (n, n)."""
    return np.array([[expected(game, i, j, again)[0] for j in PLAYERS] for i in PLAYERS])


def best_reply(game: Dilemma, other: str, again: float) -> tuple[float, tuple[int, ...]]:
    """The highest expected mean pay-off against a player, and the moves that reach it.

    The moves are those in each state of the other one's memory; no strategy, however clever, gets
    more. If a player's pay-off against itself is this, the pair is a Nash equilibrium.
    again: the probability of another round, from 0 to less than 1. Raises `SpecError`.
    """
    _check(again)
    them = player(other)
    best = (-math.inf, tuple[int, ...]())
    for moves in product((COOPERATE, DEFECT), repeat=len(them.cooperates)):
        # Against a finite memory the best reply is one move for each of its states.
        value = follow(game, other, moves, again)
        if value > best[0] + 1e-12:
            best = (value, moves)
    return best


def best_moves(game: Dilemma, other: str, count: int) -> list[int]:
    """The best moves against a player in a known number of rounds, the first round first.

    By backward induction. If the other one is random, the moves that its likeliest path asks for.
    Raises `SpecError`.
    """
    plan, _ = _backwards(game, other, count)
    them = player(other)
    out, state = [], 0
    for moves in plan:
        out.append(moves[state])
        theirs = COOPERATE if them.cooperates[state] >= 0.5 else DEFECT
        state = them.after[state][theirs][moves[state]]
    return out


def best_total(game: Dilemma, other: str, count: int) -> float:
    """The highest expected total against a player in `count` rounds. Raises `SpecError`."""
    return _backwards(game, other, count)[1]


def _backwards(game: Dilemma, other: str, count: int) -> tuple[list[list[int]], float]:
    """The best move in each round and state of the other one's memory, and the expected total."""
    _check_rounds(count)
    them = player(other)
    states = range(len(them.cooperates))
    later = np.zeros(len(them.cooperates))
    plan: list[list[int]] = []
    for _unused in range(count):
        value = np.empty((2, len(later)))
        for move in (COOPERATE, DEFECT):
            gets, chain = _against(game, them, (move,) * len(later))
            value[move] = gets + chain @ later
        plan.append([int(value[DEFECT, s] >= value[COOPERATE, s]) for s in states])
        later = value.max(0)
    return plan[::-1], float(later[0])


def table_of(game: Dilemma, count: int) -> Array:
    """As `matrix`, of the mean pay-offs in a known number of rounds, (n, n). Raises `SpecError`."""
    means = [[rounds(game, i, j, count)[:, 0].mean() for j in PLAYERS] for i in PLAYERS]
    return np.array(means)


def follow(game: Dilemma, other: str, moves: Sequence[int], again: float) -> float:
    """The expected mean pay-off of a move for each state of the other one's memory.

    As `best_reply`, for given moves. Raises `SpecError`.
    """
    _check(again)
    gets, chain = _against(game, player(other), moves)
    visits = np.linalg.solve(np.eye(len(gets)) - again * chain, gets)
    return float((1 - again) * visits[0])


def match(one: str, other: str, count: int, seed: int) -> NDArray[np.int64]:
    """The moves of both players in `count` rounds, drawn with a seed, (count, 2).

    Round and player have a draw of their own, so that a longer match begins alike. Raises
    `SpecError`.
    """
    _check_rounds(count)
    both, states = (player(one), player(other)), [0, 0]
    draws = np.random.default_rng(seed).random((LONGEST, 2))
    out = np.empty((count, 2), np.int64)
    for i in range(count):
        chances = [p.cooperates[s] for p, s in zip(both, states, strict=True)]
        out[i] = [DEFECT if draws[i, k] >= chances[k] else COOPERATE for k in (0, 1)]
        states = [both[k].after[states[k]][out[i, k]][out[i, 1 - k]] for k in (0, 1)]
    return out


def last_round(again: float, seed: int, most: int = LONGEST) -> int:
    """How many rounds a match has in which another follows with probability `again`, by a seed.

    At most `most`. The same seed gives a longer match for a higher probability. Raises `SpecError`.
    """
    _check(again)
    draw = float(np.random.default_rng([seed, 1]).random())
    if again == 0:
        return 1
    return min(most, 1 + int(math.log(1 - draw) / math.log(again)))


def _against(game: Dilemma, them: Automaton, moves: Sequence[int]) -> tuple[Array, Array]:
    """What `moves`, one for each state of a player, get (s,), and the chain of states (s, s)."""
    n = len(them.cooperates)
    gets, chain = np.zeros(n), np.zeros((n, n))
    for s, move in enumerate(moves):
        for theirs, chance in ((COOPERATE, them.cooperates[s]), (DEFECT, 1 - them.cooperates[s])):
            gets[s] += chance * game.payoffs[move, theirs]
            chain[s, them.after[s][theirs][move]] += chance
    return gets, chain


def _check(again: float) -> None:
    if not isinstance(again, (int, float)) or not 0 <= again < 1:
        raise SpecError("probability of another round", again, _("from 0 to less than 1"))


def _check_rounds(count: int) -> None:
    if not isinstance(count, int) or not 1 <= count <= LONGEST:
        raise SpecError("rounds", count, _("1 to {longest}", longest=LONGEST))


def _joint(game: Dilemma, one: str, other: str) -> tuple[Array, Array]:
    """The chain of both memories (s, s), and what both get in each state (s, 2)."""
    a, b = player(one), player(other)
    m, n = len(a.cooperates), len(b.cooperates)
    chain, gets = np.zeros((m * n, m * n)), np.zeros((m * n, 2))
    for i in range(m):
        for j in range(n):
            for x, px in ((COOPERATE, a.cooperates[i]), (DEFECT, 1 - a.cooperates[i])):
                for y, py in ((COOPERATE, b.cooperates[j]), (DEFECT, 1 - b.cooperates[j])):
                    to = a.after[i][x][y] * n + b.after[j][y][x]
                    chain[i * n + j, to] += px * py
                    gets[i * n + j] += px * py * np.array([game.payoffs[x, y], game.payoffs[y, x]])
    return chain, gets
