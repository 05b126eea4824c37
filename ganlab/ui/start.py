"""What a page begins with, its address, and the session that the page keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ganlab.events import check, write
from ganlab.live.budget import TooDear
from ganlab.live.comparison import lab_spec
from ganlab.live.conductor import MOST_TEXT, Conductor
from ganlab.live.ensemble import RUNS, check_runs
from ganlab.live.scheduler import SCHEDULER
from ganlab.live.story import story_of
from ganlab.params import in_words, named
from ganlab.presets import PRESETS, Preset
from ganlab.registry import SpecError
from ganlab.spec import GivenTwice, Spec, UnknownField
from ganlab.ui.plain import plain, say

_MOST = 4  # fields of an address that are named


class Start(NamedTuple):
    """A Spec, and how many seeds of it where there are many."""

    spec: Spec
    runs: int = RUNS[0]
    events: str = ""  # what is to happen on the way, see `ganlab.events`

    @classmethod
    def of(cls, session: Any) -> Start:
        """Where a session of any kind is to be taken up again."""
        spec, events = session.begun
        return cls(spec, getattr(session, "runs", RUNS[0]), events)

    @classmethod
    def from_query(
        cls,
        pairs: Iterable[tuple[str, str]],
        ignored: list[SpecError] | None = None,
        base: Spec | None = None,
    ) -> Start:
        """Of the fields of an address; raises `SpecError`, see `lab_spec`."""
        pairs = list(pairs)
        own = [pair for pair in pairs if pair[0] not in ("runs", "events")]
        spec = lab_spec(own, ignored, base)

        def one(name: str, usual: Any, read: Callable[[str], Any]) -> Any:
            given: list[Any] = [value for n, value in pairs if n == name]
            found, *more = given or [None]
            try:
                if more:
                    raise GivenTwice(name, f"{found} and {more[0]}", "one value")
                return usual if found is None else read(found)
            except SpecError as error:
                if ignored is None:
                    raise
                ignored.append(error)
            return usual

        def runs(text: str) -> int:
            return check_runs(int(text) if text in map(str, RUNS) else text)

        def events(text: str) -> str:
            if len(text) > MOST_TEXT:
                raise SpecError("events", text, f"at most {MOST_TEXT} characters")
            return write(check(text, [spec]))

        return cls(spec, one("runs", RUNS[0], runs), one("events", "", events))


def create(start: Start, kind: Callable[..., Conductor]) -> Conductor:
    """A session that begins with `start`. Raises `SpecError`, see `SCHEDULER.create`."""
    session = SCHEDULER.create(start.spec, kind)
    try:
        session.replay(start.events)
    except SpecError:
        SCHEDULER.drop(session)
        raise
    return session


def want(
    page: str,
    start: Any,
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


def without_preset(pairs: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
    """An address' other fields, and the name of the preset that it is of, if any."""
    pairs = list(pairs)
    names = [value for name, value in pairs if name == "preset" and value in PRESETS]
    return [p for p in pairs if p[0] != "preset" or p[1] not in PRESETS], names[-1] if names else ""


def resume(
    page: str, session: Conductor, gone: Any, read: Callable[..., Any], of: Callable[[Any], Any]
) -> None:
    """The view lost its session: go on where that was, with what the view's address holds.

    gone: what the view reports. A server that was restarted knows only the address that Streamlit
    remembers, without the knobs turned since. read: what the page begins with, of the fields of an
    address, or None if they are not of this page; of: that of a session.
    """
    token, search = (
        str(gone.get(n)) if isinstance(gone, dict) else "" for n in ("token", "search")
    )
    if token in (session.token, session.after):
        # Another server was asked: the view asks on until it meets this one. Or it is done.
        return
    preset = ""
    try:
        fields, preset = without_preset(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
        start = read(fields)
    except (SpecError, ValueError):
        start = None
    if start is None or start == of(session):
        session.take_up(token)
    else:
        want(page, start, token, preset=preset)
        st.rerun()


def session_of(
    page: str,
    read: Callable[[list[SpecError]], Any],
    default: Any,
    make: Callable[[Any], Conductor],
    fill: Callable[[Any], None],
    of: Callable[[Any], Any] = Start.of,
) -> Any:
    """This page's session: what it is wanted to show, else the one it had, else its address'.

    read: what the address holds, with a list for what of it cannot be used; `fill` makes the
    sidebar show what a new session begins with; `of` tells what a session shows.
    """
    sessions = st.session_state.setdefault("_sessions", {})
    old = sessions.get(page)
    start = st.session_state.pop(f"_wanted_{page}", None)
    after = st.session_state.pop(f"_after_{page}", "")
    preset = st.session_state.pop(f"_preset_{page}", "")
    ignored: list[SpecError] = st.session_state.pop(f"_ignored_{page}", [])
    alive = old is not None and SCHEDULER.get(old.token) is old
    if start is None:
        if _moved() if alive else old is None:
            start = read(ignored) if _pairs() else None if alive else default
            preset = preset_named()
        if alive and start in (None, of(old)):
            return old
        if start is None:
            start, after = of(old), old.token
            preset = old.story.name if old.story is not None else ""
    try:
        session = make(start)
    except SpecError as error:  # such as one that is too dear for this server
        ignored.append(error)
        start = _lowered(start, error) or (of(old) if alive else default)
        try:
            session = make(start)
        except SpecError:
            start = of(old) if alive else default
            session = make(start)
    sessions[page] = session
    session.tell(story_of(preset, session.shown_specs()))
    if after:
        session.take_up(after)
    fill(start)
    st.session_state[f"_notes_{page}"] = (start, ignored)
    return session


def _lowered(start: Any, error: SpecError) -> Start | None:
    """What an address asks for, lowered as the error of what it costs advises."""
    if not isinstance(error, TooDear) or not error.changes or not isinstance(start, Start):
        return None
    changes = dict(error.changes)
    runs = changes.pop("runs", start.runs)
    return Start(start.spec.replace(**changes), runs)


def _moved() -> bool:
    """Whether the browser went back or forward to this page: its address says what is to be seen.

    Otherwise Streamlit may remember an older address than the view has written since.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _pairs() -> list[tuple[str, str]]:
    """The address' fields but its preset; those of Streamlit's own are not among them."""
    return without_preset(_all_pairs())[0]


def _all_pairs() -> list[tuple[str, str]]:
    return [(n, v) for n in st.query_params for v in st.query_params.get_all(n)]


def preset_named() -> str:
    """The preset that the address says it is of; "" if none."""
    return without_preset(_all_pairs())[1]


def preset_of_url() -> Preset | None:
    """The preset whose name is all that the address holds."""
    name = preset_named()
    return PRESETS[name] if name and not _pairs() else None


def from_url(
    base: Spec, ignored: list[SpecError], read: Callable[..., Any] = Start.from_query
) -> Any:
    """What `read` makes of the address, on a page that opens with `base`."""
    return read(_pairs(), ignored, base)


def notes(page: str, now: Any) -> None:
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
    return f"{plain(in_words(error), 300).rstrip('.')}. The default is used."
