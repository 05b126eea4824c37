"""Requests for another experiment: what a page wants its session to run from now on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live.configuration import Configuration, Events
from ganlab.live.drawing import Drawing, fields
from ganlab.live.lifecycle import WITHOUT, Lifecycle
from ganlab.live.rewind import Rewind
from ganlab.live.run_group import RunGroup
from ganlab.params import LIVE, not_live
from ganlab.registry import SpecError
from ganlab.spec import KNOBS, PARAMS, Spec


class RequestedSession(Protocol):
    """The interface of a session for requests."""

    failed: str
    configuration: Configuration
    lifecycle: Lifecycle
    rewind: Rewind

    @property
    def group(self) -> RunGroup | None:
        """The runs, once they have begun."""

    @property
    def running(self) -> bool:
        """Whether the runs are the requested ones, and not about to restart."""

    def command(self, name: str, value: Any = None) -> None:
        """Queue a command for the worker."""


class Requests:
    """Changes a session's experiment, from any thread; the runs restart only if they must."""

    def __init__(self, session: RequestedSession):
        self._session = session

    def set(self, field: str, value: object) -> None:
        """See `Session.set`. Raises `SpecError`."""
        if field not in LIVE and field not in KNOBS:
            raise not_live(field, value)
        if self._session.rewind.active:
            raise SpecError(field, value, _("unchanged in the past: go back to the present"))
        value = PARAMS[field].check(value)
        self.become(lambda now: now.on(now.base.replace(**{field: value})))

    def draw(self, drawing: Drawing) -> None:
        """See `Session.draw`. Raises `SpecError`."""
        experiment = self._session.configuration.experiment
        if len(experiment.specs) > 1 or experiment.seeds > 1:
            raise SpecError("cmd", "draw", _("sent to a lab, which shows one run"))
        self.become(lambda now: now.on(drawing.of(now.base)))
        self._session.lifecycle.replayed += fields(drawing)  # the sidebar must show them

    def configure(self, spec: Spec) -> None:
        """See `Session.configure`."""
        self.become(lambda now: now.on(spec))

    def become(self, make: Callable[[Experiment], Experiment]) -> None:
        """Run `make` of the experiment. Raises `SpecError` if it exceeds the server's limits."""
        session = self._session
        change = session.configuration.become(make, self._still_coming)
        if change is None:
            return
        session.failed = ""
        if change.restart is None:
            session.command("change")
        else:
            why = f"{change.restart} {WITHOUT}" if change.dropped else change.restart
            session.command("begin", why)

    def _still_coming(self) -> Events:
        """The events still to come, of the current runs or of those that start next."""
        session, group = self._session, self._session.group
        if group is not None and session.running:
            return group.coming
        return session.configuration.experiment.events
