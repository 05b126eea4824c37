"""Registries: one entry per variant, and the one error raised for a bad value."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from ganlab.languages import Message, _


class SpecError(ValueError):
    """A value that is not allowed. Its message names the field, the value and what is allowed.

    allowed: a phrase that completes “it must be …”, without a full stop. words: the message as it
    is shown, in any language.
    """

    def __init__(self, name: str, value: object, allowed: str):
        self.name, self.value, self.allowed = name, value, allowed
        try:
            shown = repr(value)
        except Exception:  # Python refuses to print integers of thousands of digits
            shown = f"(a {type(value).__name__} that cannot be shown)"
        if len(shown) > 60:
            shown = shown[:57] + "..."
        self.shown = shown
        self.words = _(
            "{name} = {shown} is not allowed; it must be {allowed}",
            name=name,
            shown=shown,
            allowed=allowed,
        )
        super().__init__(str(self.words))


OWN_DATA_NAME = re.compile(r"[0-9a-f]{32}")  # see ganlab.own_data.Data.name


@dataclass(frozen=True)
class Param:
    """One number, choice, text or tuple of numbers that a user may set.

    kind: "int", "float", "choice", "ints" or "floats" (tuples), "text" (one line), or "data" (a
    name in `choices`, or the hash of own data, see `ganlab.own_data`). `low` and `high` are
    inclusive and, for a tuple, bound each item; `longest` bounds its length, or that of a text.
    `empty`: the meaning of an empty tuple. `typical`: a value to try first if the default is off.
    `log`: whether its slider is logarithmic.

    For a field of a Spec:
    owner: "data", "G", "D", "game" or "optimiser", which decides its section and colour in the
    sidebar; if empty, the entry that declares the field decides.
    numeric: whether a change keeps the shapes and the code path of an update.
    live: whether it may change during a run.
    knob: its position, from 1 up, among the controls above the picture; 0 if it is in the sidebar.
    There `scale` is the range of its slider; a knob without a slider has a `menu` of values and
    words.
    more: whether it is one of the toggles, which are folded away.
    needs(values): whether the field has an effect, given the values of the other fields by name;
    None if it always has. images: whether it has an effect for images only.
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
        """Whether it has an effect, given the other fields' `values` by name."""
        return self.needs is None or self.needs(values)

    @property
    def allowed(self) -> str:
        """The values that `check` accepts, in words."""
        if self.kind == "choice":
            return _("one of {listed}", listed=", ".join(self.choices))
        if self.kind == "data":
            return _("the hash of own data, or one of {listed}", listed=", ".join(self.choices))
        if self.kind == "text":
            return _("one line of at most {longest} characters", longest=self.longest)
        noun = {"int": _("an integer"), "float": _("a number")}.get(self.kind)
        if noun is None:
            item = _("integers") if self.kind == "ints" else _("numbers")
            noun = _(
                "at most {longest} {item}, separated by commas, each",
                longest=self.longest,
                item=item,
            )
        low, high = self.low, self.high
        if self.kind == "int" and math.isfinite(low) and high >= 10_000 and math.isfinite(high):
            return _(
                "{noun} from {low:,} to {high:,}", noun=noun, low=int(low), high=int(high)
            )  # exact
        return _("{noun} from {low:g} to {high:g}", noun=noun, low=low, high=high)

    def check(self, value: Any) -> Any:
        """The value in its own type. Raises `SpecError` if it is not allowed."""
        # Test the common case first: a Spec has some sixty fields.
        exact = type(value) is _EXACT.get(self.kind)
        if exact and self.low <= value <= self.high and -math.inf < value < math.inf:
            return value
        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise SpecError(self.name, value, self.allowed)
            return value
        if self.kind in ("data", "text"):
            if not isinstance(value, str) or not self._is_allowed(value):
                raise SpecError(self.name, value, self.allowed)
            return value
        if self.kind in ("ints", "floats"):
            if isinstance(value, (str, bytes, Mapping)):
                raise SpecError(self.name, value, self.allowed)
            try:
                items = tuple(islice(value, self.longest + 1))  # it may be infinite
            except TypeError:
                raise SpecError(self.name, value, self.allowed) from None
            if len(items) > self.longest:
                raise SpecError(self.name, value, self.allowed)
            return tuple(self._number(item, value) for item in items)
        return self._number(value, value)

    def _is_allowed(self, text: str) -> bool:
        if self.kind == "data":
            return text in self.choices or OWN_DATA_NAME.fullmatch(text) is not None
        return len(text) <= self.longest and (text + " ").isprintable()

    def _number(self, item: Any, value: Any) -> int | float:
        whole = self.kind in ("int", "ints")
        try:
            if isinstance(item, (bool, str, bytes)):
                raise TypeError
            number = float(item)
        except (TypeError, ValueError, OverflowError):
            raise SpecError(self.name, value, self.allowed) from None
        # Compare the item itself, not its float, to keep large integers exact.
        if not math.isfinite(number) or not self.low <= item <= self.high:
            raise SpecError(self.name, value, self.allowed)
        if whole and number != int(item):
            raise SpecError(self.name, value, self.allowed)
        return int(item) if whole else number

    def parse(self, text: str) -> Any:
        """The value written as `text` (as in a URL). Raises `SpecError` if it is not allowed."""
        if len(text) > max(400, 26 * self.longest):  # a float is written with at most 24 characters
            raise SpecError(self.name, text, self.allowed)
        number = int if self.kind in ("int", "ints") else float
        try:
            if self.kind in ("choice", "data", "text"):
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
        """The value as pages show it: variants by their titles, numbers with four digits."""
        if self.kind == "choice":
            if isinstance(self.choices, Registry):
                return self.choices.words(value)
            return Message(str(value))  # its words are marked where the choices are declared
        if self.kind == "data" and isinstance(self.choices, Registry):
            return self.choices.words(value)
        if self.kind in ("ints", "floats"):
            if len(value) > _LISTED:
                return f"{', '.join(_plain(v) for v in value[:3])}, … ({len(value)} numbers)"
            return ", ".join(_plain(v) for v in value) or self.empty
        return f"{value:.4g}" if self.kind == "float" else _plain(value)


_EXACT = {"int": int, "float": float}
_LISTED = 32  # the longest tuple that is shown whole


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


@dataclass(frozen=True)
class Entry:
    """One variant, with what the interface, URLs, validation and contract tests need."""

    name: str
    title: str
    equation: str  # LaTeX, without dollars
    doc: str  # one sentence: what it does and what to watch for
    cite: str = ""
    params: tuple[Param, ...] = ()


E = TypeVar("E", bound=Entry)


@dataclass(eq=False)
class Registry(Generic[E]):
    """Entries by name, in the order in which they were added.

    field: the Spec field that chooses among the entries. An entry is available as soon as it is
    added. closed: why no entry can be added; "" if entries can be. guards: functions that return
    why an entry cannot be added, or None. origins: by entry name, the module that added the entry.
    """

    field: str
    entries: dict[str, E] = dataclasses.field(default_factory=dict)
    closed: str = ""
    guards: list[Callable[[E], str | None]] = dataclasses.field(default_factory=list)
    origins: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, entry: E) -> E:
        """Register an entry. Raises ValueError if its name is taken or a guard refuses it."""
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
        """The name of the module that added an entry; "" if unknown."""
        return self.origins.get(name, "")

    def words(self, value: str) -> str:
        """What pages call the value of a field that chooses among the entries."""
        return self[value].title

    def __getitem__(self, name: str) -> E:
        """The entry called `name`. Raises `SpecError`, which lists the names, if there is none."""
        entry = self.entries.get(name) if isinstance(name, str) else None
        if entry is None:
            raise SpecError(self.field, name, _("one of {listed}", listed=", ".join(self.entries)))
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries
