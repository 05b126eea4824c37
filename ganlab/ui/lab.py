"""A lab: sidebar -> Spec -> session of the hub -> live view."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import streamlit as st

from ganlab.live.comparison import Comparison
from ganlab.live.hub import HUB
from ganlab.presets import DEFAULTS
from ganlab.ui import table
from ganlab.ui.sidebar import fill, reset, sidebar, spec_form
from ganlab.ui.start import Start, from_url, resume, session_of, sync_url, want
from ganlab.ui.view import live_view


def lab(dim: int) -> None:
    """The page of the lab of `dim` dimensions."""
    page = table.LABS[dim]
    session = session_of(
        page,
        lambda: _first(dim),
        lambda start: HUB.create(start.spec),
        lambda start: fill(page),
    )
    form = spec_form(page, session)
    with st.sidebar:
        if st.button("Many seeds of this", icon=":material/grid_view:", width="stretch"):
            want(table.MANY, Start(session.spec))
            st.switch_page(table.script(table.MANY), query_params=session.spec.to_query_pairs())
        if st.button("Compare this", icon=":material/compare:", width="stretch"):
            pair = Comparison.pair(session.spec)
            want(table.COMPARE, pair)
            st.switch_page(table.script(table.COMPARE), query_params=pair.to_query_pairs())
        sidebar(page, form, session.spec, partial(reset, page, session))
    form.notice()
    sync_url(session.spec.to_query_pairs())
    view = live_view(f"live_{dim}", session, "live.js", table.addresses())
    if view.gone:
        resume(page, session, view.gone, partial(_of_this, dim), Start.of)


def _of_this(dim: int, pairs: Iterable[tuple[str, str]]) -> Start | None:
    start = Start.from_query(pairs)
    return start if start.spec.dim == dim else None


def _first(dim: int) -> Start:
    """The address' Spec, or the default; an address of the other lab leads there."""
    start = from_url()
    if start is not None and start.spec.dim != dim:
        st.query_params.clear()
        other = table.script(table.LABS[start.spec.dim])
        st.switch_page(other, query_params=start.spec.to_query_pairs())
    return start or Start(DEFAULTS[dim])
