"""The grammar of a page's address: it sorts the fields, before any value is interpreted.

    k=2&t.std=0.1                     a field of run A, and a parameter of its target
    b.k=5&c.k=10                      the same field of other runs, which differ in it
    runs=16                           the number of seeds that are trained together
    events=100:k:5&b.events=240:G     changes and updates by hand of run A and of run B
    preset=hopping                    the preset that the page shows
    lesson=k&step=2                   the lesson beside it, and its step, from 1
    families=open                     whether Compare shows other families of models
    present=1                         the presenter mode, which only the browser reads
    panel=explain                     the panel that is open; so is spectrum, or estimates
    t.data=6f1c...&own=eNpL...        the hash of own data, and the data if they are small
    lock=field-*&show=k&hide=page-*   the shape of the page: see `ganlab.shape`

`ganlab.experiment` makes Specs of the fields; `ganlab.events` defines how events are written. No
other module writes or reads an address.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from ganlab.languages import _
from ganlab.query import GivenTwice, Pairs
from ganlab.registry import SpecError
from ganlab.shape import FIELDS as SHAPE

LETTERS = "abcd"  # the runs of a comparison; fields of the first run have no prefix
MOST_EVENTS = 600  # the longest text of events: an address stays below 1.5 kB without own data
_EVENTS, _RUNS, _PRESET = "events", "runs", "preset"
_FAMILIES = "families", "open"
PRESENT = "present"
_PANELS = [("panel", name) for name in ("explain", "spectrum", "estimates")]
_LESSON, _STEP = "lesson", "step"


@dataclass
class Parts:
    """The parts of an address, each value as text.

    own: fields of run A. beside: fields of other runs, by letter. events: by letter. runs: the
    number of seeds; None if the address does not say.
    """

    own: Pairs = field(default_factory=list)
    beside: dict[str, dict[str, str]] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    runs: str | None = None


def split(pairs: Iterable[tuple[str, str]], refuse: Callable[[SpecError], None]) -> Parts:
    """Split an address. If a field is given twice, `refuse` gets an error and the first is used."""
    parts = Parts()

    def put(where: dict[str, str], key: str, name: str, text: str) -> None:
        if key in where:
            refuse(GivenTwice(name, f"{where[key]} and {text}", _("one value")))
        where.setdefault(key, text)

    alone: dict[str, str] = {}
    for name, text in pairs:
        letter, dot, rest = name.partition(".")
        beside = bool(dot) and len(letter) == 1 and letter in LETTERS[1:]
        if name == _RUNS:
            put(alone, name, name, text)
        elif name == _EVENTS:
            put(parts.events, LETTERS[0], name, text)
        elif beside and rest == _EVENTS:
            put(parts.events, letter, name, text)
        elif beside:
            put(parts.beside.setdefault(letter, {}), rest, name, text)
        else:
            parts.own.append((name, text))
    parts.runs = alone.get(_RUNS)
    return parts


def join(
    own: Pairs,
    beside: Sequence[Pairs] = (),
    events: Sequence[str] = (),
    runs: int = 1,
) -> Pairs:
    """The fields of an address: the inverse of `split`."""
    pairs = list(own)
    for letter, fields in zip(LETTERS[1:], beside, strict=False):
        pairs += [(f"{letter}.{name}", text) for name, text in fields]
    for letter, text in zip(LETTERS, events, strict=False):
        if text:
            pairs.append((event_field(letter), text))
    return pairs + [(_RUNS, str(runs))] if runs > 1 else pairs


def event_field(letter: str) -> str:
    """The name of the field with the events of a run."""
    return _EVENTS if letter == LETTERS[0] else f"{letter}.{_EVENTS}"


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Fields as a URL's query string."""
    return urlencode(list(pairs), safe=",:", quote_via=quote)


def with_preset(query: str, name: str) -> str:
    """A query string with the name of a preset added, unless that is ""."""
    return f"{query}&{_PRESET}={name}" if name else query


def without_preset(pairs: Iterable[tuple[str, str]], known: Collection[str]) -> tuple[Pairs, str]:
    """The other fields of an address, and the last `known` preset that it names, or ""."""
    pairs = list(pairs)
    names = [text for name, text in pairs if name == _PRESET and text in known]
    others = [pair for pair in pairs if pair[0] != _PRESET or pair[1] not in known]
    return others, names[-1] if names else ""


def with_families(query: str, shown: bool) -> str:
    """A query string that says whether other families of models are shown."""
    return f"{query}&{'='.join(_FAMILIES)}" if shown else query


def without_families(pairs: Iterable[tuple[str, str]]) -> tuple[Pairs, bool]:
    """The other fields of an address, and whether other families of models are shown."""
    pairs = list(pairs)
    return [pair for pair in pairs if pair != _FAMILIES], _FAMILIES in pairs


def without_present(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """The fields of an address without those that only the browser reads."""
    return [pair for pair in pairs if pair[0] != PRESENT and pair not in _PANELS]


def with_lesson(query: str, name: str, step: int) -> str:
    """A query string that names a lesson and its step (from 0)."""
    return f"{query}{'&' if query else ''}{_LESSON}={name}&{_STEP}={step + 1}"


def without_lesson(
    pairs: Iterable[tuple[str, str]], known: Collection[str]
) -> tuple[Pairs, str, int]:
    """The other fields of an address, the last `known` lesson that it names, or "", and its step.

    The step is from 0, and 0 if it is no number.
    """
    pairs = list(pairs)
    names = [text for name, text in pairs if name == _LESSON and text in known]
    if not names:
        return pairs, "", 0
    steps = [text for name, text in pairs if name == _STEP and text.isascii() and text.isdigit()]
    others = [pair for pair in pairs if pair[0] not in (_LESSON, _STEP)]
    return others, names[-1], max(0, int(steps[-1][:4]) - 1) if steps else 0


def with_pairs(query: str, pairs: Pairs) -> str:
    """A query string with more fields."""
    return "&".join(part for part in (query, urlencode(pairs, safe=",:*", quote_via=quote)) if part)


def without_shape(pairs: Iterable[tuple[str, str]]) -> tuple[Pairs, Pairs]:
    """The other fields of an address, and those that give the page its shape."""
    pairs = list(pairs)
    return [p for p in pairs if p[0] not in SHAPE], [p for p in pairs if p[0] in SHAPE]
