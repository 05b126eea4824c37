"""A lab: sidebar -> Spec -> session of the hub -> live view."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from ganlab.live.comparison import Comparison
from ganlab.live.conductor import Conductor
from ganlab.live.hub import HUB
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.ui import table
from ganlab.ui.sidebar import fill, sidebar
from ganlab.ui.start import Start, from_url, session_of, sync_url, want
from ganlab.ui.view import live_view


def lab(dim: int) -> None:
    """The page of the lab of `dim` dimensions."""
    page = table.LABS[dim]
    session = session_of(
        page,
        lambda: _first(dim),
        lambda start: HUB.create(start.spec),
        lambda start: fill(page, start.spec),
    )
    with st.sidebar:
        if st.button("Many seeds of this", icon=":material/grid_view:", width="stretch"):
            want(table.MANY, Start(session.spec))
            st.switch_page(table.script(table.MANY), query_params=session.spec.to_query_pairs())
        if st.button("Compare this", icon=":material/compare:", width="stretch"):
            pair = Comparison.pair(session.spec)
            want(table.COMPARE, pair)
            st.switch_page(table.script(table.COMPARE), query_params=pair.to_query_pairs())
        sidebar(page, session)
    sync_url(session.spec.to_query_pairs())
    view = live_view(f"live_{dim}", session, "live.js", table.addresses())
    if view.gone:
        resume(page, session, view.gone)


def _first(dim: int) -> Start:
    """The address' Spec, or the default; an address of the other lab leads there."""
    start = from_url()
    if start is not None and start.spec.dim != dim:
        st.query_params.clear()
        other = table.script(table.LABS[start.spec.dim])
        st.switch_page(other, query_params=start.spec.to_query_pairs())
    return start or Start(DEFAULTS[dim])


def resume(page: str, session: Conductor, search: str) -> None:
    """The view lost its session: go on with the Spec in its address, its query `search`.

    A server that was restarted knows only the address that Streamlit remembers, without the knobs
    turned since. An address that holds no Spec of this page changes nothing.
    """
    try:
        start = Start.from_query(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
    except (SpecError, ValueError):
        return
    if start.spec.dim == session.spec.dim and start != Start.of(session):
        want(page, start)
        st.rerun()
