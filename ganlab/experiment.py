"""Experiments: one Spec, a comparison, or many seeds, with the events of each.

An `Experiment` is a value that pages and sessions pass on, and that an address or a file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from ganlab import address
from ganlab.address import LETTERS, MOST_EVENTS
from ganlab.events import Event, all_after, check, reseeded, write
from ganlab.languages import _
from ganlab.own_data import FIELD as OWN
from ganlab.query import pairs_of
from ganlab.registry import Param, SpecError
from ganlab.spec import OF_IMAGES, PARAMS, Spec
from ganlab.targets import TARGETS

SEEDS = (16, 36, 64)  # the numbers of seeds that can be trained together
SHARED = ("target", "seed")  # fields that all runs share, so that data and latents are the same
_T = "t."  # prefix of a target's parameters in an address
_LAST_SEED = int(PARAMS["seed"].high)


def params(spec: Spec) -> dict[str, Param]:
    """The Params in which runs of `spec`'s target may differ, by name; its parameters as t.name."""
    own = {_T + p.name: p for p in TARGETS[spec.target].params}
    without = (*SHARED, *OF_IMAGES)
    return {name: p for name, p in PARAMS.items() if name not in without} | own


def read_spec(
    pairs: Iterable[tuple[str, str]],
    ignored: list[SpecError] | None = None,
    base: Spec | None = None,
) -> Spec:
    """A Spec that labs can draw, from the fields of an address: see `Spec.from_query`."""
    pairs = list(pairs)
    spec = Spec.from_query(pairs, ignored, base)
    try:
        return spec.in_a_lab()
    except SpecError as error:
        if ignored is None:
            raise
        ignored.append(error)
    return Spec.from_query([pair for pair in pairs if pair[0] != "target"], [], base)


class BadEvents(SpecError):
    """Events of an address that cannot be used."""


@dataclass(frozen=True)
class Experiment:
    """Specs that are trained in lockstep, `seeds` of each, with their events.

    specs: equal except in `fields` (names of PARAMS, or t.name); one, unless it is a `Comparison`.
    seeds: 1 or one of `SEEDS`, counted from the Spec's own seed. events: for each Spec, as Events
    or as text (see `ganlab.events`); () if there are none.
    Raises `SpecError` for images, another number of Specs or seeds, and events that are not
    allowed.
    """

    specs: tuple[Spec, ...]
    fields: tuple[str, ...] = ()
    seeds: int = 1
    events: tuple[tuple[Event, ...], ...] = ()

    def __post_init__(self) -> None:
        self._check_specs()
        if self.seeds != 1:
            check_seeds(self.seeds)
        if self.events and len(self.events) != len(self.specs):
            raise SpecError(
                "events",
                self.events,
                _("one entry for each of {count} runs", count=len(self.specs)),
            )
        pairs = zip(self.events, self.specs, strict=False)
        checked = tuple(check(events, [spec]) for events, spec in pairs)
        object.__setattr__(self, "events", checked if any(checked) else ())

    def _check_specs(self) -> None:
        if len(self.specs) != 1 or self.fields:
            raise SpecError("runs", len(self.specs), _("one, with no fields that differ"))
        if not isinstance(self.base, Spec):
            raise SpecError("base", self.base, _("a Spec"))
        self.base.in_a_lab()

    @classmethod
    def of(cls, base: Spec, seeds: int = 1, events: Sequence[Event] | str = ()) -> Experiment:
        """One Spec, or `seeds` of it."""
        return Experiment((base,), seeds=seeds, events=(events,))  # type: ignore[arg-type]  # text is read

    @property
    def base(self) -> Spec:
        """The Spec of run A."""
        return self.specs[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """A label for each run, in words: the values of the fields in which it differs."""
        return ("",)

    @property
    def after(self) -> tuple[Spec, ...]:
        """The Specs after all events."""
        if not self.events:
            return self.specs
        pairs = zip(self.specs, self.events, strict=True)
        return tuple(all_after([spec], events)[0] for spec, events in pairs)

    def rows(self, at: int) -> list[Spec]:
        """Spec `at` with each of its seeds; after the last possible seed follows 0."""
        spec = self.specs[at]
        first = spec.seed
        return [
            spec,
            *(reseeded(spec, (first + i) % (_LAST_SEED + 1)) for i in range(1, self.seeds)),
        ]

    # -- derived experiments ---------------------------------------------------------------------

    def on(self, base: Spec) -> Experiment:
        """The same experiment with `base`, without events."""
        return replace(self, specs=(base,), events=())

    def changed(self, values: Mapping[str, Any]) -> Experiment:
        """Other values of fields by their names in an address, no events. Raises `SpecError`."""
        return self.on(self.base.changed(values))

    def with_specs(self, specs: Sequence[Spec]) -> Self:
        """Other Specs that differ in the same fields, without events."""
        return replace(self, specs=tuple(specs), events=())

    def with_seed(self, seed: int) -> Self:
        """The same experiment with another first seed and the same events."""
        return replace(self, specs=tuple(spec.replace(seed=seed) for spec in self.specs))

    def with_events(self, events: Sequence[Sequence[Event] | str]) -> Self:
        """The same experiment with these events. Raises `SpecError`."""
        return replace(self, events=tuple(events))  # type: ignore[arg-type]  # text is read

    # -- address ---------------------------------------------------------------------------------

    def to_query_pairs(self, events: Sequence[str] | None = None) -> list[tuple[str, str]]:
        """The fields of an address (see `ganlab.address`), with these events or its own."""
        texts = [write(e) for e in self.events] if events is None else events
        return address.join(self.base.to_query_pairs(), self._beside(), texts, self.seeds)

    def _beside(self) -> list[list[tuple[str, str]]]:
        known = params(self.base)

        def own(spec: Spec) -> Iterable[tuple[str, str]]:
            return (p for p in spec.to_query_pairs() if p[0] == OWN and p[1] not in shared)

        shared = [text for name, text in self.base.to_query_pairs() if name == OWN]
        return [
            [*((name, known[name].format(spec.value(name))) for name in self.fields), *own(spec)]
            for spec in self.specs[1:]
        ]

    def to_query(self, events: Sequence[str] | None = None) -> str:
        """A URL's query string, with these events or its own."""
        return address.query_of(self.to_query_pairs(events))

    def to_lab_query(self, events: Sequence[str] | None = None) -> str:
        """The query string of a single seed, up to the seed's number, which must be appended."""
        pairs = replace(self, seeds=1).to_query_pairs(events)
        return address.query_of([*(pair for pair in pairs if pair[0] != "seed"), ("seed", "")])

    @classmethod
    def from_query(
        cls,
        query: str | Iterable[tuple[str, str]],
        ignored: list[SpecError] | None = None,
        base: Spec | None = None,
    ) -> Experiment:
        """The inverse of `to_query`: reads an address, a query string, or its fields.

        Raises `SpecError`, which names the field. Given a list, it appends these errors to it
        instead and leaves out what it cannot use. base: the Spec that missing fields are taken
        from, as in `Spec.from_query`.
        """

        def refuse(error: SpecError) -> None:
            if ignored is None:
                raise error
            ignored.append(error)

        parts = address.split(pairs_of(query), refuse)
        for letter, fields in parts.beside.items():  # fields of runs that do not exist here
            parts.own += [(f"{letter}.{name}", text) for name, text in fields.items()]
        parts.own += [(address.event_field(e), t) for e, t in parts.events.items() if e != "a"]
        spec = read_spec(parts.own, ignored, base)
        seeds, text = 1, parts.runs
        if text is not None:
            try:
                seeds = check_seeds(int(text) if text in map(str, SEEDS) else text)
            except SpecError as error:
                refuse(error)
        return Experiment.of(spec, seeds, read_events(parts, [spec], refuse)[0])


def read_events(
    parts: address.Parts, specs: Sequence[Spec], refuse: Callable[[SpecError], None]
) -> tuple[tuple[Event, ...], ...]:
    """The events in an address for each of `specs`.

    `refuse` gets a `SpecError` for unusable ones; none is raised, unless `refuse` raises it.
    """
    texts, out = dict(parts.events), []
    for letter, spec in zip(LETTERS, specs, strict=False):
        text = texts.pop(letter, "")
        events: tuple[Event, ...] = ()
        where = "" if letter == LETTERS[0] else f"{letter}."
        try:
            if len(text) > MOST_EVENTS:
                raise SpecError(
                    "events", text, _("at most {most_events} characters", most_events=MOST_EVENTS)
                )
            events = check(text, [spec])
        except SpecError as error:
            refuse(BadEvents(where + error.name, error.value, error.allowed))
        out.append(events)
    for letter, text in texts.items():
        if len(specs) > 1:
            refuse(SpecError(address.event_field(letter), text, _("events of a run that exists")))
    return tuple(out)


def check_seeds(seeds: object) -> int:
    """`seeds`, if that number can be trained together. Raises `SpecError`, named "runs"."""
    if type(seeds) is not int or seeds not in SEEDS:
        raise SpecError("runs", seeds, _("one of {listed}", listed=", ".join(map(str, SEEDS))))
    return seeds
