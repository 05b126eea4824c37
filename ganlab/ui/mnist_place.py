"""Which run the MNIST page shows: what its address names, else the one at work, else the newest."""

from __future__ import annotations

import streamlit as st

from ganlab.mnist.folder import Folder, folders
from ganlab.mnist.records import AT_WORK
from ganlab.registry import SpecError
from ganlab.spec import GivenTwice, UnknownField
from ganlab.ui.plain import plain, say

_RUN = "run"  # in the address: a run's name, or NEW
_NEW = "new"


def show(folder: Folder | None) -> None:
    """Show this run from now on; None: the form for a new one."""
    st.query_params.from_dict({_RUN: folder.name if folder else _NEW})


def named() -> str | None:
    """What the address names."""
    return next(iter(st.query_params.get_all(_RUN)), None)


def strangers() -> list[SpecError]:
    """What of the address means nothing here."""
    unknown = [n for n in st.query_params if n != _RUN]
    out: list[SpecError] = [UnknownField("query field", n, f"only {_RUN}") for n in unknown]
    if len(names := st.query_params.get_all(_RUN)) > 1:
        out.append(GivenTwice(_RUN, " and ".join(names), "one run's name"))
    return out


def shown(runs: list[Folder]) -> Folder | None:
    """The run to show; None: the form."""
    name = named()
    if name == _NEW:
        return None
    found = next((run for run in runs if run.name == name), None)
    if name and found is None:
        say(f"There is no run {plain(name)} here (any more).", "warn")
    return found or at_work() or next(iter(runs), None)


def at_work(but: Folder | None = None) -> Folder | None:
    """The run that a trainer is at work on, other than `but`.

    Unlike `launch.busy` it tries no lock of a run that is over, which two pages could do at once.
    """
    runs = (run for run in folders() if but is None or run.name != but.name)
    return next((run for run in runs if run.status.state in AT_WORK), None)
