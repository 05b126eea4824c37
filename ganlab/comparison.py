"""Comparisons: runs side by side that differ in chosen fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganlab import address
from ganlab.address import LETTERS
from ganlab.experiment import SHARED, Experiment, params, read_events, read_spec
from ganlab.languages import _, joined
from ganlab.query import UnknownField, pairs_of
from ganlab.reconcile import reconcile
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec, receive

LEAST, MOST = 2, 4  # the number of runs in a comparison


def spread(param: Param, first: Any, count: int) -> tuple[Any, ...]:
    """`count` values of a field for a new comparison: `first`, then others."""
    if param.kind in ("choice", "data"):
        # Own data are not among the examples, and come first.
        own = () if first in param.choices else (first,)
        choices = (*own, *param.choices)
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


def differing(specs: Sequence[Spec]) -> tuple[str, ...]:
    """The fields in which these Specs differ, of those in which the runs of a comparison may."""
    return tuple(n for n in params(specs[0]) if len({s.value(n) for s in specs}) > 1)


class Comparison(Experiment):
    """Two to four Specs that are equal except in `fields`, of which there is at least one.

    Comparisons derived from another have no events. Raises `SpecError` for another number of Specs,
    for fields that are unknown or must be shared, and for differences in fields that are not
    listed.
    """

    def _check_specs(self) -> None:
        if not LEAST <= len(self.specs) <= MOST:
            raise SpecError("runs", len(self.specs), _("{least} to {most}", least=LEAST, most=MOST))
        known = params(self.base.in_a_lab())
        if not self.fields:
            raise SpecError("fields", self.fields, _("at least one field that may differ"))
        for name in self.fields:
            if name not in known:
                raise SpecError("field", name, _("one of {listed}", listed=", ".join(known)))
        for spec in self.specs[1:]:
            if self.base.changed({n: spec.value(n) for n in self.fields}) != spec:
                raise SpecError(
                    "specs",
                    spec,
                    _("Specs that differ in {listed} only", listed=", ".join(self.fields)),
                )

    @classmethod
    def by(cls, base: Spec, columns: Mapping[str, Sequence[Any]]) -> Comparison:
        """Runs of `base` with the values in `columns`: for each field, one value per run.

        Raises `SpecError` for other numbers of values, and for values that are not allowed.
        """
        counts = {len(column) for column in columns.values()}
        if len(counts) != 1:
            raise SpecError("values", counts, _("the same number for each field"))
        rows = zip(*columns.values(), strict=True)
        specs = tuple(base.changed(dict(zip(columns, row, strict=True))) for row in rows)
        return cls(specs, tuple(columns))

    @classmethod
    def among(cls, specs: Sequence[Spec]) -> Comparison:
        """These Specs, with all the fields in which they differ."""
        return cls(tuple(specs), differing(specs))

    @classmethod
    def pair(cls, base: Spec) -> Comparison:
        """The pair that a page opens with: few and many D updates per G update."""
        return cls.by(base, {"k": (base.k, 5 if base.k < 5 else 1)})

    @property
    def columns(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field, one per run."""
        return {name: tuple(s.value(name) for s in self.specs) for name in self.fields}

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the fields."""
        known = params(self.base)
        return tuple(known[name].title for name in self.fields)

    @property
    def labels(self) -> tuple[str, ...]:
        """A label for each run, the values of its fields in words: "k = 1"."""
        known = params(self.base)

        def word(spec: Spec, name: str) -> str:
            param, this = known[name], spec.value(name)
            text = param.words(this)
            return (
                text
                if param.kind in ("choice", "data", "text")
                else _("{title} = {value}", title=param.title, value=text)
            )

        return tuple(joined(" · ", (word(s, n) for n in self.fields)) for s in self.specs)

    # -- derived comparisons ---------------------------------------------------------------------

    def on(self, base: Spec) -> Comparison:
        """`base` as run A; the other runs keep their values of the fields that its target has."""
        columns = {n: c for n, c in self.columns.items() if n in params(base)}
        columns = columns or {"k": (base.k,) * len(self.specs)}
        own = {n: (base.value(n), *c[1:]) for n, c in columns.items()}
        return Comparison.by(base, own)

    def changed(self, values: Mapping[str, Any]) -> Comparison:
        """Other values of shared fields by name, and of fields that differ as a.name, b.name, ...

        Raises `SpecError`.
        """
        own = {n: v for n, v in values.items() if n[1:2] == "." and n[0] in LETTERS}
        base = self.base.changed({n: v for n, v in values.items() if n not in own})
        columns = {n: list(c) for n, c in self.columns.items() if n in params(base)}
        columns = columns or {"k": [base.k] * len(self.specs)}
        for name, value in own.items():
            letter, _dot, field = name.partition(".")
            if field not in columns:
                raise SpecError(
                    name, value, _("a field that differs: {listed}", listed=", ".join(columns))
                )
            columns[field][LETTERS.index(letter)] = value
        return Comparison.by(base, columns)

    def with_columns(self, columns: Mapping[str, Sequence[Any]]) -> Comparison:
        """Other fields and values; fields that no longer differ take the base's value."""
        return Comparison.by(self.base, columns)

    def with_field(self, name: str, instead_of: str | None = None) -> Comparison:
        """Let `name` differ too, or in place of another field. Raises `SpecError` if unknown."""
        known = params(self.base)
        if name not in known:
            raise SpecError("field", name, _("one of {listed}", listed=", ".join(known)))
        new = spread(known[name], self.base.value(name), len(self.specs))
        if instead_of is None:
            return self.with_columns({**self.columns, name: new})
        items = self.columns.items()
        return self.with_columns(
            {name if n == instead_of else n: new if n == instead_of else c for n, c in items}
        )

    def without_field(self, name: str) -> Comparison:
        """Let all runs take the base's value of `name`."""
        return self.with_columns({n: c for n, c in self.columns.items() if n != name})

    def with_run(self) -> Comparison:
        """Add a run, with a new value of the first field if one is found."""
        columns = {name: (*column, column[-1]) for name, column in self.columns.items()}
        name = self.fields[0]
        have = columns[name][:-1]
        for new in spread(params(self.base)[name], have[-1], MOST + 1):
            if new not in have:
                columns[name] = (*have, new)
                break
        return self.with_columns(columns)

    def without_run(self, at: int) -> Comparison:
        """Remove a run, unless there are only two."""
        specs = self.specs[:at] + self.specs[at + 1 :]
        return Comparison(specs, self.fields) if len(specs) >= LEAST else self

    def copied(self, at: int) -> Comparison:
        """Make run `at` a copy of its left neighbour."""
        return Comparison(
            (*self.specs[:at], *self.specs[at - 1 : at], *self.specs[at + 1 :]), self.fields
        )

    def swapped(self, at: int) -> Comparison:
        """Exchange run `at` with its left neighbour."""
        specs = list(self.specs)
        specs[at - 1 : at + 1] = specs[at], specs[at - 1]
        return Comparison(tuple(specs), self.fields)

    # -- address ---------------------------------------------------------------------------------

    @classmethod
    def from_query(
        cls,
        query: str | Iterable[tuple[str, str]],
        ignored: list[SpecError] | None = None,
        base: Spec | None = None,
    ) -> Comparison:
        """The inverse of `to_query`; without fields of other runs, the pair that a page opens with.

        Raises `SpecError`, which names the field with its run's letter. Given a list, it appends
        these errors to it instead and leaves out what it cannot use. base: as in `Spec.from_query`.
        """

        def refuse(error: SpecError) -> None:
            if ignored is None:
                raise error
            ignored.append(error)

        parts = address.split(pairs_of(query), refuse)
        if parts.runs is not None:  # a comparison trains one seed
            parts.own.append(("runs", parts.runs))
        first = read_spec(parts.own, ignored, base)
        known, specs = params(first), [first]
        names: dict[str, None] = {}
        runs = parts.beside
        for letter in LETTERS[1 : 1 + max(map(LETTERS.index, runs), default=0)]:
            if letter not in runs:
                refuse(
                    SpecError(
                        "runs",
                        ", ".join(sorted(runs)),
                        _("complete: run {letter} is missing", letter=letter),
                    )
                )
                break
            values = {}
            receive(runs[letter], refuse)
            for field, text in runs[letter].items():
                if field not in known:
                    what = _(
                        "one of {listed}: all runs share {listed2}",
                        listed=", ".join(known),
                        listed2=" and ".join(SHARED),
                    )
                    where = _("field of run {letter}", letter=letter)
                    refuse(UnknownField(where, field, what, f"{letter}.{field}"))
                    continue
                try:
                    values[field] = known[field].parse(text)
                    names[field] = None
                except SpecError as error:
                    refuse(SpecError(f"{letter}.{field}", error.value, error.allowed))
            spec, refused = reconcile(first, values, Spec.changed)
            for why in refused.values():
                refuse(SpecError(f"{letter}.{why.name}", why.value, why.allowed))
            specs.append(spec)
        if not names:
            return cls.pair(first)
        return cls(tuple(specs), tuple(names), events=read_events(parts, specs, refuse))
