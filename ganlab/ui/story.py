"""Presets on a page: opening one, going to the next, and leaving it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ganlab.address import with_lesson
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.languages import tr
from ganlab.lessons import KNOWN, Lesson
from ganlab.live.fork import fork
from ganlab.live.lesson import Teaching
from ganlab.live.opened import WAITING
from ganlab.live.session import Session
from ganlab.live.story import story_of
from ganlab.presets import PRESETS, Preset
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.ui import navigation
from ganlab.ui.layout import headline
from ganlab.ui.rejoin import rejoin
from ganlab.ui.start import go, lesson_alone, open_page
from ganlab.ui.view import redirect

OWN_LESSONS = "_own_lessons"  # in the visitor's state: names of the lessons that they opened


def show(preset: Preset) -> None:
    """Open the page that shows the preset, with a new session."""
    show_specs(preset.specs, preset.name)


def show_specs(specs: tuple[Spec, ...], preset: str = "") -> None:
    """Open one Spec in its lab, or several side by side; preset: the name of the one they are."""
    if len(specs) == 1:
        open_page(navigation.LABS[specs[0].axes], Experiment.of(specs[0]), preset=preset)
    else:
        open_page(navigation.COMPARE, Comparison.among(specs), preset=preset)


def place_of(teaching: Teaching) -> str:
    """The url path of the page that shows the step of a lesson."""
    begins = teaching.now.begins
    return navigation.LABS[begins.base.axes] if len(begins.specs) == 1 else navigation.COMPARE


def teach(lesson: Lesson, step: int = 0, before: Teaching | None = None) -> None:
    """Open the page of a lesson's step, with a new session; before: the lesson so far."""
    teaching = Teaching(lesson, step, before)
    open_page(place_of(teaching), teaching.now.begins, lesson=teaching)


def to_its_page(page: str) -> None:
    """Go on to the page of the lesson in the address if it names nothing else, and that is another.

    page: the one that was opened.
    """
    teaching = lesson_alone(page)
    if teaching is not None and (place := place_of(teaching)) != page:
        redirect(place, with_lesson("", teaching.lesson.name, teaching.step))


def told(session: Session, title: str, watch_for: str) -> None:
    """Draw the page's headline, unless the live view shows that of a preset or a lesson."""
    if session.lesson is None and (session.story is None or not session.story.name):
        headline(title, watch_for)


def _fork(session: Session, field: str) -> None:
    """Open the shown moment of a lab on the Compare page, in two runs, one with another value."""
    try:
        pair, state = fork(session, field)
    except SpecError as error:
        session.command("note", error.words)
        return
    open_page(navigation.COMPARE, pair, state=state)


def _remember(lesson: str) -> None:
    own = st.session_state.setdefault(OWN_LESSONS, [])
    if lesson not in own:
        own.append(lesson)


def open_sent(token: str) -> bool:
    """Open the page of the file that was sent to `token`, with its runs; False if there is none."""
    opened = WAITING.take(token)
    if opened is None:
        return False
    experiment, file, note, lesson = opened
    if lesson is not None:
        go(navigation.LESSONS, lambda: _remember(lesson.name))
    if len(experiment.specs) > 1:
        page = navigation.COMPARE
    else:
        page = navigation.MANY if experiment.seeds > 1 else navigation.LABS[experiment.base.axes]
    shown = "" if file is None else file.preset
    known = PRESETS[shown].specs if shown in PRESETS else ()
    fits = [spec.axes for spec in known] == [spec.axes for spec in experiment.specs]
    preset = shown if fits and experiment.seeds == 1 else ""
    open_page(page, experiment, preset=preset, state=file, note=note)


def acted(session: Session, act: Any) -> None:
    """Do what a button or key of the story asks for; ignore anything else."""
    if not isinstance(act, dict):
        return
    name = act.get("name")
    if act.get("act") == "preset" and isinstance(name, str) and name in PRESETS:
        show(PRESETS[name])
    elif act.get("act") == "gallery":
        st.switch_page(navigation.script(navigation.GALLERY))
    elif act.get("act") == "lesson" and isinstance(name, str) and name in KNOWN:
        step = act.get("step")
        teach(KNOWN[name], step if type(step) is int else 0, session.lesson)
    elif act.get("act") == "lessons":
        st.switch_page(navigation.script(navigation.LESSONS))
    elif act.get("act") == "class":
        st.switch_page(navigation.script(navigation.FOLLOW))
    elif act.get("act") == "rejoin" and isinstance(name, str):
        rejoin(session, name, act.get("token"))
    elif act.get("act") == "fork" and isinstance(name, str):
        _fork(session, name)
    elif act.get("act") == "open":
        if not open_sent(session.token):
            session.command("note", tr("The file has not arrived: open it again."))
    elif act.get("act") == "leave":
        session.tell(story_of("", session.experiment.specs))
