"""Steps that must complete even if Streamlit reruns the script in the middle of them."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.runtime.scriptrunner import RerunException


def atomic(step: Callable[[], object]) -> None:
    """Run `step` to its end, and only then obey a request to rerun the script.

    Streamlit can interrupt a script or a callback wherever it touches `st.session_state`. If a
    session had changed but its widgets had not, the widgets would undo the change. After an
    interruption `step` is executed again from its start, so it must be idempotent.
    """
    interrupted = None
    while True:
        try:
            step()
            break
        except RerunException as request:
            interrupted = request
    if interrupted is not None:
        raise interrupted
