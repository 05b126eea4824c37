"""Steps that must complete even if Streamlit reruns the script in the middle of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType


def atomic(step: Callable[[], object]) -> None:
    """Run `step` to its end, and only then obey the requests to rerun the script.

    Streamlit can interrupt a script or a callback wherever it touches `st.session_state`. If a
    session had changed but its widgets had not, the widgets would undo the change. After an
    interruption `step` is executed again from its start, so it must be idempotent. Raises
    RerunException if there was one.
    """
    requests = ScriptRequests()  # combines them as Streamlit does: no click in them is lost
    while True:
        try:
            step()
            break
        except RerunException as request:
            requests.request_rerun(request.rerun_data)
    combined = requests.on_scriptrunner_ready()
    if combined.type is ScriptRequestType.RERUN:
        raise RerunException(combined.rerun_data)


def heard(key: str, event: str, heed: Callable[[Any], object]) -> Callable[[], None]:
    """The callback for an event of the component `key`: calls heed(what the component said) once.

    An interruption while it reads what was said does not make it forget that.
    """

    def callback() -> None:
        said: list[Any] = []
        try:
            atomic(lambda: said.append(st.session_state.get(key)))
        finally:
            # A view that is being left may still send something when its page's state is gone.
            value = said[-1].get(event) if said and said[-1] is not None else None
            if value is not None:
                heed(value)

    return callback
