"""What the page of matrix games shows of a tree: its nodes, their positions, its solution.

The address is `lions=7`, or `tree=` and the tree as `ganlab.games.tables.trees.read` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ganlab.games.tables.trees import Node, Solved, lions, players, read, solve, write
from ganlab.games.tables.words import number
from ganlab.languages import _, joined, listed
from ganlab.query import refusing, texts_of, values_of
from ganlab.registry import Param, SpecError

LIONS = Param("lions", _("lions"), 5, 1, 12, "int", doc=_("How many hungry lions there are."))


@dataclass(frozen=True)
class _Tree:
    """The Param of a tree as text."""

    name: str = "tree"
    title: str = "tree"
    default: None = None

    def parse(self, text: str) -> Node:
        return read(text)


TREES = {
    "entry": (
        _("entry of a rival"),
        _("rival(enter: owner(fight: -1/-1, share: 1/1), stay out: 0/2)"),
        _("To fight is a threat that nobody would carry out."),
    ),
    "centipede": (
        "centipede",
        "ann(stop: 1/0, go: bob(stop: 0/2, go: ann(stop: 3/1, go: bob(stop: 2/4, go: 5/3))))",
        _("Both would gain by going on, and yet the first stops at once."),
    ),
    "ultimatum": (
        "ultimatum",
        "ann(half: bob(accept: 5/5, refuse: 0/0), little: bob(accept: 9/1, refuse: 0/0))",
        _("Who gains a little by accepting accepts; so little is offered."),
    ),
}
_LIONS = _(
    "A lion that eats the sheep falls asleep, and then the next one may eat it. "
    "The last lion would eat; so the one before waits; so the one before that "
    "eats: the sheep is eaten if their number is odd."
)
_OWN = _("Each node is solved when all that follows it is: from the ends backwards.")


@dataclass(frozen=True)
class TreeSetup:
    """A tree; count: the lions that it is of, 0 if it is another tree."""

    root: Node
    count: int = 0

    @classmethod
    def of_lions(cls, count: int) -> TreeSetup:
        """The tree of the hungry lions. Raises `SpecError`."""
        return cls(lions(LIONS.check(count)), count)

    @property
    def text(self) -> str:
        """The tree as text."""
        return write(self.root)

    @property
    def name(self) -> str:
        """The known tree's name; "" if it is another or the lions'."""
        return next((n for n, (_, text, _) in TREES.items() if text == self.text), "")

    @property
    def watch(self) -> str:
        """What to watch for."""
        if self.count:
            return _LIONS
        return TREES[self.name][2] if self.name else _OWN

    def query(self) -> str:
        """The query string, from which `from_query` makes an equal setup."""
        pairs = {"lions": str(self.count)} if self.count else {"tree": self.text}
        return urlencode(pairs, safe=",:()/")

    @classmethod
    def from_query(cls, query: object, ignored: list[SpecError] | None = None) -> TreeSetup:
        """The setup of a query string or of pairs.

        Raises `SpecError` for what cannot be used; with a list, each error is appended to it, and
        the default is used instead.
        """
        refuse = refusing(ignored)
        known: dict[str, Any] = {"lions": LIONS, "tree": _Tree()}
        given = values_of(known, texts_of(query, refuse), refuse)
        if "tree" in given:
            if "lions" in given:
                refuse(SpecError("lions", given["lions"], _("left out beside a tree")))
            count = next((n for n in range(1, 13) if lions(n) == given["tree"]), 0)
            return cls(given["tree"], count)
        return cls.of_lions(given.get("lions", LIONS.default))


@dataclass(frozen=True)
class Placed:
    """A node in the picture.

    depth, row: its position; leaves are one row apart, and a node is in the middle of its own.
    parent: the number of the node before it, -1 for the root; move: the name of the choice that
    leads here. turn: when it is solved, from 1 on; 0 for ends. chosen: whether the player before
    chooses it; played: whether it is on the path that is played.
    """

    node: Node
    solved: Solved
    depth: int
    row: float
    parent: int
    move: str
    turn: int
    chosen: bool
    played: bool


def place(root: Node) -> list[Placed]:
    """All nodes with their positions, each before those that follow it. Raises `SpecError`."""
    leaves = iter(range(10_000))

    def walk(
        one: Solved, depth: int, parent: int, move: str, chosen: bool, played: bool, at: int
    ) -> list[dict[str, Any]]:
        own: dict[str, Any] = {
            "node": one.node,
            "solved": one,
            "depth": depth,
            "parent": parent,
            "move": move,
            "turn": 0,
            "chosen": chosen,
            "played": played,
        }
        out = [own]
        rows = []
        for i, (after, (name, _unused)) in enumerate(zip(one.after, one.node.moves, strict=True)):
            best, first = i in one.best, i == one.best[0]
            more = walk(after, depth + 1, at, name, best, played and first, at + len(out))
            rows.append(more[0]["row"])
            out += more
        own["row"] = (rows[0] + rows[-1]) / 2 if rows else float(next(leaves))
        return out

    # The number of a node is known before those that follow it are walked.
    found = walk(solve(root), 0, -1, "", True, True, 0)
    order = sorted(
        (i for i, one in enumerate(found) if one["node"].player),
        key=lambda i: (-found[i]["depth"], found[i]["row"]),
    )
    for turn, i in enumerate(order, 1):
        found[i]["turn"] = turn
    return [Placed(**one) for one in found]


def said(one: Solved, names: tuple[str, ...]) -> str:
    """Why a player chooses as it does, in words."""
    own = names.index(one.node.player)
    gets = [
        _("{name} pays {pay}", name=name, pay=number(after.pays[own]))
        for name, after in _choices(one)
    ]
    best = [one.node.moves[i][0] for i in one.best]
    tie = (
        _(" ({listed} are equally good: the first is taken)", listed=joined(_(" and "), best))
        if len(best) > 1
        else ""
    )
    return _(
        "{player}: {listed}. It chooses {best}{tie}.",
        player=one.node.player,
        listed=listed(gets),
        best=best[0],
        tie=tie,
    )


def _choices(one: Solved) -> Iterator[tuple[str, Solved]]:
    for (name, _unused), after in zip(one.node.moves, one.after, strict=True):
        yield name, after


def parity() -> list[tuple[int, bool]]:
    """For 1 to 12 lions: whether the first one eats the sheep, by backward induction."""
    return [(n, solve(lions(n)).path()[0] == "eat") for n in range(1, 13)]


def table(setup: TreeSetup) -> list[list[str]]:
    """The nodes as rows of text: number, parent, move, player, pay-offs from there on, chosen."""
    names = players(setup.root)
    head = ["node", "parent", "move", "player", *names, "chosen", "played"]
    rows = [
        [
            str(i),
            str(one.parent) if one.parent >= 0 else "",
            one.move,
            one.node.player,
            *(repr(v) for v in one.solved.pays),
            str(int(one.chosen)),
            str(int(one.played)),
        ]
        for i, one in enumerate(place(setup.root))
    ]
    return [head, *rows]
