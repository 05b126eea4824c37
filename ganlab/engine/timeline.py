"""The events of a run: those that have happened, and those still to come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from ganlab.events import Event


class Timeline:
    """The events of a run in order, divided by the updates made so far.

    An event is counted as past once the run has applied it.
    """

    def __init__(self, coming: Iterable[Event] = (), past: Iterable[Event] = ()):
        self._past = list(past)
        self._coming = deque(coming)

    @classmethod
    def divided(cls, events: Sequence[Event], updates: int) -> Timeline:
        """The events of a run that has made `updates` and all changes that were due."""
        done = [e.at < updates or (e.at == updates and bool(e.fields)) for e in events]
        count = done.index(False) if False in done else len(done)
        return cls(events[count:], events[:count])

    def copy(self) -> Timeline:
        """A copy that does not change with this one."""
        return Timeline(self._coming, self._past)

    @property
    def all(self) -> tuple[Event, ...]:
        """The events that have happened, then those still to come."""
        return (*self._past, *self._coming)

    @property
    def past(self) -> tuple[Event, ...]:
        """The events that have happened."""
        return tuple(self._past)

    @property
    def coming(self) -> tuple[Event, ...]:
        """The events still to come."""
        return tuple(self._coming)

    @property
    def happened(self) -> int:
        """The number of events that have happened."""
        return len(self._past)

    @property
    def left(self) -> int:
        """The number of events still to come."""
        return len(self._coming)

    def past_from(self, number: int) -> list[Event]:
        """The events that have happened, without the first `number`."""
        return self._past[number:]

    def until_next(self, updates: int, most: int) -> int:
        """At most `most` updates, of a run that has made `updates`, and not beyond an event."""
        return min(most, self._coming[0].at - updates) if self._coming else most

    def record(self, *events: Event) -> None:
        """Add events that have happened just now."""
        self._past += events

    def take_changes(self, updates: int) -> list[Event]:
        """Remove and return the changes that are due after `updates`."""
        due: list[Event] = []
        while self._coming and self._coming[0].at <= updates and self._coming[0].fields:
            due.append(self._coming.popleft())
        return due

    def take_update(self, updates: int) -> Event | None:
        """Remove and return the update out of turn that is due after `updates`."""
        if self._coming and self._coming[0].at == updates:
            return self._coming.popleft()
        return None
