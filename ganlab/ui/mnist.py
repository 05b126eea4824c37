"""The MNIST page: which run is shown, the list of runs, and the form for a new one."""

from __future__ import annotations

import streamlit as st

from ganlab.mnist.folder import Folder, folders
from ganlab.registry import SpecError
from ganlab.ui import mnist_form, mnist_run
from ganlab.ui.layout import section
from ganlab.ui.mnist_words import at_work, recipe_of, run_line, when

_RUN = "run"  # in the address: a run's name, or NEW; absent, the one at work or the newest
_NEW = "new"
_LIST = "mnist_runs"
MORE = "mnist_more"
_FEW = 12  # runs listed at first


def mnist() -> None:
    """The page."""
    runs = list(folders())
    working = at_work()
    shown = _shown(runs, working)
    with st.sidebar:
        _list(runs, shown)
    if shown is not None:
        mnist_run.run_page(shown)
    else:
        mnist_form.form(working, show)


def show(folder: Folder | None) -> None:
    """Show this run from now on; None: the form for a new one."""
    st.query_params[_RUN] = folder.name if folder else _NEW


def _shown(runs: list[Folder], working: Folder | None) -> Folder | None:
    """What the address names, else the run at work, else the newest; None: the form."""
    name = st.query_params.get(_RUN)
    if name == _NEW:
        return None
    found = next((run for run in runs if run.name == name), None)
    if name and found is None:
        st.info(f"There is no run `{name.replace('`', '')[:60]}` here (any more).")
    if found is None:
        found = working or next(iter(runs), None)
    return found


def _list(runs: list[Folder], shown: Folder | None) -> None:
    st.button(
        "New run",
        icon=":material/add:",
        key="mnist_new",
        type="secondary" if shown else "primary",
        on_click=show,
        args=(None,),
        width="stretch",
    )
    if not runs:
        st.caption("No runs yet.")
        return
    section("Runs")
    few = runs if st.session_state.get(MORE) else runs[:_FEW]
    if shown is not None and shown.name not in [run.name for run in few]:
        few = [*few, shown]
    by_name = {run.name: run for run in few}
    # Set anew each time: what is shown may have been chosen elsewhere.
    st.session_state[_LIST] = shown.name if shown else None
    st.radio(
        "Runs",
        list(by_name),
        index=None,
        key=_LIST,
        format_func=lambda name: f"{when(name)} · {_title(by_name[name])}",
        captions=[run_line(run) for run in few],
        on_change=lambda: show(by_name[st.session_state[_LIST]]),
        label_visibility="collapsed",
    )
    if len(runs) > _FEW:
        st.toggle(f"All {len(runs)} runs", key=MORE)


def _title(run: Folder) -> str:
    try:
        return recipe_of(run.plan.spec)
    except SpecError:
        return "unreadable plan"
