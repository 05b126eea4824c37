"""What a page starts with: its address, and the session that the page keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException

from ganlab.address import (
    without_families,
    without_lesson,
    without_present,
    without_preset,
    without_shape,
)
from ganlab.experiment import BadEvents, Experiment
from ganlab.languages import listed, tr
from ganlab.lessons import KNOWN
from ganlab.live.budget import TooDear
from ganlab.live.lesson import Teaching
from ganlab.live.scheduler import SCHEDULER
from ganlab.live.session import Session
from ganlab.live.story import story_of
from ganlab.params import in_words, named
from ganlab.presets import PRESETS, Preset
from ganlab.query import GivenTwice, UnknownField, pairs_of
from ganlab.record import RunFile
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.ui import language, navigation, shaped
from ganlab.ui.atomic import atomic
from ganlab.ui.plain import plain, say

_MOST = 4  # the number of unusable fields of an address to name


def want(
    page: str,
    start: Experiment,
    after: str = "",
    ignored: Sequence[SpecError] = (),
    preset: str = "",
    state: RunFile | None = None,
    note: str = "",
    lesson: Teaching | None = None,
) -> None:
    """Make `page` start a new session with `start` when it is shown next.

    after: the token of a lost session to resume, if the server kept its state. ignored: errors for
    the unusable parts of the address that `start` came from. preset: the name of the preset that
    `start` is; "" if none. state: that from which its runs begin, if they have already begun. note:
    a message that the view shows. lesson: the one that is shown beside it.
    """
    st.session_state[f"_lesson_{page}"] = lesson
    st.session_state[f"_note_{page}"] = note
    st.session_state[f"_ignored_{page}"] = list(ignored)
    st.session_state[f"_wanted_{page}"] = start
    st.session_state[f"_after_{page}"] = after
    st.session_state[f"_preset_{page}"] = preset
    st.session_state[f"_state_{page}"] = state


def open_page(page: str, start: Experiment, **about: Any) -> NoReturn:
    """Go to `page`, which starts a new session with `start`; about: see `want`."""
    go(page, lambda: want(page, start, **about))


def go(page: str, prepare: Callable[[], None]) -> NoReturn:
    """Go to `page` after `prepare`, whose end an interruption does not prevent; see `atomic`."""
    try:
        atomic(prepare)
    except RerunException:
        pass  # what else was pressed on the page that is left does not matter
    # The page writes its address itself; query_params here would add an entry to the history.
    st.switch_page(navigation.script(page))


def resume(page: str, session: Session, read: Callable[..., Experiment | None], gone: Any) -> None:
    """Resume a session that the view has lost, with the Spec in the view's address; a callback.

    gone: the view's report, {"token", "search"}. After a restart the server knows only the address
    that Streamlit remembers, without the knobs changed since. read: makes an experiment from the
    fields of an address; returns None if they belong to another page.
    """
    token, search = (
        str(gone.get(n)) if isinstance(gone, dict) else "" for n in ("token", "search")
    )
    if token in (session.token, session.after):
        # The view asked another server, and retries until it reaches this one; or it has resumed.
        return
    preset, lesson = "", None
    try:
        fields, preset, lesson = _told(pairs_of(search), session.lesson)
        start = read(fields)
    except SpecError:
        start = None
    if start is None or start == session.begun:
        session.resume(token)
    else:
        atomic(lambda: want(page, start, token, preset=preset, lesson=lesson))


def session_of(
    page: str,
    read: Callable[[list[SpecError]], Experiment],
    default: Experiment,
    fill: Callable[[Experiment], None],
) -> Session:
    """This page's session: of what `want` asked for, else the existing one, else of its address.

    read: makes an experiment from the address, and appends an error for each unusable part to its
    argument. fill: makes the sidebar show what a new session starts with.
    """
    sessions = st.session_state.setdefault("_sessions", {})
    old: Session | None = sessions.get(page)
    start: Experiment | None = st.session_state.pop(f"_wanted_{page}", None)
    after = st.session_state.pop(f"_after_{page}", "")
    preset = st.session_state.pop(f"_preset_{page}", "")
    lesson: Teaching | None = st.session_state.pop(f"_lesson_{page}", None)
    state: RunFile | None = st.session_state.pop(f"_state_{page}", None)
    ignored: list[SpecError] = st.session_state.pop(f"_ignored_{page}", [])
    alive = old is not None and SCHEDULER.get(old.token) is old
    if start is None:
        if shaped.moved() if alive else old is None:
            start = read(ignored) if _pairs() else None if alive else default
            preset, lesson = preset_named(), lesson_named()
        if old is not None and alive and start in (None, old.begun):
            old.give_shape(shaped.now())
            return old
        if start is None:
            assert old is not None
            start, after = old.begun, old.token
            preset = old.story.name if old.story is not None else ""
            lesson = old.lesson
    otherwise = old.begun if old is not None and alive else default
    session, start = _create(start, otherwise, ignored)
    sessions[page] = session
    session.give_shape(shaped.now())
    specs = session.experiment.specs
    told = story_of(preset, specs) if lesson is None else lesson.story(specs)
    session.begin(told, after, state, lesson)
    if note := st.session_state.pop(f"_note_{page}", ""):
        session.command("note", note)
    fill(start)
    st.session_state[f"_notes_{page}"] = (start, ignored)
    return session


def _create(
    start: Experiment, otherwise: Experiment, ignored: list[SpecError]
) -> tuple[Session, Experiment]:
    """A session of `start`, or of as much of it as this server allows.

    Appends the reason for each reduction to `ignored`. Raises `SpecError` if not even `otherwise`
    is allowed.
    """
    wanted: Experiment | None = start
    while wanted is not None:
        try:
            return SCHEDULER.create(wanted), wanted
        except SpecError as error:
            wanted = _less(wanted, error)
            if wanted is None:  # then nothing of it is used, and the error must not say "reduced"
                error = SpecError(error.name, error.value, error.allowed)
            ignored.append(error)
    return SCHEDULER.create(otherwise), otherwise


def _less(start: Experiment, error: SpecError) -> Experiment | None:
    """`start` reduced as the error of its refusal advises; None if it cannot be reduced."""
    if error.name == "events":
        return start.with_events(()) if start.events else None
    if not isinstance(error, TooDear) or not error.changes:
        return None
    changes = dict(error.changes)
    seeds = changes.pop("runs", start.seeds)
    try:
        specs = [_lowered(spec, changes) for spec in start.specs]
        less = replace(start.with_events(()), specs=tuple(specs), seeds=seeds)
    except SpecError:  # the lower values do not go with a field of another run
        return None
    try:
        return less.with_events(start.events)
    except SpecError:  # the events do not go with the reduced Specs
        return less


def _lowered(spec: Spec, changes: Mapping[str, Any]) -> Spec:
    """`spec` with these numbers, and widths up to these, where its own are larger."""
    lower: dict[str, Any] = {}
    for name, most in changes.items():
        now = getattr(spec, name)
        widths = isinstance(now, tuple)
        lower[name] = tuple(min(w, max(most)) for w in now) if widths else min(now, most)
    return spec.replace(**lower)


def _pairs() -> list[tuple[str, str]]:
    """The fields of the address that are a run's, without Streamlit's own fields."""
    return _told(_address())[0]


def _told(
    pairs: list[tuple[str, str]], before: Teaching | None = None
) -> tuple[list[tuple[str, str]], str, Teaching | None]:
    """The fields of an address that are a run's, its preset, and its lesson."""
    plain_fields = without_shape(without_present(pairs))[0]
    fields, preset = without_preset(without_families(plain_fields)[0], PRESETS)
    if not any(name == "lesson" for name, _ in fields):
        return fields, preset, None  # lessons need not be read
    fields, name, step = without_lesson(fields, KNOWN)
    return fields, preset, Teaching(KNOWN[name], step, before) if name else None


def _address() -> list[tuple[str, str]]:
    names = (name for name in st.query_params if name != language.FIELD)
    return [(name, value) for name in names for value in st.query_params.get_all(name)]


def families_shown() -> bool:
    """Whether the address says that other families of models are shown."""
    return without_families(_address())[1]


def preset_named() -> str:
    """The name of the preset in the address; "" if there is none."""
    return _told(_address())[1]


def lesson_named() -> Teaching | None:
    """The lesson in the address, at its step; None if there is none."""
    return _told(_address())[2]


def lesson_alone(page: str) -> Teaching | None:
    """The lesson in the address with which `page` is opened, if the address holds nothing else."""
    known = st.session_state.get("_sessions", {}).get(page) is not None
    if known or st.session_state.get(f"_wanted_{page}") is not None or _pairs():
        return None
    return lesson_named()


def preset_of_url() -> Preset | None:
    """The preset in the address, if the address holds nothing else."""
    name = preset_named()
    return PRESETS[name] if name and not _pairs() else None


def from_url(
    base: Spec,
    ignored: list[SpecError],
    read: Callable[..., Experiment] = Experiment.from_query,
) -> Experiment:
    """The experiment that `read` makes of the address, on a page whose default is `base`."""
    return read(_pairs(), ignored, base)


def notes(page: str, now: Experiment) -> None:
    """Report the unusable parts of the address above the picture, until the page shows another.

    now: the experiment that the page shows.
    """
    start, ignored = st.session_state.get(f"_notes_{page}", (None, []))
    ignored = [*(ignored if start == now else ()), *shaped.ignored()]
    if ignored:
        unusable(ignored)


def unusable(ignored: Sequence[SpecError]) -> None:
    """Report the unusable parts of an address."""
    unknown = list(dict.fromkeys(plain(e.field) for e in ignored if isinstance(e, UnknownField)))
    with st.container(key="notes"):
        wrong = [e for e in ignored if not isinstance(e, UnknownField)]
        for error in wrong[:_MOST]:
            say(tr("In this address {why}", why=_why(error)), "warn", alert=True)
        if wrong[_MOST:]:
            say(
                tr("In this address {count} more fields cannot be used.", count=len(wrong) - _MOST),
                "warn",
            )
        if unknown:
            more = tr(" and {count} more", count=len(unknown) - _MOST) if unknown[_MOST:] else ""
            say(
                tr(
                    "Ignored in this address: {listed}{more}.",
                    listed=listed(unknown[:_MOST]),
                    more=more,
                )
            )


def _why(error: SpecError) -> str:
    title = (named(error) or (error.name,))[0]
    if isinstance(error, GivenTwice):
        return tr("{title} is given twice: the first value is used.", title=plain(title))
    if isinstance(error, TooDear) and error.changes:
        return tr(
            "{in_words}: the run was reduced accordingly.",
            in_words=plain(in_words(error), 400).rstrip("."),
        )
    if isinstance(error, BadEvents) or error.name == "events":
        return tr(
            "{in_words}. The run starts without these changes.",
            in_words=plain(in_words(error), 400).rstrip("."),
        )
    return tr("{in_words}. The default is used.", in_words=plain(in_words(error), 300).rstrip("."))
