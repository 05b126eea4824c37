"""The header of a .ganlab file: JSON that others may have written, checked part by part."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from ganlab import events
from ganlab.engine import Divergence, arguments, storage
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure
from ganlab.events import Event, changed
from ganlab.languages import _
from ganlab.record.keyframes import MOST
from ganlab.registry import SpecError
from ganlab.spec import Spec

HEADER = "run.json"  # the member of the zip
FORMAT = 3
MOST_TEXT = 4_000_000  # characters of the header
MOST_ROWS = 100_000  # of curves
MAKERS = ("eager", "compiled", "elsewhere")  # of updates
_FIELDS = {
    "ganlab",
    "made",
    "fields",
    "preset",
    "playing",
    "speed",
    "marks",
    "notes",
    "curves",
    "ghost",
    "runs",
}
_OF_RUN = {"start", "events", "first", "made", "moments", "diverged"}
MOMENTS = (*storage.COUNTS, "happened", "last")
_MOST_TOGETHER = 4  # runs side by side
_MOST_COLUMNS = 200
MOST_EVENTS = 300_000  # characters; one can be an update by hand
MOST_CHANGES = 10_000  # of a run; checking each takes 0.2 ms
_MOST_MARKS, _MOST_NOTES, _MOST_MAKERS = 500, 50, 10_000
_LONGEST, _LONGEST_NOTE = 200, 60
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


class Mark(TypedDict):
    """What the curves say of a change or an update by hand."""

    iteration: int
    text: str


class Note(TypedDict):
    """A note at a place on the timeline."""

    at: int
    iteration: int
    text: str


class Course(NamedTuple):
    """The Specs with which a Run of a file started, and its events."""

    start: tuple[Spec, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Plan:
    """A run of a file, without its States.

    moments: the counts of each moment (see `storage.COUNTS`); the last one is the present, the
    others are keyframes. happened: how many events had happened at each. specs: those at each.
    last: the player of each one's last update. lost: divergences by row, each with the moment from
    which on it is known. makers: what made the updates from each of these numbers of updates on.
    """

    course: Course
    first: int
    moments: tuple[dict[str, int], ...]
    happened: tuple[int, ...]
    specs: tuple[tuple[Spec, ...], ...]
    rules: tuple[Rules, ...]
    last: str
    lost: Mapping[int, tuple[int, Divergence]]
    makers: tuple[tuple[int, str], ...]

    @property
    def sizes(self) -> list[int]:
        """How many numbers each State has."""
        return [len(self.course.start) * _size(rules) for rules in self.rules]

    @property
    def updates(self) -> int:
        """Updates made, of both players."""
        return self.moments[-1]["d_updates"] + self.moments[-1]["g_updates"]


class Header(NamedTuple):
    """A file without its arrays; curves, ghost: names of columns after "iteration"."""

    plans: tuple[Plan, ...]
    made_by: str
    made_on: str
    fields: tuple[str, ...]
    preset: str
    playing: bool
    speed: float | None
    marks: tuple[Mark, ...]
    notes: tuple[Note, ...]
    curves: tuple[str, ...]
    ghost: tuple[str, ...]


def _size(rules: Rules) -> int:
    slots = {player: len(rules.slots(player)) for player in "GD"}
    return rules.G.size * (1 + slots["G"]) + rules.D.size * (1 + slots["D"])


def changes(text: str, rows: int) -> int:
    """How many changes events as text have; one of very many seeds counts several times."""
    return sum(part.count(":") > 1 for part in text.split(",")) * (1 + rows // 64)


def read(items: object, name: str) -> Header:
    """The header of the file called `name`. Raises `SpecError`, which names the wrong part."""
    return _Reader(name).header(items)


class _Reader:
    """Checks the parts of a header; `name`: of the file, for errors."""

    def __init__(self, name: str):
        self._name = name
        self._rules: dict[Structure, Rules] = {}

    def _bad(self, what: str, value: object, allowed: str) -> SpecError:
        return SpecError(what, value, _("{allowed} (in {name})", allowed=allowed, name=self._name))

    def _object(self, what: str, value: object, names: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._bad(what, value, _("an object of names and values"))
        if wrong := sorted(set(value) ^ names):
            there = "unknown" if wrong[0] in value else "missing"
            raise self._bad(
                f"{what} {wrong[0]}", there, _("exactly {names}", names=", ".join(sorted(names)))
            )
        return value

    def _list(self, what: str, value: object, least: int, most: int) -> list[Any]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            shown = f"{len(value):,} items" if isinstance(value, list) else value
            raise self._bad(
                what,
                shown,
                _("a list of {least} to {most} items", least=f"{least:,}", most=f"{most:,}"),
            )
        return value

    def _integer(self, what: str, value: object, most: int = storage.MOST_UPDATES) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise self._bad(what, value, _("an integer from 0 to {most}", most=f"{most:,}"))
        return value

    def _text(self, what: str, value: object, longest: int = _LONGEST) -> str:
        if not isinstance(value, str) or len(value) > longest or not (value + " ").isprintable():
            raise self._bad(
                what, value, _("at most {longest} characters in one line", longest=longest)
            )
        return value

    def _names(self, what: str, value: object) -> tuple[str, ...]:
        names = self._list(what, value, 0, _MOST_COLUMNS)
        if not all(isinstance(n, str) and _NAME.fullmatch(n) for n in names):
            raise self._bad(what, names, _("names of letters, digits, dots and underscores"))
        if len({"iteration", *names}) <= len(names):
            raise self._bad(what, names, _("each name once"))
        return tuple(names)

    def header(self, items: object) -> Header:
        number = items.get("ganlab") if isinstance(items, dict) else None
        if type(number) is int and number > FORMAT:
            allowed = _(
                "at most {most}: a newer version of ganlab wrote {name}",
                most=FORMAT,
                name=self._name,
            )
            raise SpecError("file format", number, allowed)
        if type(number) is not int or number != FORMAT:
            raise self._bad("file format", number, str(FORMAT))
        items = self._object("header", items, _FIELDS)
        made = self._object("made", items["made"], {"by", "on"})
        speed = items["speed"]
        slow = isinstance(speed, (int, float)) and not isinstance(speed, bool)
        if speed is not None and not (slow and 0 <= speed <= 1e6 and math.isfinite(speed)):
            raise self._bad("speed", speed, _("null, or a number from 0 to 1e6"))
        if not isinstance(items["playing"], bool):
            raise self._bad("playing", items["playing"], _("true or false"))
        runs = self._list("runs", items["runs"], 1, _MOST_TOGETHER)
        plans = tuple(self._plan(run) for run in runs)
        return Header(
            plans,
            self._text("made by", made["by"]),
            self._text("made on", made["on"]),
            self._names("fields", items["fields"]),
            self._text("preset", items["preset"]),
            items["playing"],
            None if speed is None else float(speed),
            tuple(map(self._mark, self._list("marks", items["marks"], 0, _MOST_MARKS))),
            tuple(map(self._note, self._list("notes", items["notes"], 0, _MOST_NOTES))),
            self._names("curves", items["curves"]),
            self._names("ghost", items["ghost"]),
        )

    def _mark(self, value: object) -> Mark:
        one = self._object("mark", value, {"iteration", "text"})
        iteration = self._integer("mark iteration", one["iteration"])
        return {"iteration": iteration, "text": self._text("mark text", one["text"])}

    def _note(self, value: object) -> Note:
        one = self._object("note", value, {"at", "iteration", "text"})
        return {
            "at": self._integer("note at", one["at"]),
            "iteration": self._integer("note iteration", one["iteration"]),
            "text": self._text("note text", one["text"], _LONGEST_NOTE),
        }

    # -- a run -----------------------------------------------------------------------------------

    def _plan(self, value: object) -> Plan:
        items = self._object("run", value, _OF_RUN)
        specs = self._list("start", items["start"], 1, arguments.MOST_RUNS)
        start = arguments.specs([Spec.from_dict(spec) for spec in specs])
        after = self._after(start, items["events"])
        all_events = tuple(event for event, _ in after)
        columns = self._object("moments", items["moments"], set(MOMENTS))
        count = len(self._list("moments", columns["happened"], 1, MOST + 1))
        for name in storage.COUNTS:
            self._list(f"moments {name}", columns[name], count, count)
        moments = [{n: columns[n][i] for n in storage.COUNTS} for i in range(count)]
        happened = [self._integer("happened", h, len(after)) for h in columns["happened"]]
        each = tuple(after[h - 1][1] if h else start for h in happened)
        for i, (counts, specs_then) in enumerate(zip(moments, each, strict=True)):
            self._moment(counts, moments[i - 1] if i else None, specs_then[0])
            self._in_order(all_events, happened[i], happened[i - 1] if i else 0, _updates(counts))
        last = columns["last"]
        if not isinstance(last, str) or len(last) != count or set(last) - set("DG-"):
            raise self._bad("moments last", last, _("D, G or - for each moment"))
        return Plan(
            Course(start, all_events),
            self._integer("first", items["first"], _updates(moments[-1])),
            tuple(moments),
            tuple(happened),
            each,
            tuple(self._rules_of(specs_then[0]) for specs_then in each),
            last,
            self._lost(items["diverged"], moments, len(start)),
            self._makers(items["made"]),
        )

    def _after(self, start: tuple[Spec, ...], text: object) -> list[tuple[Event, tuple[Spec, ...]]]:
        """Each event, with the Specs after it."""
        if not isinstance(text, str) or len(text) > MOST_EVENTS:
            raise self._bad(
                "events",
                text,
                _("a text of at most {most} characters", most=f"{MOST_EVENTS:,}"),
            )
        if (work := changes(text, len(start))) > MOST_CHANGES:
            raise self._bad(
                "events",
                f"{work:,} changes",
                _("at most {most}", most=f"{MOST_CHANGES:,}"),
            )
        out, before, specs = [], 0, start
        for event in events.read(text):
            if event.at < before:
                raise self._bad(
                    "events", event.at, _("events in order: {before} or later", before=before)
                )
            before = event.at + bool(event.player)
            specs = changed(specs, dict(event.fields)) if event.fields else specs
            out.append((event, specs))
        return out

    def _moment(self, counts: dict[str, Any], before: dict[str, Any] | None, spec: Spec) -> None:
        storage.check_counts(counts, self._name)
        if counts["g_phase"] >= spec.g_steps:
            raise self._bad("g_phase", counts["g_phase"], _("less than g_steps"))
        if before is None:
            return
        names = ("d_updates", "g_updates", "iterations")
        if any(counts[n] < before[n] for n in names) or _updates(counts) <= _updates(before):
            raise self._bad("moments", _updates(counts), _("moments in the order of the run"))

    def _in_order(self, events: Sequence[Event], happened: int, before: int, updates: int) -> None:
        """Raise `SpecError` unless so many events can have happened after `updates`."""
        known = events[happened - 1].at if happened else 0
        if happened and events[happened - 1].player:
            known += 1
        coming = events[happened].at if happened < len(events) else updates
        if not known <= updates <= coming or happened < before:
            raise self._bad(
                "happened",
                happened,
                _("the events before update {updates}", updates=f"{updates:,}"),
            )

    def _rules_of(self, spec: Spec) -> Rules:
        structure = Structure.of(spec)
        if structure not in self._rules:
            self._rules[structure] = Rules(structure)
        return self._rules[structure]

    def _lost(
        self, value: object, moments: Sequence[dict[str, int]], rows: int
    ) -> dict[int, tuple[int, Divergence]]:
        found: dict[int, tuple[int, Divergence]] = {}
        for one in self._list("diverged", value, 0, rows):
            if not isinstance(one, dict) or not {"run", "moment"} <= set(one):
                raise self._bad("diverged", one, _("a divergence, its run and its moment"))
            entry = dict(one)
            run = self._integer("diverged run", entry.pop("run"), rows - 1)
            moment = self._integer("diverged moment", entry.pop("moment"), len(moments) - 1)
            storage.check_divergence(entry, moments[-1]["g_updates"], self._name)
            if run in found:
                raise self._bad("diverged", f"run {run} twice", _("each run once"))
            found[run] = moment, Divergence(**entry)
        return found

    def _makers(self, value: object) -> tuple[tuple[int, str], ...]:
        found: list[tuple[int, str]] = []
        for pair in self._list("run made", value, 0, _MOST_MAKERS):
            at, maker = self._list("run made", pair, 2, 2)
            if not isinstance(maker, str) or maker not in MAKERS:
                raise self._bad("run made", maker, _("one of {names}", names=", ".join(MAKERS)))
            if found and self._integer("run made", at) <= found[-1][0]:
                raise self._bad("run made", at, _("updates that ascend"))
            found.append((self._integer("run made", at), maker))
        return tuple(found)


def _updates(counts: Mapping[str, int]) -> int:
    return counts["d_updates"] + counts["g_updates"]
