"""What must not be left half done when Streamlit begins a script anew."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.runtime.scriptrunner import RerunException


def atomic(step: Callable[[], object]) -> None:
    """Do `step` to its end, and only then obey a request to begin the script anew.

    Streamlit interrupts a script, or a callback, wherever it touches `st.session_state`. A session
    that was changed while its widgets were not would be changed back by them. Interrupted, `step`
    is done once more from its beginning: done twice, it must do what it does once.
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
