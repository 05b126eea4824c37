"""Backward induction against every pair of strategies, and the text of trees."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab.games.tables import trees
from ganlab.games.tables.trees import Node
from ganlab.registry import SpecError


@pytest.mark.parametrize("count", range(1, 13))
def test_the_sheep_of_an_odd_number_of_lions_is_eaten(count):
    solved = trees.solve(trees.lions(count))
    assert solved.path() == (
        ["eat", "wait"] if count % 2 and count > 1 else ["eat"] * count if count % 2 else ["wait"]
    )
    assert solved.pays == ((1.0,) if count % 2 else (0.0,)) + (0.0,) * (count - 1)
    at = solved  # in each subgame, what is eaten depends on the parity of who is left
    for left in range(count, 0, -1):
        assert at.best == ((0,) if left % 2 else (1,))
        at = at.after[0]


def random_tree(rng: np.random.Generator, depth: int, names: tuple[str, ...]) -> Node:
    if depth == 0 or rng.random() < 0.2:
        return Node(pays=tuple(float(v) for v in rng.integers(-3, 4, len(names))))
    player = str(rng.choice(names))
    moves = tuple((f"m{i}", random_tree(rng, depth - 1, names)) for i in range(rng.integers(1, 4)))
    return Node(player, moves)


def outcome(node: Node, plan: dict[int, int]) -> tuple[float, ...]:
    while node.player:
        node = node.moves[plan[id(node)]][1]
    return node.pays


def test_no_player_gains_by_another_plan_in_any_subgame():
    rng, seen = np.random.default_rng(0), 0
    while seen < 40:
        names = ("A", "B", "C")[: rng.integers(1, 4)]
        root = random_tree(rng, 3, names)
        order = trees.players(root)
        if order != names or len(list(root.nodes())) > 20:
            continue
        seen += 1
        plan, todo = {}, [trees.solve(root)]
        while todo:
            solved = todo.pop()
            todo += solved.after
            if solved.best:
                plan[id(solved.node)] = solved.best[0]
        for start in root.nodes():
            if not start.player:
                continue
            usual = outcome(start, plan)
            for i, name in enumerate(names):
                own = [n for n in start.nodes() if n.player == name]
                for other in product(*(range(len(n.moves)) for n in own)):
                    changed = plan | {id(n): c for n, c in zip(own, other, strict=True)}
                    assert outcome(start, changed)[i] <= usual[i]


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_tree_is_its_text(seed):
    rng = np.random.default_rng(seed)
    root = random_tree(rng, 3, ("A", "B"))
    if trees.players(root) == ("A", "B") and len(list(root.nodes())) <= trees.MOST:
        assert trees.read(trees.write(root)) == root


def test_ties_are_noted():
    solved = trees.solve(trees.read("A(left: 1, right: 1, down: 0)"))
    assert solved.best == (0, 1) and solved.path() == ["left"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "character 1"),
        ("A(", "name of a choice"),
        ("A(x 1)", "colon after x 1"),
        ("A(x: 1", "a comma or a closing parenthesis is missing at character 7"),
        ("A(x: 1, x: 2)", "different names"),
        ("A(x: one)", "a number"),
        ("A(x: nan)", "a number"),
        ("A(x: 1) y", "the end"),
        ("A(x: 1/2)", "one for each of A"),
        ("A(x: B(y: 1/2, z: 3), w: 0/0)", "one for each of A, B"),
        ("A(x: 1\n, y: )", "line 2"),
        ("A(x:" * 100, "at most 60 nodes"),
        ("A" * 5000, "4,000 characters"),
    ],
)
def test_of_bad_text_the_place_is_named(text, says):
    with pytest.raises(SpecError, match=says):
        trees.read(text)


@pytest.mark.parametrize("count", [0, 13, 2.0])
def test_bad_numbers_of_lions(count):
    with pytest.raises(SpecError, match="lions"):
        trees.lions(count)
