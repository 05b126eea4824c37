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
.st-key-strips button, .st-key-mnist_bar button { min-height: 1.9rem; padding: 0.1rem 0.7rem; }
.st-key-mnist_bar > :last-child { margin-left: auto; }
.ganlab-status { font-size: 0.9rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
.ganlab-status p { display: flex; gap: 1.1rem; height: 1.45em; margin: 0; overflow: hidden; }
.ganlab-status p, .ganlab-status p > * { font-size: inherit; white-space: nowrap; }
.st-key-mnist_watch { gap: 0.55rem; }
.ganlab-status p + p > span { opacity: 0.75; }
.ganlab-status p + p > .ganlab-warm { opacity: 1; color: var(--st-orange-text-color, #d55e00); }
.ganlab-warm { font-weight: 600; }
.ganlab-bar { height: 5px; margin: 0.25rem 0 0.2rem; border-radius: 3px; overflow: hidden; }
.ganlab-bar { background: color-mix(in srgb, currentColor 14%, transparent); }
.ganlab-bar i { display: block; height: 100%; background: var(--st-green-text-color, #009e73); }
.ganlab-bar[data-state="measuring"] i { background: var(--st-primary-color, #0072b2); }
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
