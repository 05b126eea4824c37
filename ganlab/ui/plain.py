"""Display of text from others, such as a field of an address, as plain text."""

from __future__ import annotations

import html
import unicodedata

import streamlit as st

from ganlab.languages import Message, tr

MOST = 40  # the number of characters of a name or a value to show


def plain(text: object, most: int = MOST) -> str:
    """`text` on one line, without control or formatting characters, at most `most` characters."""
    # The text may be megabytes long: look only at its start.
    shown = tr(text) if isinstance(text, Message) else str(text)
    kept = (c if c.isprintable() else " " for c in shown[: 4 * most])
    line = " ".join("".join(c for c in kept if unicodedata.category(c) != "Cf").split())
    return line if len(line) <= most else line[: most - 1] + "…"


def code(text: object, most: int = MOST) -> str:
    """The same as Markdown code, in which links, images and headings have no effect."""
    return f"`{plain(text, most).replace('`', chr(39)) or ' '}`"


def say(text: str, kind: str = "quiet", alert: bool = False) -> None:
    """Show a paragraph of plain text, whatever it contains; kind: "quiet" or "warn"."""
    role = " role='alert'" if alert else ""
    st.html(f"<p class='ganlab-line ganlab-{kind}'{role}>{html.escape(tr(text))}</p>")
