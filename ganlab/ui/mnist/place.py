"""Which run the MNIST page shows: the one in its address, else one in training, else the newest."""

from __future__ import annotations

import streamlit as st

from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.limits import limit
from ganlab.mnist.folder import Folder
from ganlab.query import GivenTwice, UnknownField
from ganlab.registry import SpecError
from ganlab.ui.atomic import atomic
from ganlab.ui.plain import plain, say
from ganlab.ui.visitor import is_operator, may_change

_RUN = "run"  # in the address: a run's name, or NEW
_NEW = "new"


def show(folder: Folder | None) -> None:
    """Show this run from now on, or the form for a new one if `folder` is None."""
    name = folder.name if folder else _NEW
    atomic(lambda: st.query_params.from_dict({_RUN: name}))


def named() -> str | None:
    """The run's name in the address, "new", or None."""
    return next(iter(st.query_params.get_all(_RUN)), None)


def strangers() -> list[SpecError]:
    """Errors for the fields of the address that this page does not use."""
    unknown = [n for n in st.query_params if n != _RUN]
    out: list[SpecError] = [UnknownField("query field", n, f"only {_RUN}") for n in unknown]
    if len(names := st.query_params.get_all(_RUN)) > 1:
        out.append(GivenTwice(_RUN, " and ".join(names), "one run's name"))
    return out


def shown(runs: list[Folder]) -> Folder | None:
    """The run to show: the named one, else one of this visitor's, else None for the form."""
    name = named()
    if name == _NEW:
        return None
    found = next((run for run in runs if run.name == name), None)
    if name and found is None:
        say(f"There is no run {plain(name)} here (any more).", "warn")
    own = [run for run in runs if may_change(run)]
    busy = (run for run in own if run.status.state in (*AT_WORK, QUEUED))
    return found or next(busy, None) or next(iter(own), None)


def at_work() -> list[Folder]:
    """The runs that trainers are working on.

    Unlike `Queue.working` this does not try the locks of finished runs, which would interfere with
    another page doing the same.
    """
    return [run for run in Folder.all() if run.status.state in AT_WORK]


def waiting_words() -> str:
    """Why a run that is started now would have to wait; "" if it would not."""
    states = [run.status.state for run in Folder.all()]
    busy, queued = sum(s in AT_WORK for s in states), states.count(QUEUED)
    if busy < limit("mnist_runs") and not queued:
        return ""
    if not limit("mnist_runs"):
        return "This server trains no MNIST runs."
    many = "1 run is" if busy == 1 else f"{busy} runs are"
    return (
        f"{many} in training, the most this server allows at once: "
        f"yours would be number {queued + 1} in the queue."
    )


def whose(run: Folder) -> str:
    """A note beside a run that belongs to another visitor; "" beside the visitor's own."""
    return "" if may_change(run) or is_operator() else " · another visitor's"
