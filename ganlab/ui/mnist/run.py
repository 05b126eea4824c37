"""One MNIST run: its progress, controls, pictures, Table 1, curves and files."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.languages import _, tr
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.mnist.records import EPOCHS, Status
from ganlab.registry import SpecError
from ganlab.ui.atomic import atomic
from ganlab.ui.mnist import files
from ganlab.ui.mnist.place import RUNS
from ganlab.ui.mnist.view import pictures
from ganlab.ui.mnist.words import status_html
from ganlab.ui.plain import code
from ganlab.ui.visitor import may_change
from ganlab.ui.widgets import show_error

_VIEW = "mnist_view"
_PICTURES = _("Pictures")
_VIEWS: dict[str, Callable[[Folder, Status], None] | None] = {
    _PICTURES: None,
    "Table 1": files.table,
    "Curves": files.curves,
    "Files": files.files,
}
_WRONG = "_mnist_wrong"
_EVERY = 1.0  # seconds between two reads of the folder while a trainer works on it


def run_page(folder: Folder) -> None:
    """Draw the page of one run."""
    status = folder.status
    view = st.session_state.get(_VIEW) or _PICTURES
    # Only the fragment is executed again each second.
    every = _EVERY if status.state in (*AT_WORK, QUEUED) else None
    seen = _seen(folder, status, view)
    with st.container(key="mnist_watch"):
        st.fragment(_watch, run_every=every)(folder, seen)
    if (draw := _VIEWS[view]) is not None:
        draw(folder, status)
    else:
        files.take_home(folder, status)


def _seen(folder: Folder, status: Status, view: str) -> tuple[Any, ...]:
    """The values whose change makes the script rebuild the whole page."""
    return RUNS.named(), status.state, view, len(folder.scores)


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
            st.caption(tr("This run belongs to another visitor. You can only look at it."))
        elif status.state in AT_WORK:
            _at_work(folder, status)
        elif status.state == QUEUED:
            _queued(folder)
        else:
            _left(folder, status)
        # Streamlit forgets a widget's value when the user visits another page.
        st.session_state.setdefault(_VIEW, view)
        st.segmented_control(
            tr("View"), list(_VIEWS), key=_VIEW, required=True, label_visibility="collapsed"
        )
    if (error := st.session_state.pop(_WRONG, None)) is not None:
        show_error(error, tr("Not done; the run is unchanged."))
    _trouble(folder, status)
    if view == _PICTURES and (status.state in AT_WORK or folder.preview_file.exists()):
        pictures(folder, status)


def _ask(folder: Folder, typed: str = "", **changes: Any) -> None:
    """Send a request to the working trainer. typed: the key of the number of epochs, if asked."""
    atomic(lambda: _tried(folder, folder.want, typed, changes))


def _start(folder: Folder, typed: str = "", **changes: Any) -> None:
    """Have a trainer resume a run that no trainer works on."""

    def start(**changes: Any) -> None:
        folder.want(**changes)
        QUEUE.start(folder)

    atomic(lambda: _tried(folder, start, typed, changes))


def _wake(folder: Folder, **changes: Any) -> None:
    """Have a trainer do one task for a run that no trainer works on, without training further."""

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
    """Call `do` if this visitor may change the run; show its errors on the page."""
    changes = dict(changes or {})
    if typed:  # read the widget now: the last execution of the script may have seen an older value
        changes["epochs"] = st.session_state[typed]
    if not may_change(folder):
        return
    try:
        do(**changes)
    except (SpecError, OSError) as error:
        st.session_state[_WRONG] = error


def _at_work(folder: Folder, status: Status) -> None:
    """Buttons for a run that a trainer is working on."""
    wanted = folder.wanted
    stopping = wanted.state == "stopped"
    if wanted.state == "paused":
        st.button(
            tr("Resume"),
            icon=":material/play_arrow:",
            key="mnist_resume",
            type="primary",
            on_click=_ask,
            args=(folder,),
            kwargs={"state": "training"},
        )
    else:
        st.button(
            tr("Pause"),
            icon=":material/pause:",
            key="mnist_pause",
            disabled=stopping,
            on_click=_ask,
            args=(folder,),
            kwargs={"state": "paused"},
        )
    st.button(
        tr("Stop"),
        icon=":material/stop:",
        key="mnist_stop",
        help=tr("Write a checkpoint and end the trainer. You can resume later."),
        disabled=stopping,
        on_click=_ask,
        args=(folder,),
        kwargs={"state": "stopped"},
    )
    _more(folder, _ask, disabled=stopping or status.state == "measuring")
    _epochs(folder, tr("Set"), _ask)


def _queued(folder: Folder) -> None:
    """The place and the button of a run that waits in the queue."""
    QUEUE.attend()
    place = QUEUE.place(folder)
    if place:
        st.markdown(tr(":material/hourglass: **Place {place} in the queue**", place=place))
    st.button(
        tr("Leave the queue"),
        icon=":material/close:",
        key="mnist_leave",
        on_click=lambda: atomic(lambda: _tried(folder, lambda: QUEUE.leave(folder))),
    )


def _left(folder: Folder, status: Status) -> None:
    """Buttons for a run that no trainer works on."""
    wrong = status.state in ("failed", "diverged")
    if status.state == "diverged":  # from its checkpoint it would diverge again
        files.again(folder)
        return
    if status.state != "done":
        word = tr("Start again from the checkpoint") if wrong else tr("Resume")
        if not folder.run.exists():
            word = tr("Start again")
        st.button(
            word,
            icon=":material/play_arrow:",
            key="mnist_again",
            type="primary",
            help=tr("From iteration {checkpoint:,}.", checkpoint=status.checkpoint),
            on_click=_start,
            args=(folder,),
        )
    if wrong:
        files.again(folder)
    elif folder.run.exists():
        _more(folder, _wake, disabled=False)
    _epochs(folder, tr("Train on"), _start)
    if words := RUNS.waiting_words():
        st.caption(words)


def _more(folder: Folder, ask: Callable[..., None], disabled: bool) -> None:
    """Buttons that measure the run and that show other samples."""
    st.button(
        tr("Measure now"),
        icon=":material/straighten:",
        key="mnist_measure",
        help=tr(
            "Compute the log-likelihood of Table 1 and the classes that 10,000 samples "
            "cover. Training pauses meanwhile."
        ),
        disabled=disabled,
        on_click=lambda: ask(folder, measure=folder.wanted.measure + 1),
    )
    st.button(
        tr("Other latents"),
        icon=":material/casino:",
        key="mnist_latents",
        help=tr("Show samples of G at other latents. Training is not affected."),
        disabled=disabled,
        on_click=lambda: ask(folder, latents=folder.wanted.latents + 1),
    )


def _epochs(folder: Folder, word: str, ask: Callable[..., None]) -> None:
    """The control for the total number of epochs."""
    now = folder.wanted.epochs
    key = f"mnist_epochs_{folder.name}_{now}"
    with st.popover(tr("More epochs"), icon=":material/update:", key="mnist_more_epochs"):
        st.number_input(
            tr("Total epochs"),
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
    """Messages about a run that failed, diverged or was stopped."""
    text = status.message
    if status.state in ("failed", "diverged"):
        st.error(f"**{status.state.capitalize()}.** {code(text, 1000)}", icon=":material/error:")
        if may_change(folder) and (lines := files.log_tail(folder)):
            with st.expander(tr("The last lines that the trainer printed")):
                st.code(lines, language=None)
    elif status.state == "stopped" and folder.wanted.state != "stopped":
        st.warning(code(text, 400), icon=":material/info:")
