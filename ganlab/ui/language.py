"""The language of a visitor: the address's, else that of this visit, else the browser's."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ganlab import languages

FIELD = "lang"  # of an address
_KEY = "_language"


def choose() -> tuple[str, bool]:
    """The language of the page that is drawn, which `languages.tr` uses from here on.

    Also returns whether an address of this visit has named it: then all further ones do.
    """
    named = st.query_params.get(FIELD)
    if named is not None:
        st.session_state[_KEY] = languages.nearest(named), True
    elif _KEY not in st.session_state:
        st.session_state[_KEY] = languages.nearest(st.context.locale), False
    language, by_address = st.session_state[_KEY]
    return language, by_address


def kept() -> dict[str, str]:
    """The field of the language that addresses of this visit have; none if they need none."""
    language, by_address = st.session_state.get(_KEY, ("", False))
    return {FIELD: language} if by_address else {}


def _of_this_visit() -> str:
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    language: str = st.session_state.get(_KEY, ("", False))[0]
    return language


languages.askers.append(_of_this_visit)
