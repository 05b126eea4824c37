"""Which run the MNIST page shows: what its address names, else the one at work, else the newest."""

from __future__ import annotations

import streamlit as st

from ganlab.mnist.folder import Folder, folders
from ganlab.mnist.records import AT_WORK

_RUN = "run"  # in the address: a run's name, or NEW
_NEW = "new"


def show(folder: Folder | None) -> None:
    """Show this run from now on; None: the form for a new one."""
    st.query_params[_RUN] = folder.name if folder else _NEW


def named() -> str | None:
    """What the address names."""
    return st.query_params.get(_RUN)


def shown(runs: list[Folder]) -> Folder | None:
    """The run to show; None: the form."""
    name = named()
    if name == _NEW:
        return None
    found = next((run for run in runs if run.name == name), None)
    if name and found is None:
        st.info(f"There is no run `{name.replace('`', '')[:60]}` here (any more).")
    return found or at_work() or next(iter(runs), None)


def at_work(but: Folder | None = None) -> Folder | None:
    """The run that a trainer is at work on, other than `but`.

    Unlike `launch.busy` it tries no lock of a run that is over, which two pages could do at once.
    """
    runs = (run for run in folders() if but is None or run.name != but.name)
    return next((run for run in runs if run.status.state in AT_WORK), None)
