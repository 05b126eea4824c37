"""One MNIST run: where it stands, what is asked of it, its pictures, Table 1, curves and files."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.mnist.records import EPOCHS, Status
from ganlab.registry import SpecError
from ganlab.ui.atomic import atomic
from ganlab.ui.mnist import files
from ganlab.ui.mnist.place import named, waiting_words
from ganlab.ui.mnist.view import pictures
from ganlab.ui.mnist.words import status_html
from ganlab.ui.plain import code
from ganlab.ui.visitor import may_change
from ganlab.ui.widgets import show_error

_VIEW = "mnist_view"
_PICTURES = "Pictures"
_VIEWS: dict[str, Callable[[Folder, Status], None] | None] = {
    _PICTURES: None,
    "Table 1": files.table,
    "Curves": files.curves,
    "Files": files.files,
}
_WRONG = "_mnist_wrong"
_EVERY = 1.0  # seconds between looks into the folder while a trainer is at work


def run_page(folder: Folder) -> None:
    """The page of one run."""
    status = folder.status
    view = st.session_state.get(_VIEW) or _PICTURES
    # The fragment alone reads anew each second.
    every = _EVERY if status.state in (*AT_WORK, QUEUED) else None
    seen = _seen(folder, status, view)
    with st.container(key="mnist_watch"):
        st.fragment(_watch, run_every=every)(folder, seen)
    if (draw := _VIEWS[view]) is not None:
        draw(folder, status)


def _seen(folder: Folder, status: Status, view: str) -> tuple[Any, ...]:
    """What, when it changes, builds the page anew."""
    return named(), status.state, view, len(folder.scores)


def _watch(folder: Folder, seen: tuple[Any, ...]) -> None:
    status = folder.status
    view = st.session_state.get(_VIEW) or _PICTURES
    if _seen(folder, status, view) != seen:
        st.rerun()
    saved = folder.changed("run.npz")
    age = time.time() - saved / 1e9 if saved else None
    st.html(status_html(status, folder.wanted, age))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="mnist_bar"):
        if not may_change(folder):
            st.caption("A run of another visitor: to look at.")
        elif status.state in AT_WORK:
            _at_work(folder, status)
        elif status.state == QUEUED:
            _queued(folder)
        else:
            _left(folder, status)
        # After a visit to another page Streamlit has forgotten the widget's value.
        st.session_state.setdefault(_VIEW, view)
        st.segmented_control(
            "View", list(_VIEWS), key=_VIEW, required=True, label_visibility="collapsed"
        )
    if (error := st.session_state.pop(_WRONG, None)) is not None:
        show_error(error, "Not done; the run is as it was.")
    _trouble(folder, status)
    if view == _PICTURES and (status.state in AT_WORK or folder.preview_file.exists()):
        pictures(folder, status)


def _ask(folder: Folder, typed: str = "", **changes: Any) -> None:
    """Ask the trainer at work for something; typed: the widget that holds the number of epochs."""
    atomic(lambda: _tried(folder, folder.want, typed, changes))


def _start(folder: Folder, typed: str = "", **changes: Any) -> None:
    """Have a trainer go on with a run that was left."""

    def start(**changes: Any) -> None:
        folder.want(**changes)
        QUEUE.start(folder)

    atomic(lambda: _tried(folder, start, typed, changes))


def _wake(folder: Folder, **changes: Any) -> None:
    """Have a trainer do something else with a run that was left, and not train on unasked."""

    def wake(**changes: Any) -> None:
        done = folder.status.state == "done"
        folder.want(**changes)
        QUEUE.start(folder)
        if not done:
            folder.want(state="paused")

    atomic(lambda: _tried(folder, wake, "", changes))


def _tried(
    folder: Folder,
    do: Callable[..., object],
    typed: str = "",
    changes: dict[str, Any] | None = None,
) -> None:
    """Do what only some may; what goes wrong is told on the page."""
    changes = dict(changes or {})
    if typed:  # now, which may be more than the last run of this script saw
        changes["epochs"] = st.session_state[typed]
    if not may_change(folder):
        return
    try:
        do(**changes)
    except (SpecError, OSError) as error:
        st.session_state[_WRONG] = error


def _at_work(folder: Folder, status: Status) -> None:
    """Buttons for a run that a trainer is at work on."""
    wanted = folder.wanted
    stopping = wanted.state == "stopped"
    if wanted.state == "paused":
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            key="mnist_resume",
            type="primary",
            on_click=_ask,
            args=(folder,),
            kwargs={"state": "training"},
        )
    else:
        st.button(
            "Pause",
            icon=":material/pause:",
            key="mnist_pause",
            disabled=stopping,
            on_click=_ask,
            args=(folder,),
            kwargs={"state": "paused"},
        )
    st.button(
        "Stop",
        icon=":material/stop:",
        key="mnist_stop",
        help="Write a checkpoint and end the trainer; it can go on later.",
        disabled=stopping,
        on_click=_ask,
        args=(folder,),
        kwargs={"state": "stopped"},
    )
    _more(folder, _ask, disabled=stopping or status.state == "measuring")
    _epochs(folder, "Set", _ask)


def _queued(folder: Folder) -> None:
    """A run that waits until fewer are at work."""
    QUEUE.attend()
    place = QUEUE.place(folder)
    if place:
        st.markdown(f":material/hourglass: **Place {place} in the queue**")
    st.button(
        "Leave the queue",
        icon=":material/close:",
        key="mnist_leave",
        on_click=lambda: atomic(lambda: _tried(folder, lambda: QUEUE.leave(folder))),
    )


def _left(folder: Folder, status: Status) -> None:
    """Buttons for a run that its trainer has left."""
    wrong = status.state in ("failed", "diverged")
    if status.state == "diverged":  # from its checkpoint it would diverge again
        files.again(folder)
        return
    if status.state != "done":
        word = "Start again from the checkpoint" if wrong else "Resume"
        if not folder.run.exists():
            word = "Start again"
        st.button(
            word,
            icon=":material/play_arrow:",
            key="mnist_again",
            type="primary",
            help=f"From iteration {status.checkpoint:,}.",
            on_click=_start,
            args=(folder,),
        )
    if wrong:
        files.again(folder)
    elif folder.run.exists():
        _more(folder, _wake, disabled=False)
    _epochs(folder, "Train on", _start)
    if words := waiting_words():
        st.caption(words)


def _more(folder: Folder, ask: Callable[..., None], disabled: bool) -> None:
    """What there is to see and to measure besides."""
    st.button(
        "Measure now",
        icon=":material/straighten:",
        key="mnist_measure",
        help="The log-likelihood of Table 1, and which classes 10,000 samples cover. Training "
        "waits.",
        disabled=disabled,
        on_click=lambda: ask(folder, measure=folder.wanted.measure + 1),
    )
    st.button(
        "Other latents",
        icon=":material/casino:",
        key="mnist_latents",
        help="Show G at other points of its latent space; training does not notice.",
        disabled=disabled,
        on_click=lambda: ask(folder, latents=folder.wanted.latents + 1),
    )


def _epochs(folder: Folder, word: str, ask: Callable[..., None]) -> None:
    """How many epochs in all."""
    now = folder.wanted.epochs
    key = f"mnist_epochs_{folder.name}_{now}"
    with st.popover("More epochs", icon=":material/update:", key="mnist_more_epochs"):
        st.number_input(
            "Epochs in all",
            EPOCHS.low,
            EPOCHS.high,
            min(2 * now, EPOCHS.high),
            step=1,
            key=key,
        )
        st.button(
            word,
            key="mnist_set_epochs",
            type="primary",
            on_click=ask,
            args=(folder, key),
        )


def _trouble(folder: Folder, status: Status) -> None:
    """What a person should know, and how it went wrong where it did."""
    text = status.message
    if status.state in ("failed", "diverged"):
        st.error(f"**{status.state.capitalize()}.** {code(text, 1000)}", icon=":material/error:")
        if may_change(folder) and (lines := files.log_tail(folder)):
            with st.expander("What the trainer printed last"):
                st.code(lines, language=None)
    elif status.state == "stopped" and folder.wanted.state != "stopped":
        st.warning(code(text, 400), icon=":material/info:")
