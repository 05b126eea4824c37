"""The answer to the page of matrix games: what one address shows, of one of its three tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ganlab import words
from ganlab.games import help
from ganlab.games.tables.repeated_setup import PARAMS, RepeatedSetup
from ganlab.games.tables.setup import FIELDS, GameSetup
from ganlab.games.tables.text import AnySetup, file_name, python, table
from ganlab.games.tables.tree_setup import LIONS, TreeSetup
from ganlab.languages import _
from ganlab.live.answers import Answered
from ganlab.live.matrix_game import of_game
from ganlab.live.matrix_repeated import of_repeated
from ganlab.live.matrix_tree import of_tree
from ganlab.live.remarks import remarks
from ganlab.live.wire import encode
from ganlab.query import texts_of
from ganlab.registry import SpecError

Arrays = dict[str, np.ndarray]
Told = tuple[dict[str, Any], Arrays]
TABS: dict[str, tuple[str, Any, Callable[[Any], Told]]] = {
    "game": (_("One game"), GameSetup, of_game),
    "repeated": (_("Repeated"), RepeatedSetup, of_repeated),
    "tree": (_("Backward induction"), TreeSetup, lambda setup: (of_tree(setup), {})),
}
_FIRST = "game"
_TITLES = {p.name: p.title for p in (*FIELDS, *PARAMS, LIONS)}


def answer(query: str) -> bytes:
    """The answer to the query string of a page."""
    tab, setup, ignored = _read(query)
    header, arrays = TABS[tab][2](setup)
    own = setup.query()
    header |= {
        "type": "matrix",
        "tab": tab,
        "tabs": [(name, title) for name, (title, _, _) in TABS.items()],
        "query": own if tab == _FIRST else "&".join([f"tab={tab}", own] if own else [f"tab={tab}"]),
        "refused": [_refusal(error) for error in ignored][:4],
        "notes": [*remarks(ignored, lambda name: _TITLES.get(name, name)), *header["notes"]],
        "help": {name: words.unfold([word]) for name, word in help.MATRIX.items()},
        "python": python(setup),
        "file": file_name(setup, "json"),
    }
    return encode(header, arrays)


def as_csv(query: str) -> str:
    """What an address shows as CSV."""
    return table(_read(query)[1])


def _read(query: str) -> tuple[str, AnySetup, list[SpecError]]:
    """The tab of an address, its setup, and what cannot be used."""
    ignored: list[SpecError] = []
    texts = texts_of(query, ignored.append)
    tab = texts.pop("tab", _FIRST)
    if tab not in TABS:
        ignored.append(SpecError("tab", tab, _("one of {listed}", listed=", ".join(TABS))))
        tab = _FIRST
    setup = TABS[tab][1].from_query(list(texts.items()), ignored)
    return tab, setup, ignored


def _refusal(error: SpecError) -> dict[str, str]:
    """A refusal for the field that was edited: its name, and why in words."""
    shown, name = error.shown.strip("'\""), _TITLES.get(error.name, error.name)
    why = _(
        "{name} = {shown} is not allowed; it must be {allowed}.",
        name=name,
        shown=shown,
        allowed=error.allowed[:300],
    )
    return {"field": error.name, "why": why}


ANSWERED = Answered(answer, as_csv)
