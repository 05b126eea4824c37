"""What a page begins with, its address, and the session that the page keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import streamlit as st

from ganlab.live.conductor import Conductor
from ganlab.live.ensemble import RUNS, check_runs
from ganlab.live.hub import HUB
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.ui.widgets import show_error


class Start(NamedTuple):
    """A Spec, and how many seeds of it where there are many."""

    spec: Spec
    runs: int = RUNS[0]

    @classmethod
    def of(cls, session: Any) -> Start:
        """Where a session of any kind is to be taken up again."""
        return cls(session.spec, getattr(session, "runs", RUNS[0]))

    @classmethod
    def from_query(cls, pairs: Iterable[tuple[str, str]]) -> Start:
        """Of the fields of an address; raises `SpecError`."""
        pairs = list(pairs)
        runs = [value for name, value in pairs if name == "runs"]
        spec = Spec.from_query([pair for pair in pairs if pair[0] != "runs"]).in_a_lab()
        if len(runs) > 1:
            raise SpecError("runs", " and ".join(runs), "one value")
        if not runs:
            return cls(spec)
        return cls(spec, check_runs(int(runs[0]) if runs[0] in map(str, RUNS) else runs[0]))


def want(page: str, start: Start, after: str = "") -> None:
    """Have `page` begin anew with `start` when it is next shown.

    after: the token of a session that is gone, and that is to be gone on from if it was kept.
    """
    st.session_state[f"_wanted_{page}"] = start
    st.session_state[f"_after_{page}"] = after


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
    try:
        start = read(parse_qsl(search.removeprefix("?"), keep_blank_values=True))
    except (SpecError, ValueError):
        start = None
    if start is None or start == of(session):
        session.take_up(token)
    else:
        want(page, start, token)
        st.rerun()


def session_of(
    page: str,
    first: Callable[[], Start],
    make: Callable[[Start], Conductor],
    fill: Callable[[Start], None],
    of: Callable[[Any], Any] = Start.of,
) -> Any:
    """This page's session: what it is wanted to show, else the one it had, else its first.

    `fill` makes the sidebar show what a new session begins with; `of` tells where a session that
    is gone is to be taken up again.
    """
    sessions = st.session_state.setdefault("_sessions", {})
    old = sessions.get(page)
    start = st.session_state.pop(f"_wanted_{page}", None)
    after = st.session_state.pop(f"_after_{page}", "")
    if start is None:
        if old is not None and HUB.get(old.token) is old:
            return old
        start = of(old) if old is not None else first()
        after = old.token if old is not None else ""
    sessions[page] = make(start)
    if after:
        sessions[page].take_up(after)
    fill(start)
    return sessions[page]


def from_url(read: Callable[..., Any] = Start.from_query) -> Any:
    """What `read` makes of the address; None if it is empty or, with a message, cannot be used."""
    names = list(st.query_params)
    if not names:
        return None
    try:
        return read((n, v) for n in names for v in st.query_params.get_all(n))
    except SpecError as error:
        show_error(error, "This address holds a value that ganlab cannot use: here is the default.")
        return None


def sync_url(pairs: Iterable[tuple[str, str]]) -> None:
    """Make the address hold these fields."""
    wanted = dict(pairs)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
