"""The fields of an address, `name=value&...`, and the errors for those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from ganlab.languages import _
from ganlab.params import named
from ganlab.registry import Param, SpecError

PREFIX = "t."  # of the names of a target's parameters
MOST_FIELDS = 100  # of an address

Pairs = list[tuple[str, str]]
T = TypeVar("T")
Refuse = Callable[[SpecError], None]


class UnknownField(SpecError):
    """A field of an address that does not exist; `field` is its whole name."""

    def __init__(self, name: str, value: str, allowed: str, field: str = ""):
        super().__init__(name, value, allowed)
        self.field = field or value


class GivenTwice(SpecError):
    """A field of an address that has two values."""


def refusing(ignored: list[SpecError] | None) -> Refuse:
    """What to do with an error: append it to `ignored`, or raise it if there is no list."""

    def refuse(error: SpecError) -> None:
        if ignored is None:
            raise error
        ignored.append(error)

    return refuse


def pairs_of(query: object) -> Pairs:
    """The fields of a query string, of a whole address, or of pairs of a name and a text, in order.

    Raises `SpecError` for anything else, and for too many fields.
    """
    try:
        if isinstance(query, str):
            fields = query.rpartition("?")[2]
            return parse_qsl(fields, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        pairs = [(name, text) for name, text in query]  # type: ignore[attr-defined]  # caught below
        if all(isinstance(part, str) for pair in pairs for part in pair):
            return pairs
    except (TypeError, ValueError):
        pass
    raise SpecError(
        "query",
        query,
        _("at most {most_fields} fields name=value, or pairs of texts", most_fields=MOST_FIELDS),
    )


def texts_of(query: object, refuse: Refuse) -> dict[str, str]:
    """The text of each field by its name. A field that is given twice keeps its first text."""
    try:
        pairs = pairs_of(query)
    except SpecError as error:
        refuse(error)
        pairs = []
    texts: dict[str, str] = {}
    for name, text in pairs:
        if name in texts:
            refuse(GivenTwice(name, f"{texts[name]} and {text}", _("one value")))
        else:
            texts[name] = text
    return texts


def values_of(
    known: Mapping[str, Param], texts: Mapping[str, str], refuse: Refuse
) -> dict[str, Any]:
    """The values of the fields in `texts`, as their Params read them; the others are refused."""
    values = {}
    for name, text in texts.items():
        if name not in known:
            refuse(
                UnknownField(_("query field"), name, _("one of {listed}", listed=", ".join(known)))
            )
            continue
        try:
            values[name] = known[name].parse(text)
        except SpecError as error:
            refuse(SpecError(name, error.value, error.allowed))
    return values


def complete(params: Iterable[Param], values: Mapping[str, Any], of: str) -> dict[str, Any]:
    """The values of all `params`: those given, checked, and the defaults of the others.

    Raises `SpecError` for a name that none of them has, and for a value that is not allowed; `of`
    is the word for what has these parameters.
    """
    known = {p.name: p for p in params}
    for name in values:
        if name not in known:
            allowed = ", ".join(known) or _("nothing: this {of} has no parameters", of=of)
            raise SpecError(f"{of}'s parameter", name, _("one of {allowed}", allowed=allowed))
    return {name: p.check(values.get(name, p.default)) for name, p in known.items()}


def changed(params: Iterable[Param], values: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the values that are not the defaults, by name."""
    return {p.name: p.format(values[p.name]) for p in params if values[p.name] != p.default}


def one_by_one(make: Callable[[dict[str, Any]], T], given: Mapping[str, Any], refuse: Refuse) -> T:
    """What `make` makes of the given values, added one by one; those that it refuses are left out.

    A value may be allowed alone, but not beside another.
    """
    values: dict[str, Any] = {}
    made = make(values)
    for name, value in given.items():
        try:
            made = make({**values, name: value})
        except SpecError as error:
            refuse(error)
        else:
            values[name] = value
    return made


def not_together(name: str, value: object, error: SpecError) -> SpecError:
    """The error for a field whose value is allowed, but not beside the values of other fields.

    error: that of the Spec with this value, which may name another field.
    """
    allowed, about = error.allowed, named(error)
    if about is not None and error.name != name.removeprefix(PREFIX):
        allowed = _(
            "a value that goes with {about} = {about2}, which must be {allowed}",
            about=about[0],
            about2=about[1],
            allowed=allowed,
        )
    return SpecError(name, value, allowed)
