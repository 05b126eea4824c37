"""The table of pages: one row each."""

from __future__ import annotations

import streamlit as st

from ganlab import paths

# (script, title, url path, icon, default)
ROWS = (
    ("lab_1d.py", "1-D lab", "one", ":material/show_chart:", True),
    ("lab_2d.py", "2-D lab", "two", ":material/scatter_plot:", False),
)


def pages() -> list[st.Page]:
    """Every page, for st.navigation."""
    return [
        st.Page(paths.PAGES / script, title=title, url_path=url, icon=icon, default=default)
        for script, title, url, icon, default in ROWS
    ]


def page_of(dim: int) -> str:
    """The script of the lab of `dim` dimensions, for st.switch_page and links."""
    return str(paths.PAGES / ROWS[dim - 1][0])
