"""Events: changes of a run and updates out of turn, which its Spec does not contain.

A run is its Spec and its events: `Run(spec, events=run.events)` makes the same updates, bit for
bit. As text (in addresses, files and scripts) events are separated by commas, and each begins with
the number of updates made before it, of both players: "100:k:5" changes k to 5,
"100:k:5:loss:minimax" changes two fields at once, and "240:GGD" are three consecutive updates out
of turn.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganlab.languages import _
from ganlab.params import LIVE, PARAMS, not_live
from ganlab.registry import SpecError
from ganlab.spec import Spec

_GRAMMAR = _("such as 100:k:5 (a change after 100 updates) or 240:G (an update out of turn)")


@dataclass(frozen=True)
class Event:
    """A change of `fields`, (name, value) pairs, or an update of `player` ("D" or "G") out of turn.

    at: the number of updates made before it, of both players. Raises `SpecError` unless it is
    exactly one of both, `at` is an integer >= 0, and the fields may change during a run.
    """

    at: int
    fields: tuple[tuple[str, Any], ...] = ()
    player: str = ""

    def __post_init__(self) -> None:
        if type(self.at) is not int or not 0 <= self.at <= 10**12:
            raise SpecError("events", self.at, _("a number of updates: an integer >= 0"))
        if (self.player in ("D", "G")) == bool(self.fields) or self.player not in ("D", "G", ""):
            raise SpecError("events", self, _("a change of fields, or an update of D or G"))
        for name, value in self.fields:
            if name not in LIVE:
                raise not_live(name, value)
        checked = tuple((name, PARAMS[name].check(value)) for name, value in self.fields)
        object.__setattr__(self, "fields", checked)

    def of(self, spec: Spec) -> Spec:
        """`spec` after the event. Raises `SpecError` if that is not allowed."""
        return spec.replace(**dict(self.fields)) if self.fields else spec


def check(events: object, specs: Sequence[Spec]) -> tuple[Event, ...]:
    """Validated events, given as Events or as text, of runs that start with `specs`.

    Raises `SpecError` if they are not in order, or not allowed one after the other.
    """
    if isinstance(events, str):
        events = read(events)
    try:
        each = iter(events)  # type: ignore[call-overload]  # caught here
    except TypeError:
        raise SpecError(
            "events", events, _("a sequence of Events, or text {grammar}", grammar=_GRAMMAR)
        ) from None
    found, before = [], 0
    # Runs that differ only in their seed allow the same events.
    specs = list({_but_seed(spec): spec for spec in specs}.values())
    for event in each:
        if not isinstance(event, Event):
            raise SpecError("events", event, _("Events, or text {grammar}", grammar=_GRAMMAR))
        if event.at < before:
            raise SpecError(
                "events", event.at, _("events in order: {before} or later", before=before)
            )
        before, specs = event.at + bool(event.player), [event.of(spec) for spec in specs]
        found.append(event)
    return tuple(found)


class Text:
    """Events as text, to which events can be appended. length: the number of characters."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._row = -1  # the `at` of an update that would extend the last part
        self.length = 0

    def __str__(self) -> str:
        return ",".join(self._parts)

    def copy(self) -> Text:
        """An independent copy."""
        other = Text()
        other._parts, other._row, other.length = list(self._parts), self._row, self.length
        return other

    def add(self, event: Event) -> None:
        """Append an event."""
        if event.player and event.at == self._row:
            self._parts[-1] += event.player
            self.length += 1
        else:
            pairs = (f":{name}:{PARAMS[name].format(value)}" for name, value in event.fields)
            part = f"{event.at}:{event.player}" if event.player else f"{event.at}{''.join(pairs)}"
            self.length += len(part) + bool(self._parts)
            self._parts.append(part)
        self._row = event.at + 1 if event.player else -1


def write(events: Iterable[Event]) -> str:
    """Events as text."""
    text = Text()
    for event in events:
        text.add(event)
    return str(text)


def read(text: str) -> tuple[Event, ...]:
    """The events of a text, see `write`. Raises `SpecError`, which names the wrong part."""
    events: list[Event] = []
    for part in text.split(",") if text else ():
        at, *words = part.split(":")
        if not (at.isascii() and at.isdigit() and len(at) < 13) or not words or not words[0]:
            raise SpecError("events", part, _GRAMMAR)
        start = int(at)
        if len(words) == 1:
            events += [Event(start + i, player=player) for i, player in enumerate(words[0])]
            continue
        names, values = words[::2], words[1::2]
        if len(names) != len(values) or len(set(names)) != len(names):
            raise SpecError("events", part, _GRAMMAR)
        for name, value in zip(names, values, strict=True):
            if name not in LIVE:
                raise not_live(name, value)
        fields = ((n, PARAMS[n].parse(v)) for n, v in zip(names, values, strict=True))
        events.append(Event(start, tuple(fields)))
    return tuple(events)


def after(spec: Spec, events: Iterable[Event]) -> Spec:
    """`spec` after all of `events`."""
    for event in events:
        spec = event.of(spec)
    return spec


def changed(specs: Sequence[Spec], fields: Mapping[str, Any]) -> tuple[Spec, ...]:
    """`specs` with other values of some fields, validated once if they differ in seed alone."""
    made: dict[Hashable, Spec] = {}
    out = []
    for spec in specs:
        key = _but_seed(spec) if len(specs) > 1 else None
        if key in made:
            out.append(reseeded(made[key], spec.seed))
        else:
            out.append(made.setdefault(key, spec.replace(**fields)))
    return tuple(out)


def all_after(specs: Sequence[Spec], events: Iterable[Event]) -> tuple[Spec, ...]:
    """Each of `specs` after all of `events`."""
    specs = tuple(specs)
    for event in events:
        if event.fields:
            specs = changed(specs, dict(event.fields))
    return specs


def reseeded(spec: Spec, seed: int) -> Spec:
    """`spec` with another, valid seed: the same as `replace`, a hundred times as fast."""
    other = copy.copy(spec)
    object.__setattr__(other, "seed", seed)
    return other


def _but_seed(spec: Spec) -> Hashable:
    return tuple(value for name, value in vars(spec).items() if name != "seed")
