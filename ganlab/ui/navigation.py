"""The table of pages: one row each, in the order of the menu."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from ganlab import paths
from ganlab.registry import Entry, Registry
from ganlab.ui import layout

MANY = "many"
COMPARE = "compare"
MNIST = "mnist"
GALLERY = "phenomena"
LABS = {1: "one", 2: "two"}  # by dimension


@dataclass(frozen=True)
class Page(Entry):
    """A page: its name is its url path, its doc says in two sentences what to watch for.

    run: the script, or what draws the page below its headline. icon: as Streamlit's Material
    symbols are called. live: whether it shows a picture that moves.
    """

    run: Path | Callable[[], None] = Path()
    icon: str = ":material/article:"
    live: bool = False


def _unreachable(page: Page) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", page.name):
        return "its name is its address: small letters, digits and hyphens"
    return None


PAGES: Registry[Page] = Registry("page", guards=[_unreachable])

for _page in (
    Page(
        LABS[1],
        "1-D lab",
        "",
        "p_g climbs wherever D slopes up, until D can only say ½. "
        "Turn k, the loss or a rate while it runs: who falls behind?",
        run=paths.PAGES / "lab_1d.py",
        icon=":material/show_chart:",
        live=True,
    ),
    Page(
        LABS[2],
        "2-D lab",
        "",
        "Generated points chase what D calls real (blue). "
        "Count the modes they hold: where they crowd, D turns against them.",
        run=paths.PAGES / "lab_2d.py",
        icon=":material/scatter_plot:",
        live=True,
    ),
    Page(
        GALLERY,
        "Phenomena",
        "",
        "Each of these happens on cue, and says on how many seeds it did. "
        "Open one and watch what its sentence names; then turn a knob and see whether it still "
        "does.",
        run=paths.PAGES / "gallery.py",
        icon=":material/auto_awesome:",
    ),
    Page(
        MANY,
        "Many seeds",
        "",
        "One seed is an anecdote: watch how many of them collapse, and the median. "
        "Click a tile to open it in its lab.",
        run=paths.PAGES / "ensemble.py",
        icon=":material/grid_view:",
        live=True,
    ),
    Page(
        COMPARE,
        "Compare",
        "",
        "Same seed, same data, same latents: only the marked fields differ. "
        "Whose p_g gets there, and whose curve turns first?",
        run=paths.PAGES / "compare.py",
        icon=":material/compare:",
        live=True,
    ),
    Page(
        MNIST,
        "MNIST",
        "",
        "Digits from noise, as in Figures 2 and 3 and Table 1 of the paper. "
        "Watch strokes become digits, and the framed column: does G invent, or does it copy?",
        run=paths.PAGES / "mnist.py",
        icon=":material/image:",
    ),
):
    PAGES.add(_page)


def pages() -> list[st.Page]:
    """Every page, for st.navigation; the first is what the app opens with."""
    return [
        st.Page(
            page.run if isinstance(page.run, Path) else partial(_drawn, page),
            title=page.title,
            url_path=page.name,
            icon=page.icon,
            default=page.name == LABS[1],
        )
        for page in PAGES.entries.values()
    ]


def _drawn(page: Page) -> None:
    layout.headline(page.title, page.doc)
    assert not isinstance(page.run, Path)
    page.run()
    st.html(f'<span class="ganlab-drawn-{page.name}"></span>')  # see `ganlab.ui.frame`


def script(page: str) -> str:
    """The script of one of our own pages, for st.switch_page and links."""
    return str(PAGES[page].run)


def addresses() -> tuple[str, ...]:
    """The labs' addresses by dimension, from 1 up, relative to the app's own."""
    return tuple("" if name == LABS[1] else name for name in LABS.values())


def words(page: str) -> tuple[str, str]:
    """A page's title, and in two sentences what to watch for."""
    return PAGES[page].title, PAGES[page].doc


def headline(page: str) -> None:
    """The headline of the page whose url path is `page`."""
    layout.headline(*words(page))
