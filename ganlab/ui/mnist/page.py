"""The MNIST page: the list of runs, and either one run or the form for a new one."""

from __future__ import annotations

import streamlit as st

from ganlab.mnist.folder import QUEUE, Folder
from ganlab.registry import SpecError
from ganlab.ui.atomic import atomic
from ganlab.ui.layout import section
from ganlab.ui.mnist.form import form
from ganlab.ui.mnist.place import show, shown, strangers, whose
from ganlab.ui.mnist.run import run_page
from ganlab.ui.mnist.words import recipe_of, run_line, when
from ganlab.ui.plain import plain
from ganlab.ui.start import unusable
from ganlab.ui.visitor import admit, is_operator, may_change, token_field

_LIST = "mnist_runs"
_MORE = "mnist_more"
_FEW = 12  # the number of runs listed at first


def mnist() -> None:
    """Draw the page."""
    admit()
    QUEUE.attend()
    runs = sorted(Folder.all(), key=lambda run: not may_change(run))  # the visitor's own first
    run = shown(runs)
    with st.sidebar:
        _list(runs, run)
        if not is_operator():
            token_field()
    if ignored := strangers():
        unusable(ignored)
    if run is not None:
        run_page(run)
    else:
        form()


def _list(runs: list[Folder], chosen: Folder | None) -> None:
    st.button(
        "New run",
        icon=":material/add:",
        key="mnist_new",
        type="secondary" if chosen else "primary",
        on_click=show,
        args=(None,),
        width="stretch",
    )
    if not runs:
        st.caption("No runs yet.")
        return
    section("Runs")
    few = runs if st.session_state.get(_MORE) else runs[:_FEW]
    if chosen is not None and chosen.name not in [run.name for run in few]:
        few = [*few, chosen]
    by_name = {run.name: run for run in few}
    # Set on each execution: the choice may have been made elsewhere.
    st.session_state[_LIST] = chosen.name if chosen else None
    st.radio(
        "Runs",
        list(by_name),
        index=None,
        key=_LIST,
        format_func=_labels(few).get,
        captions=[f"{run_line(run)}{whose(run)}" for run in few],
        on_change=lambda: atomic(lambda: show(by_name[st.session_state[_LIST]])),
        label_visibility="collapsed",
    )
    if len(runs) > _FEW:
        st.toggle(f"All {len(runs)} runs", key=_MORE)


def _labels(runs: list[Folder]) -> dict[str, str]:
    """The label of each run in the list, made unique: Streamlit identifies options by label."""
    short = {run.name: f"{plain(when(run.name))} · {_title(run)}" for run in runs}
    words = list(short.values())
    return {n: w if words.count(w) == 1 else f"{w} ({plain(n[-7:])})" for n, w in short.items()}


def _title(run: Folder) -> str:
    try:
        return recipe_of(run.plan.spec)
    except SpecError:
        return "unreadable plan"
