"""The Compare page: the fields that differ -> a comparison -> a session -> a live view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from ganlab.address import LETTERS
from ganlab.comparison import MOST, Comparison
from ganlab.experiment import Experiment, params
from ganlab.languages import tr
from ganlab.live.acts import edited
from ganlab.live.session import Session
from ganlab.live.story import opening
from ganlab.presets import DEFAULTS, STRIPS, Strip
from ganlab.registry import Param, SpecError
from ganlab.shape import SIDEBAR
from ganlab.ui import navigation
from ganlab.ui.atomic import atomic
from ganlab.ui.families import beside, families_switch
from ganlab.ui.form import Field, Form
from ganlab.ui.layout import section
from ganlab.ui.sidebar import choose_kind, fields, fill, newly_replayed, sidebar
from ganlab.ui.start import from_url, lesson_named, notes, preset_of_url, resume, session_of
from ganlab.ui.story import acted, to_its_page, told
from ganlab.ui.view import live_view
from ganlab.ui.widgets import show_error

_DIM = "compare_dim"
_LAST = "_compare_last"  # for each dimension, the comparison shown last
_ROUND = "_compare_round"  # increases when code, not a widget, changes the fields that differ
_WRONG = "_compare_wrong"
_BOXES = {"kind": _DIM, "differs": "differs", "strips": "strips", "families": "families_box"}
_PARTS = [(name, SIDEBAR[name], key) for name, key in _BOXES.items()]


def compare(title: str, watch_for: str) -> None:
    """Draw the page. title: its name; watch_for: what a visitor should watch for."""
    top = st.container()
    to_its_page(navigation.COMPARE)
    session = session_of(
        navigation.COMPARE,
        partial(from_url, DEFAULTS[1], read=Comparison.from_query),
        _opens_with(),
        _fill,
    )
    form = None if session.lesson else _form(session)  # a lesson has no sidebar
    with top:
        told(session, title, watch_for)
    named = session.story is not None and session.story.name
    if form is not None and not named and not session.shape.hidden("strips"):
        _strips(session)
    beside(session)
    if form is not None:
        with st.sidebar:
            choose_kind(_DIM, session, _other_dimension)
            if not session.shape.hidden("differs"):
                with st.container(key=_BOXES["differs"]):
                    _differences(session, form)
            if not session.shape.hidden("families"):
                with st.container(key=_BOXES["families"]):
                    families_switch(session)
            if any(not form.hidden(name) for name in form if name in params(session.spec)):
                st.markdown(tr("**In all runs**"))
            sidebar(navigation.COMPARE, form, session, partial(_reset, session))
    notes(navigation.COMPARE, session.begun)
    if form is not None:
        form.notice()
    error = st.session_state.pop(_WRONG, None)
    if error is not None:
        show_error(error, tr("Not applied; the runs continue unchanged."))
    live_view(
        navigation.COMPARE,
        "live_compare",
        session,
        "compare.js",
        on_act=partial(_act, session),
        on_gone=partial(resume, navigation.COMPARE, session, Comparison.from_query),
        parts=[] if form is None else [*form.parts, *_PARTS],
    )


def _opens_with() -> Comparison:
    """The runs of the lesson or preset in the address, else a pair of the default Spec."""
    lesson = lesson_named()
    if lesson is not None and isinstance(lesson.now.begins, Comparison):
        return lesson.now.begins
    preset = preset_of_url()
    if preset is not None and len(preset.specs) > 1:
        return Comparison.among(preset.specs)
    return Comparison.pair(DEFAULTS[1])


def _form(session: Session) -> Form[Comparison]:
    """The reconciled form: the shared fields, and each run's values of the fields that differ."""
    if newly_replayed(navigation.COMPARE, session):
        _fill(session.experiment)
    comparison = _compared(session)
    known = params(comparison.base)

    def change(_: Comparison, values: Mapping[str, Any]) -> Comparison:
        return _compared(session).changed(values)

    def param(name: str, letter: str) -> Param:
        return replace(
            known[name],
            title=tr("Run {letter}: {title}", letter=letter.upper(), title=known[name].title),
        )

    own = (
        Field(f"{letter}.{name}", param(name, letter), _own_key(name, letter), value, part=name)
        for name, column in comparison.columns.items()
        for letter, value in zip(LETTERS, column, strict=False)
    )
    common = fields(navigation.COMPARE, comparison.base, comparison.fields)
    return Form(
        navigation.COMPARE, [*own, *common], comparison, change, session.show, session.shape
    )


def _stem() -> str:
    return f"differ_{st.session_state.setdefault(_ROUND, 0)}"


def _own_key(name: str, letter: str) -> str:
    return f"{_stem()}_{name}_{letter}"


def _compared(session: Session) -> Comparison:
    """The comparison that the session shows."""
    assert isinstance(session.experiment, Comparison)
    return session.experiment


def _fill(comparison: Experiment) -> None:
    def begin() -> None:
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        st.session_state[_DIM] = comparison.base.axes
        fill(navigation.COMPARE)

    atomic(begin)


def _reset(session: Session) -> None:
    """Set the shared fields to their defaults; keep the current seed and the fields that differ."""
    base = DEFAULTS[session.spec.axes].replace(seed=session.spec.seed)
    _apply(session, lambda old: old.on(base))


def _apply(session: Session, make: Callable[[Comparison], Comparison]) -> None:
    """Show the comparison that `make` returns, and refill the widgets from it."""
    try:
        session.show(make(_compared(session)))
    except SpecError as refused:
        error = refused
        atomic(lambda: st.session_state.__setitem__(_WRONG, error))
    _fill(session.experiment)


def _strips(session: Session) -> None:
    """Buttons for the most common comparisons."""
    with st.container(horizontal=True, gap="small", key="strips"):
        for title, strip in STRIPS.items():
            st.button(
                tr(title),
                key=f"strip_{title}",
                disabled=session.shape.fixed("strips"),
                on_click=_strip,
                args=(session, strip),
            )


def _strip(session: Session, strip: Strip) -> None:
    """Show the comparison of a strip on its own base, discarding the current one."""
    base = strip.base or DEFAULTS[session.spec.axes]
    session.tell(opening(base.axes))
    _apply(session, lambda _: Comparison.by(base, {strip.field: strip.values}))


def _other_dimension(session: Session) -> None:
    def change() -> None:
        last = st.session_state.setdefault(_LAST, {})
        last[session.spec.axes] = _compared(session)
        dim = st.session_state[_DIM]
        base = DEFAULTS[dim].replace(seed=session.spec.seed)
        _apply(session, lambda old: last.get(dim) or old.on(base))

    atomic(change)


def _differences(session: Session, form: Form[Any]) -> None:
    """A select box for each field that differs, and a widget for each run's value of it."""
    section(tr("What differs"))
    comparison = _compared(session)
    known, stem = params(comparison.base), _stem()
    for at, name in enumerate(comparison.fields, 1):
        left, right = st.columns([3, 1], gap="small", vertical_alignment="center")
        key = f"{stem}_field_{name}"
        left.selectbox(
            tr("Field {at} that differs", at=at),
            [n for n in known if n == name or n not in comparison.fields],
            key=key,
            index=None if key in st.session_state else _place(known, comparison, name),
            format_func=lambda n: tr(known[n].title),
            label_visibility="collapsed",
            on_change=_rename,
            args=(session, name, key),
            disabled=session.shape.fixed("differs"),
        )
        right.button(
            tr("Remove"),
            type="tertiary",
            key=f"{stem}_drop_{name}",
            help=tr("Stop comparing this field: all runs take run A's value."),
            disabled=len(comparison.fields) == 1 or session.shape.fixed("differs"),
            on_click=_apply,
            args=(session, lambda old, name=name: old.without_field(name)),
        )
        cells = [cell for _ in range(0, len(comparison.specs), 2) for cell in st.columns(2)]
        for cell, letter in zip(cells, LETTERS[: len(comparison.specs)], strict=False):
            with cell:
                form.widget(f"{letter}.{name}")
    _more(session)


def _place(known: dict[str, Any], comparison: Comparison, name: str) -> int:
    return [n for n in known if n == name or n not in comparison.fields].index(name)


def _rename(session: Session, name: str, key: str) -> None:
    def change() -> None:
        new = st.session_state.get(key)
        if new not in (None, name) and name in _compared(session).fields:
            _apply(session, lambda old: old.with_field(new, instead_of=name))

    atomic(change)


def _more(session: Session) -> None:
    """Buttons that add a field or a run."""
    comparison = _compared(session)
    free = [n for n in params(comparison.base) if n not in comparison.fields]
    left, right = st.columns(2)
    left.button(
        tr("Field"),
        icon=":material/add:",
        help=tr("Compare another field"),
        disabled=not free or session.shape.fixed("differs"),
        on_click=_apply,
        args=(session, lambda old: old.with_field(free[0])),
        width="stretch",
    )
    right.button(
        tr("Run"),
        icon=":material/add:",
        help=tr("Add a run (at most {most})", most=MOST),
        disabled=len(comparison.specs) == MOST or session.shape.fixed("differs"),
        on_click=_apply,
        args=(session, Comparison.with_run),
        width="stretch",
    )


def _act(session: Session, act: Any) -> None:
    """Do what a button in a run's heading, or the story, asks for."""
    if not isinstance(act, dict):
        return
    acted(session, act)
    if session.shape.fixed("differs"):
        return
    if edited(_compared(session), act) is not None:
        _apply(session, lambda old: edited(old, act) or old)
