"""Games in which players move in turn, as trees, and their solution from the end backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ganlab.games.tables.entry import exact
from ganlab.languages import _
from ganlab.registry import SpecError

MOST = 60  # nodes of a tree
_LONGEST = 24  # characters of a name
_MARKS = "():,/"  # delimiters in the text of a tree


@dataclass(frozen=True)
class Node:
    """A node of a game tree: a player's choice, or an end.

    player: who chooses; "" at an end. moves: name and what follows, of each choice. pays: what each
    player gets at an end, in the order of `players`.
    """

    player: str = ""
    moves: tuple[tuple[str, Node], ...] = ()
    pays: tuple[float, ...] = ()

    def nodes(self) -> Iterator[Node]:
        """This node and all that follow, from left to right."""
        yield self
        for _unused, after in self.moves:
            yield from after.nodes()


@dataclass(frozen=True)
class Solved:
    """A node with what happens from there on if everybody chooses best.

    pays: what each player gets then. best: the numbers of the choices that are equally good for the
    player whose turn it is; play goes on with the first. after: the solved nodes that follow.
    """

    node: Node
    pays: tuple[float, ...]
    best: tuple[int, ...]
    after: tuple[Solved, ...]

    def path(self) -> list[str]:
        """The names of the moves that are made from here."""
        if not self.best:
            return []
        return [self.node.moves[self.best[0]][0], *self.after[self.best[0]].path()]


def players(root: Node) -> tuple[str, ...]:
    """The players in the order in which the tree, read from left to right, names them."""
    return tuple(dict.fromkeys(node.player for node in root.nodes() if node.player))


def solve(root: Node) -> Solved:
    """Backward induction: the subgame-perfect equilibrium, with ties noted.

    Source: Zermelo 1913; Selten 1965. Raises `SpecError` unless each end pays each player, and for
    more than 60 nodes.
    """
    names = players(root)
    for count, node in enumerate(root.nodes(), 1):
        if count > MOST:
            raise SpecError(
                "tree", _("more than {most} nodes", most=MOST), _("at most {most} nodes", most=MOST)
            )
        if not node.player and len(node.pays) != len(names):
            allowed = _(
                "{count} numbers, one for each of {listed}",
                count=len(names),
                listed=", ".join(names),
            )
            raise SpecError("pay-offs of an end", node.pays, allowed)
    return _solve(root, names)


def _solve(node: Node, names: tuple[str, ...]) -> Solved:
    if not node.player:
        return Solved(node, node.pays, (), ())
    after = tuple(_solve(to, names) for _, to in node.moves)
    own = names.index(node.player)
    most = max(one.pays[own] for one in after)
    best = tuple(i for i, one in enumerate(after) if one.pays[own] == most)
    return Solved(node, after[best[0]].pays, best, after)


def lions(count: int) -> Node:
    """The hungry lions: one may eat the sheep and then sleeps, so that the next may eat it, ....

    Each would rather be hungry (0) than eaten (-1), and rather eat (1) than be hungry. The sheep is
    eaten if their number is odd. Raises `SpecError` unless 1 <= count <= 12.
    """
    if not isinstance(count, int) or not 1 <= count <= 12:
        raise SpecError("lions", count, _("1 to 12"))

    def end(eaten: int) -> Node:
        """Lions 1 to `eaten` have eaten; all of them but the last were eaten."""
        pays = [-1.0] * max(0, eaten - 1) + [1.0] * min(1, eaten)
        return Node(pays=tuple(pays + [0.0] * (count - len(pays))))

    node = end(count)
    for i in range(count, 0, -1):
        node = Node(f"lion {i}", (("eat", node), ("wait", end(i - 1))))
    return node


def read(text: str) -> Node:
    """A tree from text: `A(in: B(fight: -1/-1, share: 1/1), out: 0/2)`.

    A player's name, then the choices in parentheses, each a name, a colon and what follows. The
    numbers of an end, separated by slashes, are for the players in the order in which they are
    named. Raises `SpecError` that says where reading stopped.
    """
    if len(text) > 4000:
        raise SpecError("tree", text, _("at most 4,000 characters"))
    reader = _Reader(text)
    root = reader.node(0)
    reader.skip()
    if reader.at < len(text):
        raise reader.error(_("the end"))
    solve(root)
    return root


def write(node: Node) -> str:
    """The text that `read` reads."""
    if not node.player:
        return "/".join(exact(v) for v in node.pays)
    return f"{node.player}({', '.join(f'{name}: {write(to)}' for name, to in node.moves)})"


class _Reader:
    def __init__(self, text: str):
        self.text, self.at, self.count = text, 0, 0

    def error(self, wanted: str) -> SpecError:
        line = self.text[: self.at].count("\n") + 1
        where = _("at character {at}", at=self.at + 1) + (f", line {line}" if line > 1 else "")
        rest = self.text[self.at : self.at + 12]
        if rest:
            return SpecError("tree", rest, f"{wanted} {where}")
        return SpecError(
            "tree",
            self.text,
            _("complete: {wanted} is missing {where}", wanted=wanted, where=where),
        )

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def word(self, wanted: str, marks: str = _MARKS) -> str:
        """The text up to the next mark."""
        self.skip()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in marks:
            self.at += 1
        word = " ".join(self.text[start : self.at].split())
        if not word or len(word) > _LONGEST:
            self.at = start
            raise self.error(f"{wanted} of 1 to {_LONGEST} characters")
        return word

    def take(self, mark: str, wanted: str) -> None:
        self.skip()
        if self.text[self.at : self.at + 1] != mark:
            raise self.error(wanted)
        self.at += 1

    def node(self, depth: int) -> Node:
        self.count += 1
        if self.count > MOST or depth > MOST:
            raise SpecError(
                "tree", _("more than {most} nodes", most=MOST), _("at most {most} nodes", most=MOST)
            )
        start = self.at
        word = self.word(_("a player or a pay-off"))
        self.skip()
        if self.text[self.at : self.at + 1] != "(":
            self.at = start
            return self.end()
        self.at += 1
        moves: list[tuple[str, Node]] = []
        while True:
            name = self.word(_("the name of a choice"))
            if name in [known for known, _ in moves]:
                raise SpecError(
                    "tree", name, _("different names for the choices of {word}", word=word)
                )
            self.take(":", _("a colon after {name}", name=name))
            moves.append((name, self.node(depth + 1)))
            self.skip()
            if self.text[self.at : self.at + 1] != ",":
                break
            self.at += 1
        self.take(")", _("a comma or a closing parenthesis"))
        return Node(word, tuple(moves))

    def end(self) -> Node:
        pays: list[float] = []
        while True:
            start = self.at
            word = self.word("a number")
            try:
                value = float(word)
            except ValueError:
                value = float("nan")
            if not abs(value) <= 1e6:
                self.at = start
                self.skip()
                raise self.error(_("a number from -1e6 to 1e6, or a player with choices in ( ),"))
            pays.append(value)
            if self.text[self.at : self.at + 1] != "/":
                return Node(pays=tuple(pays))
            self.at += 1
