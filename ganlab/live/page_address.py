"""The address of a session's page, from which its runs can be replayed."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ganlab.address import MOST_EVENTS
from ganlab.experiment import Experiment
from ganlab.live.run_group import RunGroup


class PageAddress:
    """The runs' start and their events; or the current Specs, if the events do not fit an address.

    now: the requested experiment. group: its runs; None if they have not begun, or will restart.
    complete: whether the address replays all events.
    """

    def __init__(self, now: Experiment, group: RunGroup | None):
        self._now, self._group, self._begun, self._texts = now, group, now, None
        self._happened = _happened(group)
        self.complete = True
        if group is None:
            return
        texts = group.events(MOST_EVENTS)
        self.complete = texts is not None
        if texts and any(texts) and group.begun is not None and group.specs == now.specs:
            self._begun, self._texts = group.begun, texts

    def is_of(self, now: Experiment, group: RunGroup | None) -> bool:
        """Whether it is up to date for these arguments."""
        return self._now is now and self._group is group and self._happened == _happened(group)

    @cached_property
    def query(self) -> str:
        """The address as a query string."""
        return self._begun.to_query(self._texts)

    @cached_property
    def lab_query(self) -> str:
        """The query string of one seed in its lab, up to the seed, which must be appended."""
        return self._begun.to_lab_query(self._texts)

    @cached_property
    def experiment(self) -> Experiment:
        """The address as an experiment with its events."""
        return self._begun if self._texts is None else self._begun.with_events(self._texts)


def _happened(group: RunGroup | None) -> Any:
    return None if group is None else (group.happened, group.left)
