"""Page furniture: the little CSS that gives a lab one whole screen."""

from __future__ import annotations

import streamlit as st

_CSS = """
<style>
.stMainBlockContainer { padding: 3.4rem 1.4rem 0.2rem; max-width: none; }
.stMainBlockContainer > .stVerticalBlock { gap: 0.3rem; }
[data-testid="stSidebarHeader"] { height: 2.6rem; min-height: 0; padding-top: 0.4rem; margin: 0; }
[data-testid="stSidebarUserContent"] { padding-top: 0; }
[data-testid="stSidebar"] .stVerticalBlock { gap: 0.6rem; }
.ganlab-title { font-size: 1rem; line-height: 1.35; margin: 0; }
.ganlab-title b { font-size: 1.15rem; margin-right: 0.6rem; }
.st-key-strips button { min-height: 1.9rem; padding: 0.1rem 0.7rem; }
</style>
"""


def style() -> None:
    """Trim Streamlit's margins so that a lab fits a projector."""
    st.html(_CSS)


def headline(title: str, watch_for: str) -> None:
    """A page's name and, in two sentences, what to watch for (both our own words)."""
    st.html(f'<p class="ganlab-title"><b>{title}</b>{watch_for}</p>')


def section(title: str, color: str = "") -> None:
    """A heading in the sidebar, in the theme's "green" (G) or "blue" (D) where it is a player's."""
    st.markdown(f":{color}[**{title}**]" if color else f"**{title}**")
