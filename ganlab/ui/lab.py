"""A lab: sidebar -> Spec -> a session of the scheduler -> live view."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import streamlit as st

from ganlab.address import with_lesson, with_preset
from ganlab.comparison import Comparison
from ganlab.experiment import SEEDS, Experiment
from ganlab.languages import tr
from ganlab.live.session import Session
from ganlab.presets import DEFAULTS
from ganlab.registry import SpecError
from ganlab.shape import PAGE
from ganlab.spec import Spec
from ganlab.ui import navigation, shaped
from ganlab.ui.form import Form
from ganlab.ui.sidebar import fill, reset, sidebar, spec_form
from ganlab.ui.start import (
    from_url,
    lesson_named,
    notes,
    open_page,
    preset_named,
    preset_of_url,
    resume,
    session_of,
)
from ganlab.ui.story import acted, to_its_page, told
from ganlab.ui.view import live_view, redirect
from ganlab.ui.widgets import LOCKED


def lab(dim: int, title: str, watch_for: str) -> None:
    """Draw the lab of Specs with `dim` axes. title: its name; watch_for: what to watch for."""
    page, top = navigation.LABS[dim], st.container()
    to_its_page(page)
    session = session_of(
        page,
        partial(_read, dim),
        _opens_with(dim),
        lambda start: fill(page),
    )
    form = None if session.lesson else spec_form(page, session)  # a lesson has no sidebar
    with top:
        told(session, title, watch_for)
    if form is not None:
        _settings(page, session, form)
    notes(page, session.begun)
    if form is not None:
        form.notice()
    module = "live.js" if dim else "symbols.js"
    live_view(
        page,
        f"live_{dim}",
        session,
        module,
        on_act=partial(acted, session),
        on_gone=partial(resume, page, session, partial(_of_this, dim)),
        parts=[] if form is None else form.parts,
    )


def _to(page: str, words: str, lead: Callable[[], None]) -> None:
    """Draw a button that leads to another page, if it is not hidden."""
    part = f"{PAGE}-{page}"
    if shaped.now().hidden(part):
        return
    locked = shaped.now().fixed(part)
    icon = navigation.PAGES[page].icon
    note = tr(LOCKED) if locked else None
    st.button(
        words,
        key=f"open-{page}",
        icon=icon,
        disabled=locked,
        help=note,
        width="stretch",
        on_click=lead,
    )


def _settings(page: str, session: Session, form: Form[Spec]) -> None:
    """Draw the sidebar."""

    def many() -> None:
        open_page(navigation.MANY, Experiment.of(session.spec, SEEDS[0]))

    def compare() -> None:
        open_page(navigation.COMPARE, Comparison.pair(session.spec))

    def maps() -> None:
        fields = dict(session.spec.to_query_pairs())
        st.switch_page(navigation.script(navigation.MAPS), query_params=fields)

    with st.sidebar:
        _to(navigation.MANY, tr("Many seeds of this"), many)
        _to(navigation.COMPARE, tr("Compare this"), compare)
        _to(navigation.MAPS, tr("Map this"), maps)
        sidebar(page, form, session, partial(reset, page, session))


def _of_this(dim: int, pairs: Iterable[tuple[str, str]]) -> Experiment | None:
    start = _one_seed(Experiment.from_query(pairs))
    return start if start.base.axes == dim else None


def _one_seed(experiment: Experiment) -> Experiment:
    return replace(experiment, seeds=1)


def _opens_with(dim: int) -> Experiment:
    """The runs of the lesson or the preset named in the address, else the default Spec."""
    lesson = lesson_named()
    if lesson is not None:
        return lesson.now.begins
    preset = preset_of_url()
    if preset is not None and len(preset.specs) == 1:
        return Experiment.of(preset.specs[0])
    return Experiment.of(DEFAULTS[dim])


def _read(dim: int, ignored: list[SpecError]) -> Experiment:
    """The Spec in the address; redirects if it belongs to the other lab."""
    start = _one_seed(from_url(DEFAULTS[dim], ignored))
    if start.base.axes != dim:
        query = with_preset(start.to_query(), preset_named())
        if (lesson := lesson_named()) is not None:
            query = with_lesson(query, lesson.lesson.name, lesson.step)
        redirect(navigation.addresses()[start.base.axes], query)
    return start
