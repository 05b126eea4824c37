"""The table of pages: one row each."""

from __future__ import annotations

import streamlit as st

from ganlab import paths

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
