"""Page furniture: the little CSS that gives a lab one whole screen."""

from __future__ import annotations

import streamlit as st

_CSS = """
<style>
.stMainBlockContainer { padding: 3.4rem 1.4rem 0.4rem; max-width: none; }
.stMainBlockContainer > .stVerticalBlock { gap: 0.35rem; }
section[data-testid="stSidebar"] .stVerticalBlock { gap: 0.55rem; }
section[data-testid="stSidebar"] [data-testid="stSidebarUserContent"] { padding-top: 0; }
section[data-testid="stSidebar"] h3 { font-size: 0.95rem; padding: 0.35rem 0 0; }
.ganlab-title { font-size: 1.05rem; line-height: 1.35; margin: 0; }
.ganlab-title b { font-size: 1.15rem; margin-right: 0.5rem; }
</style>
"""


def style() -> None:
    """Trim Streamlit's margins so that a lab fits a projector."""
    st.html(_CSS)


def headline(title: str, watch_for: str) -> None:
    """A page's name and, in two sentences, what to watch for (both our own words)."""
    st.html(f'<p class="ganlab-title"><b>{title}</b>{watch_for}</p>')
