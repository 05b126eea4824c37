"""A teacher's page after a reload: it continues the session that her class follows."""

from __future__ import annotations

import streamlit as st

from ganlab.live.broadcast import BROADCASTS
from ganlab.live.scheduler import SCHEDULER
from ganlab.live.session import Session


def rejoin(session: Session, code: str, token: object) -> None:
    """Let the page of `session` continue the one that a class follows, after a reload.

    Does nothing unless this is the token of the class, whose session is alive and of the same kind.
    """
    broadcast = BROADCASTS.of(code, token)
    if broadcast is None or SCHEDULER.get(broadcast.session.token) is not broadcast.session:
        return
    then, now = broadcast.session.experiment, session.experiment
    alike = len(then.specs), then.seeds, then.base.axes
    if alike != (len(now.specs), now.seeds, now.base.axes):
        return
    sessions: dict[str, Session] = st.session_state.get("_sessions", {})
    for page, own in sessions.items():
        if own is session:
            sessions[page] = broadcast.session
