"""A lab: sidebar -> Spec -> session of the scheduler -> live view."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import streamlit as st

from ganlab.live.comparison import Comparison
from ganlab.live.session import Session
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.ui import navigation
from ganlab.ui.sidebar import fill, reset, sidebar, spec_form
from ganlab.ui.start import (
    Start,
    create,
    from_url,
    notes,
    preset_named,
    preset_of_url,
    resume,
    session_of,
    want,
)
from ganlab.ui.story import acted, told
from ganlab.ui.view import live_view, redirect


def lab(dim: int, title: str, watch_for: str) -> None:
    """The page of the lab of `dim` dimensions; with its name and what to watch for."""
    page, top = navigation.LABS[dim], st.container()
    session = session_of(
        page,
        partial(_read, dim),
        _opens_with(dim),
        lambda start: create(start, Session),
        lambda start: fill(page),
    )
    form = spec_form(page, session)
    with top:
        told(session, title, watch_for)
    with st.sidebar:
        if st.button("Many seeds of this", icon=":material/grid_view:", width="stretch"):
            want(navigation.MANY, Start(session.spec))
            st.switch_page(navigation.script(navigation.MANY))
        if st.button("Compare this", icon=":material/compare:", width="stretch"):
            want(navigation.COMPARE, Comparison.pair(session.spec))
            st.switch_page(navigation.script(navigation.COMPARE))
        sidebar(page, form, session.spec, partial(reset, page, session))
    notes(page, Start.of(session))
    form.notice()
    view = live_view(page, f"live_{dim}", session, "live.js", on_act=partial(acted, session))
    if view.gone:
        resume(page, session, view.gone, partial(_of_this, dim), Start.of)


def _of_this(dim: int, pairs: Iterable[tuple[str, str]]) -> Start | None:
    start = Start.from_query(pairs)
    return start if start.spec.dim == dim else None


def _opens_with(dim: int) -> Start:
    """The preset that the address names, else the default."""
    preset = preset_of_url()
    if preset is not None and len(preset.specs) == 1:
        return Start(preset.specs[0])
    return Start(DEFAULTS[dim])


def _read(dim: int, ignored: list[SpecError]) -> Start:
    """The address' Spec; an address of the other lab leads there."""
    start = from_url(DEFAULTS[dim], ignored)
    if start.spec.dim != dim:
        preset = preset_named()
        query = start.spec.to_query() + (f"&events={start.events}" if start.events else "")
        query += f"&preset={preset}" if preset else ""
        redirect(navigation.addresses()[start.spec.dim - 1], query)
    return start
