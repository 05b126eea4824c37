"""The MNIST page: the list of runs, and either one run or the form for a new one."""

from __future__ import annotations

import streamlit as st

from ganlab.languages import tr
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.registry import SpecError
from ganlab.ui.mnist.form import form
from ganlab.ui.mnist.place import RUNS
from ganlab.ui.mnist.run import run_page
from ganlab.ui.mnist.words import recipe_of, run_line
from ganlab.ui.start import unusable
from ganlab.ui.visitor import admit, is_operator, token_field


def mnist() -> None:
    """Draw the page."""
    admit()
    QUEUE.attend()
    runs = RUNS.mine_first()
    run = RUNS.shown(runs)
    with st.sidebar:
        RUNS.list(runs, run, _title, run_line)
        if not is_operator():
            token_field()
    if ignored := RUNS.strangers():
        unusable(ignored)
    if run is not None:
        run_page(run)
    else:
        form()


def _title(run: Folder) -> str:
    try:
        return recipe_of(run.plan.spec)
    except SpecError:
        return tr("unreadable plan")
