"""Registries: one entry per variant, and the one error raised for a bad value."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar


class SpecError(ValueError):
    """A value that is not allowed: names the field, the value and what is allowed."""

    def __init__(self, name: str, value: object, allowed: str):
        self.name, self.value, self.allowed = name, value, allowed
        try:
            shown = repr(value)
        except Exception:  # Python refuses to write whole numbers of thousands of digits
            shown = f"(a {type(value).__name__} that cannot be shown)"
        if len(shown) > 60:
            shown = shown[:57] + "..."
        self.shown = shown
        super().__init__(f"{name} = {shown} is not allowed: {allowed}")


@dataclass(frozen=True)
class Param:
    """One number, choice or tuple of numbers that a user may set.

    kind: "int", "float", "choice", "ints" or "floats" (tuples). `low` and `high` are inclusive
    and, for a tuple, bound each item; `longest` bounds its length. `empty`: what an empty tuple
    means. `typical`: what to try first where the default is off. `log`: its slider is logarithmic.

    Of a field of a Spec:
    owner: "data", "G", "D", "game" or "optimiser"; its section of a sidebar, and its colour. Where
    it is left empty, the entry that declares the field says.
    numeric: a change keeps the shapes and the code path of an update.
    live: it may change during a run.
    knob: its place, from 1 up, among the controls above the picture; 0: it is in the sidebar. There
    `scale` is the range of its slider, and `menu` the values with their words, if it has none.
    more: it is among the toggles, which are folded away.
    needs(values): whether it makes a difference beside the values of the other fields, by name;
    None: always. images: only images have a use for it.
    """

    name: str
    title: str
    default: Any
    low: float = -math.inf
    high: float = math.inf
    kind: str = "float"
    choices: Collection[str] = ()
    longest: int = 0
    unit: str = ""
    doc: str = ""
    log: bool = False
    typical: Any = None
    empty: str = "none"
    owner: str = ""
    numeric: bool = False
    live: bool = False
    knob: int = 0
    scale: tuple[float, float] | None = None
    menu: tuple[tuple[Any, str], ...] = ()
    more: bool = False
    needs: Callable[[Mapping[str, Any]], bool] | None = None
    images: bool = False

    def matters(self, values: Mapping[str, Any]) -> bool:
        """Whether it makes any difference beside the other fields' `values`, by name."""
        return self.needs is None or self.needs(values)

    @property
    def allowed(self) -> str:
        """What `check` accepts, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        noun = {"int": "a whole number", "float": "a number"}.get(self.kind)
        if noun is None:
            item = "whole numbers" if self.kind == "ints" else "numbers"
            noun = f"at most {self.longest} {item}, separated by commas, each"
        return f"{noun} from {self.low:g} to {self.high:g}"

    def check(self, value: Any) -> Any:
        """The value in its own type; raises `SpecError` unless it is allowed."""
        # Most are what they should be, and a Spec has some sixty of them.
        exact = type(value) is _EXACT.get(self.kind)
        if exact and self.low <= value <= self.high and -math.inf < value < math.inf:
            return value
        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise SpecError(self.name, value, self.allowed)
            return value
        if self.kind in ("ints", "floats"):
            if isinstance(value, (str, bytes, Mapping)):
                raise SpecError(self.name, value, self.allowed)
            try:
                items = tuple(islice(value, self.longest + 1))  # it may have no end
            except TypeError:
                raise SpecError(self.name, value, self.allowed) from None
            if len(items) > self.longest:
                raise SpecError(self.name, value, self.allowed)
            return tuple(self._number(item, value) for item in items)
        return self._number(value, value)

    def _number(self, item: Any, value: Any) -> int | float:
        whole = self.kind in ("int", "ints")
        try:
            if isinstance(item, (bool, str, bytes)):
                raise TypeError
            number = float(item)
        except (TypeError, ValueError, OverflowError):
            raise SpecError(self.name, value, self.allowed) from None
        # Comparing the item itself, not its float, keeps huge whole numbers exact.
        if not math.isfinite(number) or not self.low <= item <= self.high:
            raise SpecError(self.name, value, self.allowed)
        if whole and number != int(item):
            raise SpecError(self.name, value, self.allowed)
        return int(item) if whole else number

    def parse(self, text: str) -> Any:
        """The value written as `text` (as in a URL); raises `SpecError` unless it is allowed."""
        if len(text) > 400:
            raise SpecError(self.name, text, self.allowed)
        number = int if self.kind in ("int", "ints") else float
        try:
            if self.kind == "choice":
                value: Any = text
            elif self.kind in ("ints", "floats"):
                value = tuple(number(t) for t in text.split(",")) if text.strip() else ()
            else:
                value = number(text)
        except ValueError:
            raise SpecError(self.name, text, self.allowed) from None
        return self.check(value)

    def format(self, value: Any) -> str:
        """The inverse of `parse`, exact."""
        if self.kind in ("ints", "floats"):
            return ",".join(_plain(v) for v in value)
        return _plain(value)

    def words(self, value: Any) -> str:
        """The value as a page says it: variants by their titles, numbers to four digits."""
        if self.kind == "choice":
            return self.choices[value].title if isinstance(self.choices, Registry) else value
        if self.kind in ("ints", "floats"):
            return ", ".join(_plain(v) for v in value) or self.empty
        return f"{value:.4g}" if self.kind == "float" else _plain(value)


_EXACT = {"int": int, "float": float}


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


@dataclass(frozen=True)
class Entry:
    """One variant: what the interface, the URL, validation and the contract tests need of it."""

    name: str
    title: str
    equation: str  # LaTeX, without dollars
    doc: str  # one plain sentence, what to watch for
    cite: str = ""
    params: tuple[Param, ...] = ()


E = TypeVar("E", bound=Entry)


@dataclass(eq=False)
class Registry(Generic[E]):
    """Entries by name, in the order in which they were added; `field` is what a Spec calls it.

    Whoever needs the names asks the registry, so an entry counts from the moment it is added.
    closed: why no more can be added, if so. guards: each says why an entry cannot be, or None.
    origins: the name of the module that added each entry, by the entry's.
    """

    field: str
    entries: dict[str, E] = dataclasses.field(default_factory=dict)
    closed: str = ""
    guards: list[Callable[[E], str | None]] = dataclasses.field(default_factory=list)
    origins: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, entry: E) -> E:
        """Register; raises ValueError if the name is taken, or the entry would not work."""
        if self.closed:
            raise ValueError(f"no {self.field} can be added: {self.closed}")
        if entry.name in self.entries:
            raise ValueError(f"{self.field} {entry.name!r} is registered twice")
        for guard in self.guards:
            if (why := guard(entry)) is not None:
                raise ValueError(f"{self.field} {entry.name!r} cannot be added: {why}")
        self.entries[entry.name] = entry
        self.origins[entry.name] = sys._getframe(1).f_globals.get("__name__", "")
        return entry

    def origin(self, name: str) -> str:
        """The name of the module that added an entry; "" where that is not known."""
        return self.origins.get(name, "")

    def __getitem__(self, name: str) -> E:
        """The entry; raises `SpecError` naming the field and the names there are."""
        entry = self.entries.get(name) if isinstance(name, str) else None
        if entry is None:
            raise SpecError(self.field, name, "one of " + ", ".join(self.entries))
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries
