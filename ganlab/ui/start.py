"""What a page begins with, its address, and the session that the page keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ganlab.address import pairs_of, without_preset
from ganlab.experiment import BadEvents, Experiment
from ganlab.live.budget import TooDear
from ganlab.live.scheduler import SCHEDULER
from ganlab.live.session import Session
from ganlab.live.story import story_of
from ganlab.params import in_words, named
from ganlab.presets import PRESETS, Preset
from ganlab.registry import SpecError
from ganlab.spec import GivenTwice, Spec, UnknownField
from ganlab.ui.plain import plain, say

_MOST = 4  # fields of an address that are named


def want(
    page: str,
    start: Experiment,
    after: str = "",
    ignored: Sequence[SpecError] = (),
    preset: str = "",
) -> None:
    """Have `page` begin anew with `start`, as the preset of that name, when it is next shown.

    after: the token of a session that is gone, and that is to be gone on from if it was kept.
    ignored: what could not be used of the address that `start` is from.
    """
    st.session_state[f"_ignored_{page}"] = list(ignored)
    st.session_state[f"_wanted_{page}"] = start
    st.session_state[f"_after_{page}"] = after
    st.session_state[f"_preset_{page}"] = preset


def resume(page: str, session: Session, gone: Any, read: Callable[..., Experiment | None]) -> None:
    """The view lost its session: go on where that was, with what the view's address holds.

    gone: what the view reports. A server that was restarted knows only the address that Streamlit
    remembers, without the knobs turned since. read: what the page begins with, of the fields of an
    address, or None if they are not of this page.
    """
    token, search = (
        str(gone.get(n)) if isinstance(gone, dict) else "" for n in ("token", "search")
    )
    if token in (session.token, session.after):
        # Another server was asked: the view asks on until it meets this one. Or it is done.
        return
    preset = ""
    try:
        fields, preset = without_preset(pairs_of(search), PRESETS)
        start = read(fields)
    except SpecError:
        start = None
    if start is None or start == session.begun:
        session.resume(token)
    else:
        want(page, start, token, preset=preset)
        st.rerun()


def session_of(
    page: str,
    read: Callable[[list[SpecError]], Experiment],
    default: Experiment,
    fill: Callable[[Experiment], None],
) -> Session:
    """This page's session: what it is wanted to show, else the one it had, else its address'.

    read: what the address holds, with a list for what of it cannot be used; `fill` makes the
    sidebar show what a new session begins with.
    """
    sessions = st.session_state.setdefault("_sessions", {})
    old: Session | None = sessions.get(page)
    start: Experiment | None = st.session_state.pop(f"_wanted_{page}", None)
    after = st.session_state.pop(f"_after_{page}", "")
    preset = st.session_state.pop(f"_preset_{page}", "")
    ignored: list[SpecError] = st.session_state.pop(f"_ignored_{page}", [])
    alive = old is not None and SCHEDULER.get(old.token) is old
    if start is None:
        if _moved() if alive else old is None:
            start = read(ignored) if _pairs() else None if alive else default
            preset = preset_named()
        if old is not None and alive and start in (None, old.begun):
            return old
        if start is None:
            assert old is not None
            start, after = old.begun, old.token
            preset = old.story.name if old.story is not None else ""
    otherwise = old.begun if old is not None and alive else default
    session, start = _create(start, otherwise, ignored)
    sessions[page] = session
    session.tell(story_of(preset, session.experiment.specs))
    if after:
        session.resume(after)
    fill(start)
    st.session_state[f"_notes_{page}"] = (start, ignored)
    return session


def _create(
    start: Experiment, otherwise: Experiment, ignored: list[SpecError]
) -> tuple[Session, Experiment]:
    """A session of what an address asks for, or of as much of it as this server allows.

    Why it is less is added to `ignored`. Raises `SpecError` if not even `otherwise` is allowed.
    """
    wanted: Experiment | None = start
    while wanted is not None:
        try:
            return SCHEDULER.create(wanted), wanted
        except SpecError as error:
            ignored.append(error)
            wanted = _less(wanted, error)
    return SCHEDULER.create(otherwise), otherwise


def _less(start: Experiment, error: SpecError) -> Experiment | None:
    """What asks less than `start`, which was refused: as the error advises; None: nothing."""
    if error.name == "events":
        return start.with_events(()) if start.events else None
    if not isinstance(error, TooDear) or not error.changes or len(start.specs) > 1:
        return None
    changes = dict(error.changes)
    seeds = changes.pop("runs", start.seeds)
    less = Experiment.of(start.base.replace(**changes), seeds)
    try:
        return less.with_events(start.events)
    except SpecError:  # they do not go with what is lowered
        return less


def _moved() -> bool:
    """Whether the browser went back or forward to this page: its address says what is to be seen.

    Otherwise Streamlit may remember an older address than the view has written since.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _pairs() -> list[tuple[str, str]]:
    """The address' fields but its preset; those of Streamlit's own are not among them."""
    return without_preset(_all_pairs(), PRESETS)[0]


def _all_pairs() -> list[tuple[str, str]]:
    return [(n, v) for n in st.query_params for v in st.query_params.get_all(n)]


def preset_named() -> str:
    """The preset that the address says it is of; "" if none."""
    return without_preset(_all_pairs(), PRESETS)[1]


def preset_of_url() -> Preset | None:
    """The preset whose name is all that the address holds."""
    name = preset_named()
    return PRESETS[name] if name and not _pairs() else None


def from_url(
    base: Spec,
    ignored: list[SpecError],
    read: Callable[..., Experiment] = Experiment.from_query,
) -> Experiment:
    """What `read` makes of the address, on a page that opens with `base`."""
    return read(_pairs(), ignored, base)


def notes(page: str, now: Experiment) -> None:
    """Say above the picture what of its address the page could not use, until it shows another.

    now: what it shows.
    """
    start, ignored = st.session_state.get(f"_notes_{page}", (None, []))
    if ignored and start == now:
        unusable(ignored)


def unusable(ignored: Sequence[SpecError]) -> None:
    """Say what of an address could not be used."""
    unknown = list(dict.fromkeys(plain(e.field) for e in ignored if isinstance(e, UnknownField)))
    with st.container(key="notes"):
        wrong = [e for e in ignored if not isinstance(e, UnknownField)]
        for error in wrong[:_MOST]:
            say(f"In this address {_why(error)}", "warn", alert=True)
        if wrong[_MOST:]:
            say(f"In this address {len(wrong) - _MOST} more fields cannot be used.", "warn")
        if unknown:
            more = f" and {len(unknown) - _MOST} more" if unknown[_MOST:] else ""
            say(f"Ignored in this address: {', '.join(unknown[:_MOST])}{more}.")


def _why(error: SpecError) -> str:
    title = (named(error) or (error.name,))[0]
    if isinstance(error, GivenTwice):
        return f"{plain(title)} is given twice: the first is used."
    if isinstance(error, TooDear) and error.changes:
        return f"{plain(in_words(error), 400).rstrip('.')}: that was done."
    if isinstance(error, BadEvents) or error.name == "events":
        return f"{plain(in_words(error), 400).rstrip('.')}. The run begins without changes."
    return f"{plain(in_words(error), 300).rstrip('.')}. The default is used."
