"""Many seeds of one Spec: sidebar -> Spec and number of seeds -> ensemble -> live view."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ganlab.live.ensemble import RUNS, EnsembleSession
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec
from ganlab.ui import navigation
from ganlab.ui.atomic import atomic
from ganlab.ui.sidebar import fill, reset, sidebar, spec_form
from ganlab.ui.start import Start, create, from_url, notes, resume, session_of, want
from ganlab.ui.story import acted
from ganlab.ui.view import live_view
from ganlab.ui.widgets import show_error

_DIM, _RUNS = "many_dim", "many_runs"
_WRONG = "_many_wrong"
_LAST = "_many_last"  # the Spec last shown of each dimension


def many() -> None:
    """The page of many seeds."""
    session = session_of(
        navigation.MANY,
        partial(from_url, DEFAULTS[2]),
        Start(DEFAULTS[2]),
        lambda start: create(start, partial(EnsembleSession, runs=start.runs)),
        _fill,
    )
    form = spec_form(navigation.MANY, session)
    with st.sidebar:
        _switches(session)
        sidebar(navigation.MANY, form, session.spec, partial(reset, navigation.MANY, session))
    notes(navigation.MANY, Start.of(session))
    form.notice()
    error = st.session_state.pop(_WRONG, None)
    if error is not None:
        show_error(error, "Not applied; the runs go on as they were.")
    view = live_view(
        navigation.MANY,
        "live_many",
        session,
        "many.js",
        on_act=partial(acted, session),
        on_open=partial(_open, session),
    )
    if view.gone:
        resume(navigation.MANY, session, view.gone, Start.from_query, Start.of)


def _fill(start: Start) -> None:
    def begin() -> None:
        st.session_state[_DIM], st.session_state[_RUNS] = start.spec.dim, start.runs
        fill(navigation.MANY)

    atomic(begin)


def _switches(session: EnsembleSession) -> None:
    """How many seeds, and in how many dimensions."""
    # After a visit to another page Streamlit has forgotten the widgets' values.
    st.session_state.setdefault(_DIM, session.spec.dim)
    st.session_state.setdefault(_RUNS, session.runs)
    st.segmented_control(
        "x is",
        (1, 2),
        key=_DIM,
        required=True,
        format_func=lambda dim: f"{dim}-D",
        on_change=_switch,
        args=(session,),
        width="stretch",
    )
    st.segmented_control(
        "seeds",
        RUNS,
        key=_RUNS,
        required=True,
        on_change=lambda: atomic(lambda: _apply(session, session.spec)),
        help="The seed of this Spec and those after it, trained together.",
        width="stretch",
    )


def _switch(session: EnsembleSession) -> None:
    """To the Spec last shown in the other number of dimensions."""

    def change() -> None:
        last = st.session_state.setdefault(_LAST, {})
        last[session.spec.dim] = session.spec
        dim = st.session_state[_DIM]
        _apply(session, last.get(dim, DEFAULTS[dim]))
        fill(navigation.MANY)

    atomic(change)


def _apply(session: EnsembleSession, spec: Spec) -> None:
    """Train `spec` with the chosen number of seeds; what is refused is said above the picture."""
    try:
        session.configure(spec, st.session_state[_RUNS])
    except SpecError as error:
        st.session_state[_WRONG] = error
        _fill(Start.of(session))


def _open(session: EnsembleSession, seed: object) -> None:
    """Show one seed in its lab."""
    try:
        begun, events = session.begun
        spec = begun.replace(seed=PARAMS["seed"].check(seed))
    except SpecError:
        return
    page = navigation.LABS[spec.dim]
    want(page, Start(spec, events=events))
    st.switch_page(navigation.script(page))
