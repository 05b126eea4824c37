"""The page of maps: the list, and either one map or the form for a new one."""

from __future__ import annotations

import streamlit as st

from ganlab.languages import tr
from ganlab.registry import SpecError
from ganlab.shape import FIELDS as SHAPE
from ganlab.sweeps.job import QUEUE, Folder
from ganlab.ui import language
from ganlab.ui.jobs import STATES
from ganlab.ui.maps.form import MAPS, form
from ganlab.ui.maps.map import map_page
from ganlab.ui.visitor import admit, is_operator, token_field


def maps() -> None:
    """Draw the page."""
    admit()
    QUEUE.attend()
    jobs = MAPS.mine_first()
    chosen = None if _asks_for_new() else MAPS.shown(jobs)
    with st.sidebar:
        MAPS.list(jobs, chosen, _title, _line)
        if not is_operator():
            token_field()
    if chosen is not None:
        map_page(chosen)
    else:
        form()


def _asks_for_new() -> bool:
    """Whether the address names fields of a Spec: a lab's "Map this"."""
    return MAPS.named() is None and bool({*st.query_params} - {language.FIELD, *SHAPE})


def _title(job: Folder) -> str:
    try:
        plan = job.plan
    except SpecError:
        return tr("unreadable plan")
    return " × ".join(tr(axis.title(plan.base)) for axis in plan.axes)


def _line(job: Folder) -> str:
    status = job.status
    return tr(
        "{state}, {done:,} of {all:,} runs",
        state=tr(STATES.get(status.state, status.state)),
        done=status.runs_done,
        all=status.runs,
    )
