"""One map: its progress and controls, the grid, and the chosen cell."""

from __future__ import annotations

import html
import io
import shutil
from collections.abc import Callable
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import streamlit as st

from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.languages import tr
from ganlab.registry import SpecError
from ganlab.sweeps.job import QUEUE, Folder, Status
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.presets import preset_of
from ganlab.sweeps.summary import summary_of
from ganlab.ui.atomic import atomic
from ganlab.ui.jobs import STATES, duration
from ganlab.ui.maps.cell import cell_panel
from ganlab.ui.maps.form import MAPS
from ganlab.ui.maps.grid import SHOWN, VERDICT, grid, map_figure, measure_words
from ganlab.ui.maps.presets import about
from ganlab.ui.plain import code
from ganlab.ui.visitor import may_change
from ganlab.ui.widgets import show_error

_EVERY = 1.0  # seconds between two reads of the folder while its worker is at work
_WRONG = "_map_wrong"


def map_page(folder: Folder) -> None:
    """Draw the page of one map."""
    try:
        plan = folder.plan
    except SpecError as error:
        show_error(error, tr("This map cannot be read."))
        _delete(folder)
        return
    if (preset := preset_of(plan)) is not None:
        about(preset)
    status = folder.status
    every = _EVERY if status.state in (*AT_WORK, QUEUED) else None
    st.fragment(_watch, run_every=every)(folder, plan, (MAPS.named(), status.state))


def _watch(folder: Folder, plan: Plan, seen: tuple[Any, ...]) -> None:
    status, preset = folder.status, preset_of(plan)
    if (MAPS.named(), status.state) != seen:
        st.rerun()
    st.html(_progress(status))
    try:
        summary = summary_of(folder.results)
    except SpecError as wrong:  # results that another version of ganlab wrote
        show_error(wrong, tr("The results of this map cannot be read."))
        _delete(folder)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="maps_bar"):
        _controls(folder, status)
        shown = st.selectbox(
            tr("colour"),
            SHOWN,
            index=SHOWN.index(preset.shown or VERDICT) if preset else 0,
            key=f"maps_shown_{folder.name}",
            label_visibility="collapsed",
            format_func=measure_words,
            width=260,
        )
        small = st.toggle(
            tr("Curves"),
            key="maps_small",
            help=tr(
                "In each cell the median over its seeds, between the quartiles: of the JSD "
                "from 0 to ln 2, or, if p_data has no density, of W₁."
            ),
        )
        if status.done:
            _export(folder, lambda: map_figure(plan, summary, shown or VERDICT, bool(small)))
    if (error := st.session_state.pop(_WRONG, None)) is not None:
        show_error(error, tr("Not done; the map is unchanged."))
    if status.state == "failed":
        st.error(
            tr("**Failed.** {message}", message=code(tr(status.message), 1000)),
            icon=":material/error:",
        )
    elif status.state == "stopped" and folder.wanted.state != "stopped":
        st.warning(code(tr(status.message), 400), icon=":material/info:")
    left, right = st.columns([7, 3], gap="medium")
    with left:
        grid(plan, summary, shown or VERDICT, bool(small))
    with right:
        cell_panel(folder, plan, summary)


def _progress(status: Status) -> str:
    share = status.done / status.blocks if status.blocks else 0.0
    rate = status.runs_done / status.seconds if status.seconds else 0.0
    words = [
        tr(STATES.get(status.state, status.state)),
        tr("{done:,} of {all:,} runs", done=status.runs_done, all=status.runs),
    ]
    if rate:
        words.append(tr("{rate:.1f} runs/s", rate=rate))
    if status.state == "training" and (left := duration(status.seconds_left)):
        words.append(tr("{left} left", left=left))
    if status.state == "training" and status.message:
        words.append(tr(status.message))
    spans = "".join(f"<span>{html.escape(w)}</span>" for w in words)
    bar = f'<div class="ganlab-bar"><i style="width:{100 * share:.1f}%"></i></div>'
    return f'<div class="ganlab-status" role="status"><p>{spans}</p>{bar}</div>'


def _controls(folder: Folder, status: Status) -> None:
    if not may_change(folder):
        st.caption(tr("This map belongs to another visitor. You can only look at it."))
        return
    if status.state in AT_WORK:
        paused = folder.wanted.state == "paused"
        word, icon, state = (
            (tr("Resume"), "play_arrow", "training") if paused else (tr("Pause"), "pause", "paused")
        )
        _button(word, icon, lambda: folder.want(state=state))
        _button(tr("Stop"), "stop", lambda: folder.want(state="stopped"))
    elif status.state == QUEUED:
        st.markdown(
            tr(":material/hourglass: **Place {place} in the queue**", place=QUEUE.place(folder))
        )
        _button(tr("Leave the queue"), "close", lambda: QUEUE.leave(folder))
    else:
        if status.state != "done":
            _button(tr("Resume"), "play_arrow", lambda: QUEUE.start(folder))
        _delete(folder)


def _export(folder: Folder, figure: Callable[[], Any]) -> None:
    """What can be downloaded of a map. figure(): the figure as it is shown."""
    with st.popover(tr("Export"), icon=":material/download:"):
        st.caption(tr("The camera above the map saves its picture as SVG."))
        files = {
            tr("Table (Parquet)"): ("parquet", lambda: _parquet(folder)),
            tr("Table (CSV)"): ("csv", lambda: _csv(folder)),
            tr("Figure (HTML)"): ("html", lambda: figure().to_html(include_plotlyjs=True).encode()),
        }
        for words, (ending, made) in files.items():
            st.download_button(
                words,
                made,
                f"{folder.name}.{ending}",
                key=f"maps_{ending}",
                on_click="ignore",
                width="stretch",
            )


def _parquet(folder: Folder) -> bytes:
    content = io.BytesIO()
    pq.write_table(folder.results.table(), content)
    return content.getvalue()


def _csv(folder: Folder) -> bytes:
    content = io.BytesIO()
    pyarrow.csv.write_csv(folder.results.table(), content)
    return content.getvalue()


def _button(word: str, icon: str, do: Callable[[], object]) -> None:
    key = f"maps_{icon}"
    st.button(word, icon=f":material/{icon}:", key=key, on_click=lambda: atomic(lambda: _try(do)))


def _delete(folder: Folder) -> None:
    def delete() -> None:
        shutil.rmtree(folder.path)
        MAPS.show(None)

    if may_change(folder):
        _button(tr("Delete"), "delete", delete)


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except (SpecError, OSError) as error:
        st.session_state[_WRONG] = error
