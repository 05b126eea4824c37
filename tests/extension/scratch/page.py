"""A page: the number of losses."""

import streamlit as st

from ganlab.losses import LOSSES
from ganlab.ui.navigation import PAGES, Page


def show() -> None:
    st.markdown(f"There are **{len(LOSSES)}** losses.")


ENTRY = PAGES.add(
    Page(
        "counted",
        "Counted",
        "",
        "How many losses there are. Watch the number: does it grow?",
        run=show,
        icon=":material/tag:",
    )
)
