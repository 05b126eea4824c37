"""What is compared: a few Specs that differ in named fields only; and its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from ganlab.events import check, write
from ganlab.registry import Param, SpecError
from ganlab.settle import settle
from ganlab.spec import OF_IMAGES, PARAMS, GivenTwice, Spec, UnknownField
from ganlab.targets import TARGETS

LEAST, MOST = 2, 4
LETTERS = "abcd"  # the first is the base: its fields have no prefix in an address
SHARED = ("target", "seed")  # what makes runs comparable: the same data and latents
_EVENTS = "events"
_T = "t."  # a target's parameters, as in an address


def params(spec: Spec) -> dict[str, Param]:
    """What may differ between runs of `spec`'s target, by name; its parameters as t.name."""
    own = {_T + p.name: p for p in TARGETS[spec.target].params}
    without = (*SHARED, *OF_IMAGES)
    return {name: p for name, p in PARAMS.items() if name not in without} | own


def lab_spec(
    pairs: Iterable[tuple[str, str]],
    ignored: list[SpecError] | None = None,
    base: Spec | None = None,
) -> Spec:
    """A Spec that a lab can draw, of the fields of an address, as `Spec.from_query` reads them."""
    pairs = list(pairs)
    spec = Spec.from_query(pairs, ignored, base)
    try:
        return spec.in_a_lab()
    except SpecError as error:
        if ignored is None:
            raise
        ignored.append(error)
    return Spec.from_query([pair for pair in pairs if pair[0] != "target"], [], base)


def spread(param: Param, first: Any, count: int) -> tuple[Any, ...]:
    """`count` values of a field to begin a comparison with: `first`, then others."""
    if param.kind == "choice":
        choices = tuple(param.choices)
        at = choices.index(first)
        return tuple(choices[(at + i) % len(choices)] for i in range(count))

    def other(number: Any, i: int) -> Any:
        factor = (10 if param.log else 2) ** i
        for made in (number * factor, number / factor, number + i, number - i):
            made = int(made) if param.kind in ("int", "ints") else float(f"{made:.6g}")
            if made != number and param.low <= made <= param.high:
                return made
        return number

    if param.typical is not None and first == param.default:
        return (first, *spread(param, param.typical, count)[: count - 1])
    if param.kind in ("int", "float"):
        return (first, *(other(first, i) for i in range(1, count)))
    if param.kind in ("ints", "floats"):
        return (first, *(tuple(other(item, i) for item in first) for i in range(1, count)))
    return (first,) * count


@dataclass(frozen=True)
class Comparison:
    """2 to 4 Specs, equal but for `fields` (names of PARAMS, or t.name), of which there is one.

    events: of each run, as text (see `ganlab.events`); () where nothing happens on the way. What is
    made from a comparison has none. Raises `SpecError` for another number, for fields that are
    unknown, shared or not named, and for events that are not allowed.
    """

    specs: tuple[Spec, ...]
    fields: tuple[str, ...]
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not LEAST <= len(self.specs) <= MOST:
            raise SpecError("runs", len(self.specs), f"{LEAST} to {MOST}")
        known = params(self.base.in_a_lab())
        if not self.fields:
            raise SpecError("fields", self.fields, "at least one that may differ")
        for name in self.fields:
            if name not in known:
                raise SpecError("field", name, "one of " + ", ".join(known))
        for spec in self.specs[1:]:
            if self.base.changed({n: spec.value(n) for n in self.fields}) != spec:
                raise SpecError("specs", spec, f"what differs in {', '.join(self.fields)} only")
        if self.events and len(self.events) != len(self.specs):
            raise SpecError("events", self.events, f"as many as runs: {len(self.specs)}")
        for text, spec in zip(self.events, self.specs, strict=False):
            check(text, [spec])
        if not any(self.events):
            object.__setattr__(self, "events", ())

    @classmethod
    def of(cls, base: Spec, columns: Mapping[str, Sequence[Any]]) -> Comparison:
        """Runs of `base` with the values in `columns`, one a run, by field; in the base's too."""
        counts = {len(column) for column in columns.values()}
        if len(counts) != 1:
            raise SpecError("values", counts, "as many for each field")
        rows = zip(*columns.values(), strict=True)
        specs = tuple(base.changed(dict(zip(columns, row, strict=True))) for row in rows)
        return cls(specs, tuple(columns))

    @classmethod
    def among(cls, specs: Sequence[Spec]) -> Comparison:
        """These Specs, by whatever fields they differ in."""
        names = [n for n in params(specs[0]) if len({s.value(n) for s in specs}) > 1]
        return cls(tuple(specs), tuple(names))

    @classmethod
    def pair(cls, base: Spec) -> Comparison:
        """The pair that a page opens with: few D updates for each of G, and many."""
        return cls.of(base, {"k": (base.k, 5 if base.k < 5 else 1)})

    @property
    def base(self) -> Spec:
        """The Spec of run A."""
        return self.specs[0]

    @property
    def columns(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, one a run."""
        return {name: tuple(s.value(name) for s in self.specs) for name in self.fields}

    @property
    def titles(self) -> tuple[str, ...]:
        """What the fields are called."""
        known = params(self.base)
        return tuple(known[name].title for name in self.fields)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each run differs in, in words: "k = 1"."""
        known = params(self.base)

        def word(spec: Spec, name: str) -> str:
            param, this = known[name], spec.value(name)
            text = param.words(this)
            return text if param.kind == "choice" else f"{param.title} = {text}"

        return tuple(" · ".join(word(s, n) for n in self.fields) for s in self.specs)

    # -- others, made from this one --------------------------------------------------------------

    def on(self, base: Spec) -> Comparison:
        """`base` as run A; the others keep their values of the fields that its target has."""
        columns = {n: c for n, c in self.columns.items() if n in params(base)}
        columns = columns or {"k": (base.k,) * len(self.specs)}
        own = {n: (base.value(n), *c[1:]) for n, c in columns.items()}
        return Comparison.of(base, own)

    def changed(self, values: Mapping[str, Any]) -> Comparison:
        """Other values: of fields of all runs by name, of those that differ as a.name, b.name, ...

        Raises `SpecError`.
        """
        own = {n: v for n, v in values.items() if n[1:2] == "." and n[0] in LETTERS}
        base = self.base.changed({n: v for n, v in values.items() if n not in own})
        columns = {n: list(c) for n, c in self.columns.items() if n in params(base)}
        columns = columns or {"k": [base.k] * len(self.specs)}
        for name, value in own.items():
            letter, _, field = name.partition(".")
            if field not in columns:
                raise SpecError(name, value, f"one that differs: {', '.join(columns)}")
            columns[field][LETTERS.index(letter)] = value
        return Comparison.of(base, columns)

    def with_columns(self, columns: Mapping[str, Sequence[Any]]) -> Comparison:
        """Other fields and values; a field that differs no longer is the base's in all runs."""
        return Comparison.of(self.base, columns)

    def with_field(self, name: str, instead_of: str | None = None) -> Comparison:
        """`name` differs too, or in the place of another field."""
        known = params(self.base)
        if name not in known:
            raise SpecError("field", name, "one of " + ", ".join(known))
        new = spread(known[name], self.base.value(name), len(self.specs))
        if instead_of is None:
            return self.with_columns({**self.columns, name: new})
        items = self.columns.items()
        return self.with_columns(
            {name if n == instead_of else n: new if n == instead_of else c for n, c in items}
        )

    def without_field(self, name: str) -> Comparison:
        """`name` is the base's in all runs."""
        return self.with_columns({n: c for n, c in self.columns.items() if n != name})

    def with_run(self) -> Comparison:
        """One run more: its first field has a value not yet there, where one is found."""
        columns = {name: (*column, column[-1]) for name, column in self.columns.items()}
        name = self.fields[0]
        have = columns[name][:-1]
        for new in spread(params(self.base)[name], have[-1], MOST + 1):
            if new not in have:
                columns[name] = (*have, new)
                break
        return self.with_columns(columns)

    def without_run(self, at: int) -> Comparison:
        """Without one run; of two, both stay."""
        specs = self.specs[:at] + self.specs[at + 1 :]
        return Comparison(specs, self.fields) if len(specs) >= LEAST else self

    def copied(self, at: int) -> Comparison:
        """Run `at` as its left neighbour is."""
        return Comparison(
            (*self.specs[:at], *self.specs[at - 1 : at], *self.specs[at + 1 :]), self.fields
        )

    def swapped(self, at: int) -> Comparison:
        """Run `at` in the place of its left neighbour, and that in its own."""
        specs = list(self.specs)
        specs[at - 1 : at + 1] = specs[at], specs[at - 1]
        return Comparison(tuple(specs), self.fields)

    # -- address ---------------------------------------------------------------------------------

    def to_query_pairs(self) -> list[tuple[str, str]]:
        """The base as a Spec writes itself, then the fields of each other run: b.k, c.k, ..."""
        known = params(self.base)
        pairs = self.base.to_query_pairs() + [
            (f"{letter}.{name}", known[name].format(spec.value(name)))
            for letter, spec in zip(LETTERS[1:], self.specs[1:], strict=False)
            for name in self.fields
        ]
        names = (_EVENTS, *(f"{letter}.{_EVENTS}" for letter in LETTERS[1:]))
        return pairs + [(n, text) for n, text in zip(names, self.events, strict=False) if text]

    def to_query(self) -> str:
        """As a URL's query string."""
        return _query(self)

    @classmethod
    def from_query(
        cls,
        pairs: Iterable[tuple[str, str]],
        ignored: list[SpecError] | None = None,
        base: Spec | None = None,
    ) -> Comparison:
        """The inverse of `to_query_pairs`; without other runs, the pair that a page opens with.

        Raises `SpecError`, naming the field with its run's letter, or, given a list, leaves out
        what it cannot use and says so there; base: as in `Spec.from_query`.
        """

        def refuse(error: SpecError) -> None:
            if ignored is None:
                raise error
            ignored.append(error)

        own: list[tuple[str, str]] = []
        runs: dict[str, dict[str, str]] = {}
        happens: dict[str, str] = {}
        for name, text in pairs:
            letter, dot, field = name.partition(".")
            if name == _EVENTS or (field == _EVENTS and letter in tuple(LETTERS[1:])):
                letter = letter if dot else LETTERS[0]
                if letter in happens:
                    refuse(GivenTwice(name, f"{happens[letter]} and {text}", "one value"))
                happens.setdefault(letter, text)
            elif not dot or len(letter) != 1 or letter not in LETTERS[1:]:
                own.append((name, text))
            elif field in runs.setdefault(letter, {}):
                refuse(GivenTwice(name, f"{runs[letter][field]} and {text}", "one value"))
            else:
                runs[letter][field] = text
        first = lab_spec(own, ignored, base)
        known, specs = params(first), [first]
        names: dict[str, None] = {}
        for letter in LETTERS[1 : 1 + max(map(LETTERS.index, runs), default=0)]:
            if letter not in runs:
                refuse(SpecError("runs", ", ".join(sorted(runs)), f"also a run {letter}"))
                break
            values = {}
            for field, text in runs[letter].items():
                if field not in known:
                    what = f"one of {', '.join(known)}: all runs share {' and '.join(SHARED)}"
                    where = f"field of run {letter}"
                    refuse(UnknownField(where, field, what, f"{letter}.{field}"))
                    continue
                try:
                    values[field] = known[field].parse(text)
                    names[field] = None
                except SpecError as error:
                    refuse(SpecError(f"{letter}.{field}", error.value, error.allowed))
            spec, refused = settle(first, values, Spec.changed)
            for why in refused.values():
                refuse(SpecError(f"{letter}.{why.name}", why.value, why.allowed))
            specs.append(spec)
        if not names:
            return cls.pair(first)
        events = []
        for letter, spec in zip(LETTERS, specs, strict=False):
            text = happens.pop(letter, "")
            try:
                events.append(write(check(text, [spec])))
            except SpecError as error:
                where = "" if letter == LETTERS[0] else f"{letter}."
                refuse(SpecError(where + error.name, error.value, error.allowed))
                events.append("")
        for letter, text in happens.items():
            refuse(SpecError(f"{letter}.{_EVENTS}", text, "of a run that there is"))
        return cls(tuple(specs), tuple(names), tuple(events))


@lru_cache(maxsize=64)
def _query(comparison: Comparison) -> str:
    # Asked for with every status.
    return urlencode(comparison.to_query_pairs(), safe=",:", quote_via=quote)
