"""Page layout: the CSS that fits a lab on one screen, and headings."""

from __future__ import annotations

from string import Template

import streamlit as st

from ganlab import theme
from ganlab.languages import tr

_CSS = Template("""
<style>
.stMainBlockContainer { padding: 3.4rem 1.4rem 0.2rem; max-width: none; }
.stMainBlockContainer > .stVerticalBlock { gap: 0.3rem; }
[data-testid="stSidebarHeader"] { height: 2.6rem; min-height: 0; padding-top: 0.4rem; margin: 0; }
[data-testid="stSidebarUserContent"] { padding-top: 0; }
[data-testid="stSidebar"] .stVerticalBlock { gap: 0.6rem; }
.ganlab-title { font-size: 1rem; line-height: 1.35; margin: 0; }
.ganlab-title h1 { display: inline; font-size: 1.15rem; line-height: inherit; padding: 0; }
.ganlab-title h1 { margin: 0 0.6rem 0 0; font-weight: 600; letter-spacing: 0; }
.ganlab-group { font-size: 1rem; line-height: 1.35; font-weight: 600; padding: 0.5rem 0 0; }
.st-key-frame { display: none; }
.st-key-drop_zone { position: absolute; }
.ganlab-frame { position: fixed; z-index: 90; box-sizing: border-box; overflow: hidden; }
.ganlab-frame { display: flex; flex-direction: column; gap: 0.6rem; pointer-events: none; }
.ganlab-frame { padding: 3.4rem 1.4rem 0.8rem; }
.ganlab-frame b { font-size: 1.15rem; font-weight: 600; margin-right: 0.6rem; }
.ganlab-tools { display: flex; flex-wrap: wrap; gap: 0.6rem; opacity: 0.14; }
.ganlab-tools i { height: 2rem; border: 1.5px solid currentColor; border-radius: 7px; }
.ganlab-axes { display: grid; grid-template-columns: 63fr 37fr; gap: 2.6rem; flex: 1 1 0; }
.ganlab-axes { padding: 1rem 0.5rem 1.6rem 2.4rem; opacity: 0.3; }
.ganlab-axes div { border: solid currentColor; border-width: 0 0 1px 1px; }
.ganlab-languages { position: fixed; z-index: 999991; top: 0.85rem; right: 4.2rem; }
.ganlab-languages a { color: inherit; font-size: 0.9rem; padding: 0.3rem; }
.ganlab-waits { position: absolute; top: 45%; left: 0; right: 0; margin: 0; text-align: center; }
@media (max-width: 640px) { .ganlab-axes { grid-template-columns: 1fr; } }
.ganlab-verdicts { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.86rem; }
.ganlab-verdicts b { display: inline-block; min-width: 1.3em; text-align: center; }
.ganlab-verdicts b { border-radius: 3px; margin-right: 0.2em; }
.st-key-strips button, .st-key-mnist_bar button { min-height: 1.9rem; padding: 0.1rem 0.7rem; }
.st-key-maps_bar button { min-height: 1.9rem; padding: 0.1rem 0.7rem; }
.st-key-mnist_bar > :last-child { margin-left: auto; }
.ganlab-status { font-size: 0.9rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
.ganlab-status p { display: flex; gap: 1.1rem; height: 1.45em; margin: 0; overflow: hidden; }
.ganlab-status p, .ganlab-status p > * { font-size: inherit; white-space: nowrap; }
.st-key-mnist_watch { gap: 0.55rem; }
.st-key-mnist_take { display: none; }
.ganlab-status p + p > span { opacity: 0.75; }
.ganlab-status p + p > .ganlab-warm { opacity: 1; color: $ACCENT; }
.ganlab-warm { font-weight: 600; }
.ganlab-bar { height: 5px; margin: 0.25rem 0 0.2rem; border-radius: 3px; overflow: hidden; }
.ganlab-bar { background: color-mix(in srgb, currentColor 14%, transparent); }
.ganlab-bar i { display: block; height: 100%; background: $GREEN; }
.ganlab-bar[data-state="measuring"] i { background: $BLUE; }
.ganlab-shares { display: flex; gap: 0.35rem; max-width: 34rem; line-height: 1.25; }
.ganlab-shares span { flex: 1 1 0; min-width: 0; text-align: center; }
.ganlab-shares em, .ganlab-shares small { display: block; font-style: normal; opacity: 0.85; }
.ganlab-shares em { font-size: 0.75rem; font-variant-numeric: tabular-nums; }
.ganlab-shares small { font-size: 0.85rem; }
.ganlab-shares b { display: block; position: relative; height: 4.6rem; overflow: hidden; }
.ganlab-shares b { border-bottom: 1px solid currentColor; }
.ganlab-shares i { position: absolute; left: 12%; right: 12%; bottom: 0; min-height: 1px; }
.ganlab-shares i { background: $GREEN; }
.ganlab-shares u { position: absolute; left: 0; right: 0; border-top: 2px dotted currentColor; }
.ganlab-missed em, .ganlab-missed small { opacity: 1 !important; font-weight: 700; }
.ganlab-missed em, .ganlab-missed small { color: $ACCENT; }
.ganlab-missed i { background: $ACCENT; }
.st-key-mnist_table :is(th, td) { padding: 0.3rem 0.5rem; font-size: 0.9rem; }
.st-key-mnist_table :is(th, td):nth-child(n + 3) { white-space: nowrap; }
.ganlab-preview { overflow-x: auto; }
.ganlab-preview table { border-collapse: collapse; font-size: 0.82rem; margin: 0; }
.ganlab-preview :is(th, td) {
  border: 1px solid color-mix(in srgb, currentColor 20%, transparent);
  opacity: 0.7; padding: 0.15rem 0.5rem; text-align: left; white-space: nowrap;
}
.ganlab-preview .chosen { font-weight: 600; opacity: 1; }
.st-key-families { gap: 0.5rem; }
[class*="st-key-families_"] :is(th, td) { padding: 0.2rem 0.5rem; font-size: 0.82rem; }
.st-key-families_numbers :is(th, td):not(:first-child) { white-space: nowrap; }
[class*="st-key-families_"] .stMarkdown { overflow-x: auto; }
.ganlab-line { font-size: 0.86rem; line-height: 1.35; margin: 0; overflow-wrap: anywhere; }
.ganlab-quiet { opacity: 0.78; }
.ganlab-warn { color: $ACCENT; }
[data-testid="stSidebar"] [class*="st-key-field_"] { position: relative; gap: 0; }
[class*="st-key-field_"] .ganlab-warn { margin-top: 0.25rem; }
[class*="st-key-default_"] { position: absolute; top: -0.15rem; right: 1.6rem; width: auto; }
[class*="st-key-to_default_"] button, [class*="st-key-undo_"] button { min-height: 1.5rem; }
[class*="st-key-to_default_"] button, [class*="st-key-undo_"] button { padding: 0 0.2rem; }
[class*="st-key-to_default_"] button * { font-size: 0.78rem; }
.st-key-refused { gap: 0.1rem; padding: 0.2rem 0.7rem; border-radius: 0.4rem; }
.st-key-refused { border-left: 4px solid $ACCENT; }
[data-testid="stWidgetLabel"], [data-testid="stWidgetLabel"] p { color: inherit !important; }
.stElementContainer:has(> .stHtml > .ganlab-line > b:empty) { display: none; }
a[aria-disabled="true"] { opacity: 0.55; cursor: not-allowed; }
/* Contrast of 4.5:1, which Streamlit's captions and its dark theme's primary buttons lack. */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.78; }
button[kind="primary"]:not(:disabled) { color: $PAPER; }
/* Targets of at least 24 px (WCAG 2.5.8) without moving their neighbours. */
button[aria-label^="Help for"] { padding: 4px; margin: -4px; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation-duration: 1ms !important; transition-duration: 1ms !important; }
  *, ::before, ::after { animation-iteration-count: 1 !important; }
}
@media (max-width: 640px) {
  [class*="st-key-card-"] > .stElementContainer:has(> .stSpace) { display: none; }
  .stMainBlockContainer { padding: 3.2rem 0.9rem 0.2rem; }
  .st-key-mnist_table :is(th, td) { padding: 0.2rem 0.3rem; font-size: 0.8rem; }
  .st-key-mnist_table :is(th, td):nth-child(5) { white-space: normal; }
  .ganlab-status p { height: auto; flex-wrap: wrap; gap: 0 0.8rem; }
  .ganlab-status p, .ganlab-status p > * { white-space: normal; }
}
</style>
""").substitute(
    ACCENT=theme.css("ink:accent"),
    GREEN=theme.css("role:G"),
    BLUE=theme.css("role:D"),
    PAPER=theme.css("background"),
)


def style() -> None:
    """Reduce Streamlit's margins so that a lab fits a projector's screen."""
    st.html(_CSS)


def headline(title: str, watch_for: str) -> None:
    """A page's name and what to watch for. Both must be trusted text."""
    st.html(f'<div class="ganlab-title"><h1>{title}</h1>{watch_for}</div>')


def section(title: str, color: str = "") -> None:
    """A sidebar heading; color: "green" for G, "blue" for D, "" for the text colour."""
    words = tr(title)
    st.markdown(f":{color}[**{words}**]" if color else f"**{words}**")
