"""The table of pages: one row each."""

from __future__ import annotations

import streamlit as st

from ganlab import paths
from ganlab.ui import layout

MANY = "many"
COMPARE = "compare"
MNIST = "mnist"
GALLERY = "phenomena"
LABS = {1: "one", 2: "two"}  # by dimension
# (script, title, url path, icon, default)
ROWS = (
    ("lab_1d.py", "1-D lab", LABS[1], ":material/show_chart:", True),
    ("lab_2d.py", "2-D lab", LABS[2], ":material/scatter_plot:", False),
    ("gallery.py", "Phenomena", GALLERY, ":material/auto_awesome:", False),
    ("ensemble.py", "Many seeds", MANY, ":material/grid_view:", False),
    ("compare.py", "Compare", COMPARE, ":material/compare:", False),
    ("mnist.py", "MNIST", MNIST, ":material/image:", False),
)

# By url path: a page's name, and in two sentences what to watch for.
HEADLINES = {
    LABS[1]: (
        "1-D lab",
        "p_g climbs wherever D slopes up, until D can only say ½. "
        "Turn k, the loss or a rate while it runs: who falls behind?",
    ),
    LABS[2]: (
        "2-D lab",
        "Generated points chase what D calls real (blue). "
        "Count the modes they hold: where they crowd, D turns against them.",
    ),
    GALLERY: (
        "Phenomena",
        "Each of these happens on cue, and says on how many seeds it did. "
        "Open one and watch what its sentence names; then turn a knob and see whether it still "
        "does.",
    ),
    MANY: (
        "Many seeds",
        "One seed is an anecdote: watch how many of them collapse, and the median. "
        "Click a tile to open it in its lab.",
    ),
    COMPARE: (
        "Compare",
        "Same seed, same data, same latents: only the marked fields differ. "
        "Whose p_g gets there, and whose curve turns first?",
    ),
    MNIST: (
        "MNIST",
        "Digits from noise, as in Figures 2 and 3 and Table 1 of the paper. "
        "Watch strokes become digits, and the framed column: does G invent, or does it copy?",
    ),
}


def pages() -> list[st.Page]:
    """Every page, for st.navigation."""
    return [
        st.Page(paths.PAGES / script, title=title, url_path=url, icon=icon, default=default)
        for script, title, url, icon, default in ROWS
    ]


def script(page: str) -> str:
    """The script of the page whose url path is `page`, for st.switch_page and links."""
    return str(paths.PAGES / next(row[0] for row in ROWS if row[2] == page))


def addresses() -> tuple[str, ...]:
    """The labs' addresses by dimension, from 1 up, relative to the app's own."""
    return tuple("" if row[4] else row[2] for row in ROWS if row[2] in LABS.values())


def headline(page: str) -> None:
    """The headline of the page whose url path is `page`."""
    layout.headline(*HEADLINES[page])
