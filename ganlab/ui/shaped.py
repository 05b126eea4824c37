"""The shape of a visitor's pages: taken from an address, and kept from page to page."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ganlab.shape import FIELDS, Shape

_KEY, _IGNORED = "_shape", "_shape_ignored"


def moved() -> bool:
    """Whether the browser's back or forward button led here, so that the address must be read.

    Otherwise Streamlit may remember an older address than the one the view has written since.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def take(pages: tuple[str, ...]) -> Shape:
    """The shape in the address; if it says nothing, that of the page that led here.

    pages: the names of all pages.
    """
    pairs = [(name, v) for name in FIELDS for v in st.query_params.get_all(name)]
    if pairs and pairs != st.session_state.get(f"{_KEY}_text"):
        from ganlab.shaping import read  # slow: it knows every field of a run

        ignored: list[Any] = []
        st.session_state[_KEY] = read(pairs, pages, ignored.append)
        st.session_state[_IGNORED] = ignored
        st.session_state[f"{_KEY}_text"] = pairs
    elif not pairs and moved():
        for key in (_KEY, _IGNORED, f"{_KEY}_text"):
            st.session_state.pop(key, None)
    return now()


def now() -> Shape:
    """The shape of this visitor's pages."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, Shape) else Shape()


def ignored() -> list[Any]:
    """Errors for the names in the address that are no parts of a page."""
    return list(st.session_state.get(_IGNORED, ()))
