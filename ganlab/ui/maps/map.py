"""One map: its progress and controls, the grid, and the chosen cell."""

from __future__ import annotations

import html
import io
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import streamlit as st

from ganlab import figures
from ganlab.experiment import SEEDS, Experiment
from ganlab.figures.maps import SIGNS, Facet, phase_map
from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.sweeps import VERDICTS
from ganlab.sweeps.job import QUEUE, Folder, Status
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.summary import MEASURES, Summary, curves, summary_of
from ganlab.theme import VERDICTS as COLOURS
from ganlab.ui import navigation
from ganlab.ui.atomic import atomic
from ganlab.ui.jobs import duration
from ganlab.ui.maps.form import MAPS
from ganlab.ui.plain import code
from ganlab.ui.visitor import may_change
from ganlab.ui.widgets import show_error
from ganlab.words import MEASURES as WORDS

_EVERY = 1.0  # seconds between two reads of the folder while its worker is at work
_WRONG = "_map_wrong"
_CELL = "_map_cells"  # the chosen cell of each map
_PICKED = "_map_picked"
_VERDICT = "verdict"


def map_page(folder: Folder) -> None:
    """Draw the page of one map."""
    try:
        plan = folder.plan
    except SpecError as error:
        show_error(error, "This map cannot be read.")
        _delete(folder)
        return
    status = folder.status
    every = _EVERY if status.state in (*AT_WORK, QUEUED) else None
    st.fragment(_watch, run_every=every)(folder, plan, (MAPS.named(), status.state))


def _watch(folder: Folder, plan: Plan, seen: tuple[Any, ...]) -> None:
    status = folder.status
    if (MAPS.named(), status.state) != seen:
        st.rerun()
    st.html(_progress(status))
    try:
        summary = summary_of(folder.results)
    except SpecError as wrong:  # results that another version of ganlab wrote
        show_error(wrong, "The results of this map cannot be read.")
        _delete(folder)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="maps_bar"):
        _controls(folder, status)
        shown = st.selectbox(
            "colour",
            [_VERDICT, *MEASURES, *(f"spread of {m}" for m in MEASURES)],
            key="maps_shown",
            label_visibility="collapsed",
            format_func=_measure_words,
            width=260,
        )
    if (error := st.session_state.pop(_WRONG, None)) is not None:
        show_error(error, "Not done; the map is unchanged.")
    if status.state == "failed":
        st.error(f"**Failed.** {code(status.message, 1000)}", icon=":material/error:")
    elif status.state == "stopped" and folder.wanted.state != "stopped":
        st.warning(code(status.message, 400), icon=":material/info:")
    left, right = st.columns([7, 3], gap="medium")
    with left:
        _grid(plan, summary, shown or _VERDICT)
    with right:
        _cell(folder, plan, summary)


def _progress(status: Status) -> str:
    share = status.done / status.blocks if status.blocks else 0.0
    rate = status.runs_done / status.seconds if status.seconds else 0.0
    words = [f"{status.state}", f"{status.runs_done:,} of {status.runs:,} runs"]
    if rate:
        words.append(f"{rate:.1f} runs/s")
    if status.state == "training" and (left := duration(status.seconds_left)):
        words.append(f"{left} left")
    if status.state == "training" and status.message:
        words.append(status.message)
    spans = "".join(f"<span>{html.escape(w)}</span>" for w in words)
    bar = f'<div class="ganlab-bar"><i style="width:{100 * share:.1f}%"></i></div>'
    return f'<div class="ganlab-status" role="status"><p>{spans}</p>{bar}</div>'


def _measure_words(name: str) -> str:
    if name == _VERDICT:
        return "how the runs ended"
    measure = name.removeprefix("spread of ")
    title = WORDS[measure].title if measure in WORDS else measure
    return f"{'spread' if name != measure else 'median'} of {title}, late"


def _controls(folder: Folder, status: Status) -> None:
    if not may_change(folder):
        st.caption("This map belongs to another visitor. You can only look at it.")
        return
    if status.state in AT_WORK:
        paused = folder.wanted.state == "paused"
        word, icon, state = (
            ("Resume", "play_arrow", "training") if paused else ("Pause", "pause", "paused")
        )
        _button(word, icon, lambda: folder.want(state=state))
        _button("Stop", "stop", lambda: folder.want(state="stopped"))
    elif status.state == QUEUED:
        st.markdown(f":material/hourglass: **Place {QUEUE.place(folder)} in the queue**")
        _button("Leave the queue", "close", lambda: QUEUE.leave(folder))
    else:
        if status.state != "done":
            _button("Resume", "play_arrow", lambda: QUEUE.start(folder))
        _delete(folder)
    if status.done:
        st.download_button(
            "Table",
            lambda: _parquet(folder),
            f"{folder.name}.parquet",
            icon=":material/download:",
            key="maps_table",
            help="A row for each run and check, as Parquet.",
            on_click="ignore",
        )


def _parquet(folder: Folder) -> bytes:
    content = io.BytesIO()
    pq.write_table(folder.results.table(), content)
    return content.getvalue()


def _button(word: str, icon: str, do: Callable[[], object]) -> None:
    key = f"maps_{icon}"
    st.button(word, icon=f":material/{icon}:", key=key, on_click=lambda: atomic(lambda: _try(do)))


def _delete(folder: Folder) -> None:
    def delete() -> None:
        shutil.rmtree(folder.path)
        MAPS.show(None)

    if may_change(folder):
        _button("Delete", "delete", delete)


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except (SpecError, OSError) as error:
        st.session_state[_WRONG] = error


def _grid(plan: Plan, summary: Summary, shown: str) -> None:
    """The map; a click on a cell chooses it."""
    measure = shown.removeprefix("spread of ")
    if shown == _VERDICT:
        values = summary.majority()
    else:
        values = summary.measure(measure, spread=measure != shown)
    texts = [axis.words(plan.base) for axis in plan.axes]
    if len(texts) == 1:
        texts.append(("",))
    titles = [axis.title(plan.base) for axis in plan.axes] + [""]
    where = [[f"{title} {text}" for text in row] for title, row in zip(titles, texts, strict=False)]
    words = np.array([_hover(plan, summary, i, values, where) for i in range(plan.size)], object)
    nx, ny, nz = (len(texts[i]) if i < len(texts) else 1 for i in range(3))
    # Cells are numbered with the last axis fastest.
    grids = [a.reshape(nx, ny, nz).transpose(2, 1, 0) for a in (values, words)]
    names = where[2] if nz > 1 else [""]
    facets = [Facet(names[i], grids[0][i], grids[1][i]) for i in range(nz)]
    at = plan.cells[_chosen(plan)].at + (0, 0)
    dark = st.context.theme.type == "dark"
    figure = phase_map(
        facets,
        texts[0],
        texts[1],
        (titles[0], titles[1]),
        "" if shown == _VERDICT else _measure_words(shown),
        "dark" if dark else "light",
        height=min(620, max(260, 90 + 44 * ny)),
        chosen=(at[2], at[0], at[1]),
    )
    figure.update_layout(width=None)
    picked = st.plotly_chart(
        figure,
        theme=None,
        config=figures.CONFIG | {"displayModeBar": False},
        key="maps_grid",
        on_select="rerun",
        selection_mode="points",
        width="stretch",
    )
    points = picked["selection"]["points"] if picked else []
    if points and "customdata" in points[0]:
        facet, row, column = (int(v) for v in points[0]["customdata"][:3])
        cell = (column * ny + row) * nz + facet
        if points[0] != st.session_state.get(_PICKED):  # a selection outlasts other choices
            st.session_state[_PICKED] = points[0]
            _choose(cell)
    if shown == _VERDICT:
        st.html(_legend())


def _chosen(plan: Plan) -> int:
    return min(int(st.session_state.get(_CELL, {}).get(MAPS.named(), 0)), plan.size - 1)


def _choose(cell: int) -> None:
    st.session_state.setdefault(_CELL, {})[MAPS.named()] = cell
    st.rerun(scope="fragment")


def _hover(plan: Plan, summary: Summary, cell: int, values: Any, where: list[list[str]]) -> str:
    """The words about a cell. where: those about each value of each axis."""
    words = [row[i] for row, i in zip(where, plan.cells[cell].at, strict=False)]
    words.append(summary.counts(cell))
    if not isinstance(values[cell], str) and np.isfinite(values[cell]):
        words.append(f"{values[cell]:.4g}")
    return "<br>".join(html.escape(w) for w in words)


def _legend() -> str:
    items = "".join(
        f'<span title="{html.escape(rule.rule)}"><b style="background:{COLOURS[name][0]};'
        f'color:{COLOURS[name][1]}">{SIGNS[name]}</b> {html.escape(rule.title)}</span>'
        for name, rule in VERDICTS.items()
    )
    return f'<div class="ganlab-verdicts">{items}</div>'


def _cell(folder: Folder, plan: Plan, summary: Summary) -> None:
    """The chosen cell: what its runs did, their curves, and ways to see them train."""
    cell = _chosen(plan)
    at = []
    for i, axis in enumerate(plan.axes):
        words = axis.words(plan.base)
        key = f"maps_at_{i}_{cell}"
        picked = st.selectbox(
            axis.title(plan.base),
            range(len(words)),
            index=plan.cells[cell].at[i],
            key=key,
            format_func=words.__getitem__,
        )
        at.append(0 if picked is None else picked)
    wanted = int(np.ravel_multi_index(at, plan.shape))
    if wanted != cell:
        _choose(wanted)
    spec = plan.cells[cell].spec
    if spec is None:
        st.caption(f"Not allowed: {code(plan.cells[cell].why, 300)}")
        return
    st.caption(f"{summary.counts(cell)} of {plan.seeds} runs")
    _curves(folder, plan, cell)
    address = Experiment.of(plan.spec(cell, 0)).to_query()
    many = Experiment.of(plan.spec(cell, 0), SEEDS[0]).to_query()
    st.markdown(
        f"[Open in the lab]({_lab(spec)}?{address}) · [{SEEDS[0]} seeds of it]"
        f"({navigation.MANY}?{many})"
    )


def _lab(spec: Spec) -> str:
    return navigation.addresses()[spec.axes] or "./"


def _curves(folder: Folder, plan: Plan, cell: int) -> None:
    panels, series = [], {"iteration": np.array(plan.at, float)}
    for name in ("jsd", "w1"):
        _, rows = curves(plan, folder.results, cell, name)
        keys = [f"{name}_low", name, f"{name}_high"]
        series |= dict(zip(keys, rows, strict=True))
        title = WORDS[name].title if name in WORDS else name
        lines = [
            {"key": key, "title": words, "role": "G", "dash": dash}
            for key, words, dash in zip(
                keys, ("quartiles", "median", ""), ("dot", "solid", "dot"), strict=True
            )
        ]
        panels.append({"title": title, "series": lines, "lines": []})
    dark = st.context.theme.type == "dark"
    figure = figures.curves(
        panels, series, theme="dark" if dark else "light", width=280, height=240
    )
    st.plotly_chart(figure, theme=None, config=figures.CONFIG, key="maps_curves")
