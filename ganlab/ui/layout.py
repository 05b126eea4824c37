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
.ganlab-head { font-weight: 650; border-bottom: 2px solid; margin: 0.5rem 0 -0.1rem; }
.ganlab-head.G { color: #009e73; }
.ganlab-head.D { color: #0072b2; }
.ganlab-title { font-size: 1rem; line-height: 1.35; margin: 0; }
.ganlab-title b { font-size: 1.15rem; margin-right: 0.6rem; }
</style>
"""


def style() -> None:
    """Trim Streamlit's margins so that a lab fits a projector."""
    st.html(_CSS)


def headline(title: str, watch_for: str) -> None:
    """A page's name and, in two sentences, what to watch for (both our own words)."""
    st.html(f'<p class="ganlab-title"><b>{title}</b>{watch_for}</p>')


def section(title: str, role: str = "") -> None:
    """A heading in the sidebar; role "G" or "D" gives it that player's colour."""
    st.html(f'<div class="ganlab-head {role}">{title}</div>')
