"""The tab "Repeated": a dilemma that is played again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
from latex2mathml.converter import convert

from ganlab.games.tables import repeated
from ganlab.games.tables.repeated import PLAYERS
from ganlab.games.tables.repeated_setup import (
    AGAIN,
    ENDS,
    KNOWN_GAMES,
    MOST_AGAIN,
    ROUNDS,
    SEED,
    RepeatedSetup,
    closed_threshold,
    curves,
    replies,
    threshold,
    unravel,
)
from ganlab.games.tables.words import number
from ganlab.languages import _
from ganlab.live.knob import knob

_POINTS = 100  # of a curve
_WATCH = {
    "unknown": _(
        "If the game is likely to go on, to defect today costs the cooperation of "
        "tomorrow. Drag δ: the dashed line marks from where on the first player is a "
        "best reply."
    ),
    "known": _(
        "In the last round nothing is left to lose, so both defect; then the round "
        "before is the last that counts, and so on back to the first. Watch the "
        "staircase go down."
    ),
}


def of_repeated(setup: RepeatedSetup) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page is told about a repeated dilemma, and its arrays.

    moves, gets, exact (rounds, 2): of both players; without a known end also agains (n,), own (n,)
    and curves (replies, n).
    """
    game, names = setup.dilemma, list(PLAYERS)
    gets = setup.table()
    i, j = names.index(setup.one), names.index(setup.other)
    moves = repeated.match(setup.one, setup.other, setup.count, setup.seed)
    pays = np.stack(
        [game.payoffs[moves[:, 0], moves[:, 1]], game.payoffs[moves[:, 1], moves[:, 0]]], 1
    )
    header: dict[str, Any] = {
        "pays": setup.pays,
        "known": [(title, ",".join(number_of(v) for v in p)) for title, p in KNOWN_GAMES.values()],
        "watch": _watch(setup),
        "cite": "Axelrod 1984; Friedman 1971",
        "players": [(name, one.title, one.doc) for name, one in PLAYERS.items()],
        "one": setup.one,
        "other": setup.other,
        "end": setup.end,
        "ends": list(ENDS.items()),
        "count": setup.count,
        "seed": setup.seed,
        "table": gets.tolist(),
        "stable": setup.stable(),
        "expected": [float(gets[i, j]), float(gets[j, i])],
        "best": [setup.best(setup.other), setup.best(setup.one)],
        "totals": pays.sum(0).tolist(),
        "knobs": [knob(ROUNDS if setup.known else AGAIN)],
        "values": {"again": setup.again, "rounds": setup.rounds},
        "again": setup.again,
        "most": MOST_AGAIN,
        "seeds": [SEED.low, SEED.high],
        "replies": list(replies(setup.other)),
        "says": _verdict(setup, gets, i, j),
        "steps": setup.count,
        "notes": [],
    }
    arrays: dict[str, np.ndarray] = {
        "moves": moves.astype(np.int32),
        "gets": pays,
        "exact": repeated.rounds(game, setup.one, setup.other, setup.count),
    }
    if setup.known:
        plan = repeated.best_moves(game, setup.other, setup.rounds)
        header |= {"plan": plan, "unravel": unravel(game, setup.rounds)}
    else:
        agains = np.linspace(0, MOST_AGAIN, _POINTS)
        own = [repeated.expected(game, setup.one, setup.other, float(d))[0] for d in agains]
        arrays |= {"agains": agains, "curves": curves(game, setup.other, agains.tolist())}
        arrays["own"] = np.array(own)
        header |= _threshold(setup)
    return header, arrays


def _watch(setup: RepeatedSetup) -> str:
    """What to watch for; without a known end also which pairs hold cooperation from which δ on."""
    if setup.known:
        return _WATCH[setup.end]
    game = setup.dilemma
    strict, lenient = game.grim_discount, game.tit_for_tat_discount
    if lenient < 1:
        two = _("two players of tit for tat from δ = {number}", number=number(lenient))
    else:
        two = _("two players of tit for tat at no δ")
    return _(
        "{watch} Two grim players are an equilibrium from δ = {number} on, {two}.",
        watch=_WATCH[setup.end],
        number=number(strict),
        two=two,
    )


def number_of(value: float) -> str:
    """A number as an address has it."""
    return f"{value:g}"


def _threshold(setup: RepeatedSetup) -> dict[str, Any]:
    """From which δ on the first player is a best reply: by the curves, and by a formula."""
    closed = closed_threshold(setup.dilemma, setup.one, setup.other)
    return {
        "crossing": threshold(setup.dilemma, setup.one, setup.other),
        "closed": None if closed is None else closed[1],
        "closed_text": "" if closed is None else number(closed[1]),
        "formula": "" if closed is None else convert(rf"\delta^* = {closed[0]}"),
    }


def _verdict(setup: RepeatedSetup, gets: np.ndarray, i: int, j: int) -> str:
    """Whether the pair is an equilibrium, and who would gain by something else."""
    one, other = (PLAYERS[name].title for name in (setup.one, setup.other))
    pair = _("{one} against {other}", one=one, other=other)
    if (i, j) in setup.stable():
        return _("{pair} is an equilibrium: neither gains by playing in any other way.", pair=pair)
    for own, name, against, best in (
        (gets[i, j], _("the first"), setup.other, setup.best(setup.other)),
        (gets[j, i], _("the second"), setup.one, setup.best(setup.one)),
    ):
        if own < best - 1e-9 * setup.spread:
            how = _how(setup, against)
            return _(
                "{pair} is no equilibrium: {name} player gets {own:.4g} a round, and would "
                "get {best:.4g} if it {how}.",
                pair=pair,
                name=name,
                own=own,
                best=best,
                how=how,
            )
    return ""


def _how(setup: RepeatedSetup, against: str) -> str:
    """The best reply to a player in words."""
    if setup.known:
        plan = repeated.best_moves(setup.dilemma, against, setup.rounds)
        last = plan.index(1) if 1 in plan else len(plan)
        if all(plan[last:]):
            return (
                _("defected in every round")
                if last == 0
                else _("defected from round {last} on", last=last + 1)
            )
        return _("played the best reply below")
    moves = repeated.best_reply(setup.dilemma, against, setup.again)[1]
    words = {(0,): "cooperated", (1,): "defected", (1, 1): _("defected in every round")}
    words |= {(0, 0): "cooperated", (0, 1): "cooperated", (1, 0): _("defected and made up in turn")}
    return words[moves]
