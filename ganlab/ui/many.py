"""The Many seeds page: sidebar -> Spec and number of seeds -> ensemble -> live view."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from ganlab.experiment import SEEDS, Experiment
from ganlab.languages import tr
from ganlab.live.session import Session
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.shape import SIDEBAR
from ganlab.spec import PARAMS, Spec
from ganlab.ui import navigation
from ganlab.ui.atomic import atomic
from ganlab.ui.sidebar import choose_kind, fill, reset, sidebar, spec_form
from ganlab.ui.start import from_url, notes, open_page, resume, session_of
from ganlab.ui.story import acted
from ganlab.ui.view import live_view
from ganlab.ui.widgets import show_error

_DIM, _RUNS = "many_dim", "many_runs"
_WRONG = "_many_wrong"
_LAST = "_many_last"  # for each dimension, the Spec shown last


def many() -> None:
    """Draw the page of many seeds."""
    session = session_of(
        navigation.MANY,
        lambda ignored: _seeds_of(from_url(DEFAULTS[2], ignored)),
        Experiment.of(DEFAULTS[2], SEEDS[0]),
        _fill,
    )
    form = spec_form(navigation.MANY, session)
    with st.sidebar:
        _switches(session)
        sidebar(navigation.MANY, form, session, partial(reset, navigation.MANY, session))
    notes(navigation.MANY, session.begun)
    form.notice()
    error = st.session_state.pop(_WRONG, None)
    if error is not None:
        show_error(error, tr("Not applied; the runs continue unchanged."))
    live_view(
        navigation.MANY,
        "live_many",
        session,
        "many.js",
        on_act=partial(acted, session),
        on_gone=partial(
            resume,
            navigation.MANY,
            session,
            lambda pairs: _seeds_of(Experiment.from_query(pairs)),
        ),
        on_open=partial(_open, session),
        parts=[*form.parts, ("kind", SIDEBAR["kind"], _DIM), ("runs", SIDEBAR["runs"], _RUNS)],
    )


def _seeds_of(start: Experiment) -> Experiment:
    """The experiment with the number of seeds from its address, or the smallest number offered."""
    return start if start.seeds > 1 else replace(start, seeds=SEEDS[0])


def _fill(start: Experiment) -> None:
    def begin() -> None:
        st.session_state[_DIM], st.session_state[_RUNS] = start.base.axes, start.seeds
        fill(navigation.MANY)

    atomic(begin)


def _switches(session: Session) -> None:
    """The choices of the number of seeds and of the dimension."""
    choose_kind(_DIM, session, _switch)
    # Streamlit forgets a widget's value when the user visits another page.
    st.session_state.setdefault(_RUNS, session.experiment.seeds)
    if session.shape.hidden("runs"):
        return
    st.segmented_control(
        tr("seeds"),
        SEEDS,
        key=_RUNS,
        required=True,
        on_change=lambda: atomic(lambda: _apply(session, session.spec)),
        help=tr("The seed of this Spec and the seeds after it, trained together."),
        disabled=session.shape.fixed("runs"),
        width="stretch",
    )


def _switch(session: Session) -> None:
    """Switch to the Spec shown last in the other dimension."""

    def change() -> None:
        last = st.session_state.setdefault(_LAST, {})
        last[session.spec.axes] = session.spec
        dim = st.session_state[_DIM]
        _apply(session, last.get(dim, DEFAULTS[dim]))
        fill(navigation.MANY)

    atomic(change)


def _apply(session: Session, spec: Spec) -> None:
    """Train `spec` with the chosen number of seeds; a refusal is shown above the picture."""
    try:
        session.show(Experiment.of(spec, st.session_state[_RUNS]))
    except SpecError as error:
        st.session_state[_WRONG] = error
        _fill(session.begun)


def _open(session: Session, seed: object) -> None:
    """Open one seed in its lab."""
    try:
        start = replace(session.begun, seeds=1).with_seed(PARAMS["seed"].check(seed))
    except SpecError:
        return
    open_page(navigation.LABS[start.base.axes], start)
