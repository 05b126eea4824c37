"""The tab "Backward induction": a tree, its solution, and the order in which it is found."""

from __future__ import annotations

from typing import Any

from ganlab.games.tables.tree_setup import TREES, TreeSetup, parity, place, said
from ganlab.games.tables.trees import MOST, Node, players
from ganlab.games.tables.words import number


def of_tree(setup: TreeSetup) -> dict[str, Any]:
    """What the page is told about a tree."""
    names = players(setup.root)
    nodes = place(setup.root)
    return {
        "lions": setup.count,
        "name": setup.name,
        "trees": [(name, title, text) for name, (title, text, _) in TREES.items()],
        "watch": setup.watch,
        "cite": "Zermelo 1913; Selten 1965",
        "text": setup.text,
        "players": names,
        "root": _nested(setup.root),
        "most": MOST,
        "nodes": [
            {
                "player": one.node.player,
                "depth": one.depth,
                "row": one.row,
                "parent": one.parent,
                "move": one.move,
                "turn": one.turn,
                "chosen": one.chosen,
                "played": one.played,
                "pays": [number(v) for v in one.solved.pays],
                "says": said(one.solved, names) if one.node.player else "",
            }
            for one in nodes
        ],
        "steps": max(one.turn for one in nodes) + 1,
        "played": [one.move for one in nodes if one.played and one.parent >= 0],
        "parity": parity(),
        "notes": [],
    }


def _nested(node: Node) -> dict[str, Any]:
    """The tree as the page edits it."""
    return {
        "player": node.player,
        "moves": [[name, _nested(to)] for name, to in node.moves],
        "pays": list(node.pays),
    }
