"""What the page of matrix games shows: its addresses and words, and its numbers in another way."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq

from ganlab.games.tables import PRESETS, repeated, table, trees
from ganlab.games.tables.repeated import PLAYERS
from ganlab.games.tables.repeated_setup import (
    RepeatedSetup,
    closed_threshold,
    curves,
    replies,
    threshold,
    unravel,
)
from ganlab.games.tables.setup import MOST_PARTS, GameSetup, default_starts, mixed
from ganlab.games.tables.text import file_name, python
from ganlab.games.tables.text import table as as_csv
from ganlab.games.tables.tree_setup import TREES, TreeSetup, parity, place
from ganlab.games.tables.words import dropped, number
from ganlab.registry import SpecError

ADDRESSES = [
    "game=coins",
    "game=prisoners&weakly=1&dropped=2&of=column",
    "a=3,-2;-2,1&rows=up,down&dynamics=weights&step=0.25&updates=40&start=0.2,0.7,0.5,0.5",
    "a=1,2,3;0,1,1/3&b=0,0,1;1,2,3&start=0.2,0.3,0.4&dynamics=fictitious",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_read_and_written(address):
    setup = GameSetup.from_query(address)
    assert GameSetup.from_query(setup.query()) == setup
    assert dict(p.split("=") for p in setup.query().split("&")) == dict(
        p.split("=") for p in address.split("&")
    )


def test_random_tables_survive_their_address_exactly():
    rng = np.random.default_rng(0)
    for _ in range(20):
        m, n = rng.integers(2, 5, 2)
        a, b = rng.normal(size=(2, m, n)) * 10.0 ** rng.integers(-3, 3)
        setup = GameSetup(table(a, b))
        assert (GameSetup.from_query(setup.query()).table.payoffs[0] == a).all()


def test_the_table_of_a_known_game_is_written_by_its_name():
    assert GameSetup(PRESETS["stag"].table).query() == "game=stag"
    other = PRESETS["stag"].table.with_payoff(0, 0, 0, 5)
    assert GameSetup(other).query().startswith("a=5,1;3,3&b=")


@pytest.mark.parametrize(
    "address, field, allowed",
    [
        ("game=chess", "game", "one of coins"),
        ("a=1,2;3", "a", "rows of"),
        ("a=1,2;3,x", "a", "fraction such as 2/3 in row 2, column 2"),
        ("a=1,1/0;3,4", "a", "fraction such as 2/3 in row 1, column 2"),
        ("a=1,2;1_5,4", "a", "in row 2, column 1"),
        ("a=1,2;3,4000", "a", "from -1000 to 1000 in row 2, column 2"),
        ("a=1,2;3,4&b=1,2,3;3,4,5", "b", "2 × 2"),
        ("a=1,2;3,4&rows=same,same", "rows", "2 different names"),
        ("b=1,2;3,4", "b", "without"),
        ("game=coins&a=1,2;3,4", "game", "beside"),
        ("start=0.1,0.2,0.3", "start", "2 numbers for each point"),
        ("game=rock-paper-scissors&start=0.9,0.9,0.1,0.1", "start", "at most 1"),
        ("start=" + ",".join(["0.5"] * 14), "start", "at most"),
        ("step=0", "step", "from 0.001"),
        ("updates=2001", "updates", "2000"),
        ("nonsense=1", "query field", "dynamics"),
    ],
)
def test_what_an_address_cannot_have_is_refused_by_its_field(address, field, allowed):
    ignored: list[SpecError] = []
    setup = GameSetup.from_query(address, ignored)
    assert field == ignored[0].name and allowed in ignored[0].allowed
    assert GameSetup.from_query(setup.query()) == setup
    with pytest.raises(SpecError):
        GameSetup.from_query(address)


def test_updates_are_fewer_if_each_is_long():
    quick = GameSetup(PRESETS["coins"].table, updates=2000)
    slow = GameSetup(table([[1000, -1000], [-1000, 1000]]), step=1.0, updates=2000)
    assert quick.made * -(-5 * 0.1 // 0.1) <= MOST_PARTS + 5
    assert slow.made == MOST_PARTS // 200
    assert GameSetup(slow.table, "gradient", 1.0, 2000).made == 2000


def test_default_starts_are_probabilities_of_every_shape():
    for shape in product((2, 3, 4), repeat=2):
        for start in default_starts(shape):
            for p, count in zip(mixed(start, shape), shape, strict=True):
                assert len(p) == count and p.min() > 0.05 and p.sum() == pytest.approx(1)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_python_lines_print_what_the_page_shows(address, capsys):
    setup = GameSetup.from_query(address)
    exec(python(setup), {})
    last = np.array([float(x) for x in _numbers(capsys.readouterr().out.splitlines()[-1])])
    rows = list(csv.reader(io.StringIO(as_csv(setup))))
    m, n = setup.table.shape
    final = np.array([float(x) for x in rows[-1][2:]])
    assert int(rows[-1][1]) == setup.made
    np.testing.assert_allclose(last[: 2 * (m + n)], final[: 2 * (m + n)], atol=1e-7)
    assert last[-1] == pytest.approx(final[-1], abs=1e-7)
    # The regret of the average, from its definition.
    a, b = setup.table.payoffs
    x, y = final[m + n : 2 * m + n], final[2 * m + n : 2 * (m + n)]
    regret = max(a @ y) - x @ a @ y + max(x @ b) - x @ b @ y
    assert final[-1] == pytest.approx(regret, abs=1e-9)
    assert file_name(setup, "csv").startswith("matrix-game-")


def _numbers(text: str) -> list[str]:
    return text.replace("[", " ").replace("]", " ").split()


def test_numbers_are_short_fractions_only_if_they_are_some():
    assert [number(v) for v in (-1 / 8, 3.0, 0.0, 5 / 7, 13 / 97)] == [
        "−1/8",
        "3",
        "0",
        "5/7",
        "13/97",
    ]
    for value in (np.pi, 1 / 3 + 1e-6, 12345.678):
        text = number(value)
        assert "/" not in text
        assert float(text) == pytest.approx(value, rel=1e-3)


def test_a_dominated_strategy_is_told_with_what_is_better():
    from ganlab.games.tables import dominated

    game = table([[3, 0], [0, 3], [1, 1]], np.zeros((3, 2)), rows="top, middle, bottom")
    (first,) = dominated(game)
    words = dropped(game, first)
    assert words.startswith("Row bottom: pays less than")
    (other,) = dominated(table([[3, 0], [0, 3], [1, 1]], np.zeros((3, 2))))
    assert dropped(game, other).startswith("Row bottom") and other.strategy == first.strategy
    assert dropped(table(game.a, game.b), other).startswith("Row 3: pays less than")
    shares = [Fraction(w) for w in words.split() if "/" in w]
    assert sum(shares) == 1 and min(shares) > Fraction(1, 3)


# ---- repeated


@pytest.mark.parametrize(
    "address",
    ["", "one=grim&other=random&end=known&rounds=7&seed=5", "pays=0,-1,-8,-10&again=0.35"],
)
def test_a_repeated_address_is_read_and_written(address):
    setup = RepeatedSetup.from_query(address)
    assert setup.query() == address and RepeatedSetup.from_query(setup.query()) == setup
    exec(python(setup), {"print": lambda *_: None})
    rows = list(csv.reader(io.StringIO(as_csv(setup))))
    assert len(rows) == 1 + setup.count


def test_pay_offs_in_another_order_are_no_dilemma():
    ignored: list[SpecError] = []
    setup = RepeatedSetup.from_query("pays=3,5,1,0&one=grim", ignored)
    assert setup.pays == (5, 3, 1, 0) and setup.one == "grim"
    assert "temptation > reward" in ignored[0].allowed
    for bad in ("again=1", "rounds=51", "one=me", "end=soon", "pays=1,2"):
        with pytest.raises(SpecError):
            RepeatedSetup.from_query(bad)


def _by_hand(one: str, other: str, rounds: int) -> list[tuple[str, str]]:
    """The moves of players without chance, written as their rules are told."""

    def move(name: str, own: list[str], theirs: list[str]) -> str:
        if name == "tit-for-tat":
            return theirs[-1] if theirs else "C"
        if name == "grim":
            return "D" if "D" in theirs else "C"
        return {"defect": "D", "cooperate": "C"}[name]

    a: list[str] = []
    b: list[str] = []
    for _ in range(rounds):
        x, y = move(one, a, b), move(other, b, a)
        a.append(x)
        b.append(y)
    return list(zip(a, b, strict=True))


PURE = [name for name in PLAYERS if name != "random"]
PAYS = {"CC": 3.0, "CD": 0.0, "DC": 5.0, "DD": 1.0}


def test_the_table_of_pairs_is_the_sum_of_the_rounds():
    names = list(PLAYERS)
    unknown, known = RepeatedSetup(again=0.7).table(), RepeatedSetup(end="known", rounds=9).table()
    for one, other in product(PURE, repeat=2):
        pays = np.array([PAYS[x + y] for x, y in _by_hand(one, other, 200)])
        i, j = names.index(one), names.index(other)
        assert unknown[i, j] == pytest.approx(0.3 * pays @ 0.7 ** np.arange(200))
        assert known[i, j] == pytest.approx(pays[:9].mean())
        moves = repeated.match(one, other, 20, seed=3)
        assert ["".join("CD"[m] for m in pair) for pair in moves] == [
            x + y for x, y in _by_hand(one, other, 20)
        ]


def test_matches_by_chance_are_those_that_are_expected():
    game = RepeatedSetup().dilemma
    mean = np.mean(
        [game.payoffs[tuple(repeated.match("random", "tit-for-tat", 8, s).T)] for s in range(600)],
        0,
    )
    np.testing.assert_allclose(
        mean, repeated.rounds(game, "random", "tit-for-tat", 8)[:, 0], atol=0.35
    )
    lengths = [repeated.last_round(0.8, s) for s in range(2000)]
    assert np.mean(lengths) == pytest.approx(5, abs=0.5)
    assert all(repeated.last_round(0.9, s) >= repeated.last_round(0.5, s) for s in range(50))
    assert repeated.last_round(0.99, 1, most=20) <= 20 and repeated.last_round(0.0, 1) == 1


@pytest.mark.parametrize(
    "pays",
    [(5.0, 3.0, 1.0, 0.0), (0.0, -1.0, -8.0, -10.0), (5.0, 3.0, 2.9, 0.0), (8.0, 3.0, 1.0, 0.0)],
)
def test_the_discount_of_cooperation_is_where_the_curves_cross(pays):
    t, r, p, s = pays
    game = RepeatedSetup(pays=pays).dilemma
    for other, cheats in (
        ("grim", [lambda d: (1 - d) * t + d * p]),
        ("tit-for-tat", [lambda d: (1 - d) * t + d * p, lambda d: (t + d * s) / (1 + d)]),
    ):
        crossings = [brentq(lambda d, f=f: f(d) - r, 0, 1) if f(1) < r else 1.0 for f in cheats]
        exact = max(crossings)
        found, closed = threshold(game, other, other), closed_threshold(game, other, other)
        assert closed is not None and closed[1] == pytest.approx(exact if exact < 1 else closed[1])
        assert (found is None) == (exact > 0.99)
        if found is not None:
            assert found == pytest.approx(exact, abs=1e-9) == pytest.approx(closed[1], abs=1e-9)
        drawn = curves(game, other, [0.3, 0.6])
        wanted = [[r, r]] + [[f(d) for d in (0.3, 0.6)] for f in cheats]
        np.testing.assert_allclose(drawn[: len(wanted)], wanted)
        assert len(replies(other)) == len(drawn)
    assert threshold(game, "defect", "defect") == 0
    assert threshold(game, "cooperate", "cooperate") is None
    assert closed_threshold(game, "defect", "grim") is None


def test_pairs_that_are_framed_are_equilibria():
    """By trying every plan of moves that depends on the round, in a short game."""
    setup = RepeatedSetup(end="known", rounds=4)
    names, gets, stable = list(PLAYERS), setup.table(), set(setup.stable())

    def best(other: str) -> float:
        most = -np.inf
        for plan in product("CD", repeat=4):
            seen: list[str] = []
            total = 0.0
            for k, own in enumerate(plan):
                if other == "tit-for-tat":
                    theirs = plan[k - 1] if k else "C"
                elif other == "grim":
                    theirs = "D" if "D" in plan[:k] else "C"
                else:
                    theirs = {"defect": "D", "cooperate": "C"}[other]
                seen.append(theirs)
                total += PAYS[own + theirs]
            most = max(most, total / 4)
        return most

    for one, other in product(PURE, repeat=2):
        i, j = names.index(one), names.index(other)
        held = gets[i, j] >= best(other) - 1e-9 and gets[j, i] >= best(one) - 1e-9
        assert ((i, j) in stable) == held
    assert stable == {(0, 0)}
    cooperating = RepeatedSetup(again=0.7).stable()
    assert (2, 2) in cooperating and (3, 3) in cooperating
    assert (2, 2) not in RepeatedSetup(again=0.6).stable() and (3, 3) in RepeatedSetup(
        again=0.6
    ).stable()


def test_a_known_end_unravels():
    assert unravel(RepeatedSetup().dilemma, 6) == [1, 1, 2, 3, 4, 5, 6]
    plan = repeated.best_moves(RepeatedSetup().dilemma, "grim", 6)
    assert plan == [0] * 5 + [1]
    assert repeated.best_total(RepeatedSetup().dilemma, "grim", 6) == pytest.approx(5 * 3 + 5)


# ---- trees


@pytest.mark.parametrize("address", ["lions=7", *(f"tree={text}" for _, text, _ in TREES.values())])
def test_a_tree_address_is_read_and_written(address):
    setup = TreeSetup.from_query(address)
    assert TreeSetup.from_query(setup.query()) == setup
    exec(python(setup), {"print": lambda *_: None})
    assert len(as_csv(setup).splitlines()) == 1 + len(place(setup.root))


def test_the_text_of_the_lions_is_the_lions():
    assert TreeSetup.from_query(f"tree={trees.write(trees.lions(4))}") == TreeSetup.of_lions(4)
    ignored: list[SpecError] = []
    setup = TreeSetup.from_query("tree=a(b: 1/2&lions=3", ignored)
    assert setup.count == 3 and "closing parenthesis" in ignored[0].allowed


def test_places_do_not_overlap_and_turns_go_from_the_ends():
    rng = np.random.default_rng(2)

    def grown(depth: int) -> trees.Node:
        if depth == 0 or rng.random() < 0.3:
            return trees.Node(pays=(float(rng.integers(9)), float(rng.integers(9))))
        moves = tuple((f"m{i}", grown(depth - 1)) for i in range(rng.integers(1, 4)))
        return trees.Node("ab"[depth % 2], moves)

    for _ in range(20):
        root = trees.Node(
            "a", (("x", grown(2)), ("y", trees.Node("b", (("z", trees.Node(pays=(1.0, 2.0))),))))
        )
        found = place(root)
        assert [one.node for one in found] == list(root.nodes())
        assert len({(one.depth, one.row) for one in found}) == len(found)
        for i, one in enumerate(found):
            after = [p for p in found if p.parent == i]
            assert [p.move for p in after] == [name for name, _ in one.node.moves]
            assert all(
                p.depth == one.depth + 1 and p.turn < one.turn for p in after if p.node.player
            )
            if after:
                own = trees.players(root).index(one.node.player)
                best = max(p.solved.pays[own] for p in after)
                assert [p.chosen for p in after] == [p.solved.pays[own] == best for p in after]
                assert sum(p.played for p in after) == int(one.played)
        assert sorted(one.turn for one in found if one.node.player) == list(
            range(1, 1 + sum(bool(one.node.player) for one in found))
        )


def test_the_sheep_is_eaten_by_an_odd_number_of_lions():
    assert parity() == [(n, n % 2 == 1) for n in range(1, 13)]
