"""A fork: the moment that a lab shows as two runs side by side, one of which gets another value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ganlab.comparison import Comparison, spread
from ganlab.events import Event
from ganlab.languages import _
from ganlab.params import LIVE, PARAMS
from ganlab.record import RunFile
from ganlab.registry import SpecError
from ganlab.spec import Spec

if TYPE_CHECKING:
    from ganlab.live.session import Session


def other_value(spec: Spec, field: str) -> Any:
    """Another value of a field, to be compared with the Spec's own."""
    if field == "k":
        return 5 if spec.k < 5 else 1
    return spread(PARAMS[field], getattr(spec, field), 2)[1]


def present_moment(session: Session) -> RunFile:
    """The shown moment of a session's runs, paused, with its curves and what was recorded of it.

    To be called on a worker. Raises `SpecError` if the runs have not begun.
    """
    if session.group is None:
        raise SpecError("moment", "nothing", _("a moment of runs that have begun"))
    if session.rewind.runs is not None:
        return RunFile(tuple(run.fork() for run in session.rewind.runs))
    return replace(session.file(), playing=False)


def fork(session: Session, field: str) -> tuple[Comparison, RunFile]:
    """The comparison of a fork, which replays it, and the state from which it begins.

    Both runs are at the shown moment of a lab, and the second one changes `field` there. Raises
    `SpecError` unless an earlier moment of one run is shown and `field` may change in it.
    """
    shown = session.rewind.runs
    if shown is None or len(shown) != 1:
        raise SpecError("fork", field, _("an earlier moment of a lab, which is shown"))
    if field not in LIVE:
        raise SpecError(
            "fork",
            field,
            _("one of {listed}, which can change during a run", listed=", ".join(LIVE)),
        )
    (run,) = shown
    start, value = run.start[0], other_value(run.spec, field)
    runs = (run.fork(), run.fork(**{field: value}))
    change = Event(run.updates, ((field, value),))
    events = (run.past, (*run.past, change))
    pair = Comparison((start, start), (field,), events=events)
    return pair, RunFile(runs)
