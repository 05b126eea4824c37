"""Reads a lesson's file: TOML, validated with errors that name the file, the step and the field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ganlab.address import without_preset
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment, params
from ganlab.languages import Message, _
from ganlab.layer_words import LAYERS
from ganlab.lessons.action import Action, action
from ganlab.lessons.condition import Condition
from ganlab.lessons.lesson import Choice, Lesson, Offer, Pace, Step
from ganlab.params import KNOBS, LIVE
from ganlab.presets import DEFAULTS, PRESETS
from ganlab.query import pairs_of
from ganlab.registry import SpecError
from ganlab.shape import CURVES, TOOLBAR
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS

LARGEST = 64_000  # bytes of a file
_MOST_STEPS = 20
_LONGEST = {"title": 80, "ask": 200, "question": 120, "hint": 300, "cite": 300}
_TEXT = 900  # characters of a step's text, and of a reveal
_CHOICE = 120
_QUERY = re.compile(r"[\w=&.,:+%-]{1,300}")
_LESSON = ("title", "question", "minutes", "cite", "step")
_STEP = (
    "title",
    "text",
    "start",
    "pace",
    "paused",
    "light",
    "ask",
    "choices",
    "answer",
    "when",
    "until",
    "within",
    "does",
    "hint",
    "reveal",
    "offer",
    "link",
)
PAGES = ("mnist", "many", "compare", "theory", "games", "maps", "phenomena")


class LessonError(SpecError):
    """What is wrong with a lesson's file."""


class _Place:
    """A position in a lesson's file, for errors."""

    def __init__(self, file: str, step: int = 0):
        self.file, self.step = file, step

    def named(self, field: str) -> str:
        where = f", step {self.step}" if self.step else ""
        return f"{self.file}{where}, {field}"

    def refuse(self, field: str, value: object, allowed: str) -> NoReturn:
        raise LessonError(self.named(field), value, allowed)

    def known(self, table: Mapping[str, Any], fields: tuple[str, ...], what: str = "") -> None:
        for name in table:
            if name not in fields:
                self.refuse(
                    f"{what}{name}",
                    table[name],
                    _("one of the fields {listed}", listed=", ".join(fields)),
                )

    def text(self, table: Mapping[str, Any], field: str, most: int, needed: bool = False) -> str:
        value = table.get(field, "")
        if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
            self.refuse(
                field,
                value,
                _("{s}1 to {most} characters", s="" if needed else _("nothing, or "), most=most),
            )
        return Message(value.strip())

    def number(self, table: Mapping[str, Any], field: str, low: int, high: int) -> int:
        value = table.get(field, low)
        if type(value) is not int or not low <= value <= high:
            self.refuse(field, value, _("an integer from {low} to {high}", low=low, high=high))
        return value

    def list(self, table: Mapping[str, Any], field: str, low: int, high: int, of: type) -> Any:
        value = table.get(field, [])
        fits = isinstance(value, list) and all(isinstance(one, of) for one in value)
        if not fits or (value and not low <= len(value) <= high):
            what = _("texts") if of is str else _("tables")
            self.refuse(
                field, value, _("a list of {low} to {high} {what}", low=low, high=high, what=what)
            )
        return value


def read(text: str, file: str) -> Lesson:
    """The lesson in a file's text. file: its name, whose stem is the lesson's.

    Raises `LessonError` for whatever is wrong with it.
    """
    place = _Place(file)
    if len(text.encode()) > LARGEST:
        place.refuse(
            _("the file"), f"{len(text)} characters", _("at most {largest} bytes", largest=LARGEST)
        )
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place.refuse(_("the file"), str(error), _("valid TOML, see docs/lessons.md"))
    place.known(table, _LESSON)
    rows = place.list(table, "step", 1, _MOST_STEPS, dict)
    if not rows:
        place.refuse("step", rows, _("at least one [[step]]"))
    steps: list[Step] = []
    for number, row in enumerate(rows, 1):
        steps.append(_step(_Place(file, number), row, steps[-1] if steps else None))
    return Lesson(
        name=file.rpartition("/")[2].removesuffix(".toml"),
        title=place.text(table, "title", _LONGEST["title"], needed=True),
        equation="",
        doc=place.text(table, "question", _LONGEST["question"], needed=True),
        cite=place.text(table, "cite", _LONGEST["cite"]),
        minutes=place.number(table, "minutes", 1, 60),
        steps=tuple(steps),
    )


def _step(place: _Place, row: Mapping[str, Any], before: Step | None) -> Step:
    place.known(row, _STEP)
    start = place.text(row, "start", 2000, needed=before is None)
    if start:
        begins, pace = _start(place, start)
        pace = _pace(place, row, pace)
    else:
        assert before is not None
        begins, pace = before.begins, before.pace
        for field in ("pace", "paused"):
            if field in row:
                place.refuse(field, row[field], _("absent in a step without a start"))
    runs = len(begins.specs)

    def condition(field: str, text: object, what: str = "") -> Condition | None:
        if text == "":
            return None
        if not isinstance(text, str):
            place.refuse(field, text, _("a condition in quotes, such as 'iteration >= 500'"))
        try:
            return Condition(text, runs, place.named(what or field))
        except SpecError as error:
            raise LessonError(error.name, error.value, error.allowed) from None

    ask = place.text(row, "ask", _LONGEST["ask"])
    choices, right = _choices(place, row, ask, condition)
    until = condition("until", row.get("until", ""))
    hint = place.text(row, "hint", _LONGEST["hint"])
    within = place.number(row, "within", 0, 1_000_000)
    if within and until is None:
        place.refuse("within", within, _("0 without a condition until"))
    if hint and not within:
        place.refuse("hint", hint, _("empty without within, after which it is shown"))
    does = tuple(_action(place, one, begins) for one in place.list(row, "does", 1, 6, str))
    paused = row.get("paused", False)
    if not isinstance(paused, bool):
        place.refuse("paused", paused, _("true or false"))
    return Step(
        title=place.text(row, "title", _LONGEST["title"], needed=True),
        text=place.text(row, "text", _TEXT, needed=True),
        begins=begins,
        start=start,
        pace=pace,
        paused=paused,
        light=tuple(_light(place, one) for one in place.list(row, "light", 1, 6, str)),
        ask=ask,
        choices=choices,
        right=right,
        until=until,
        within=within,
        does=does,
        hint=hint,
        reveal=place.text(row, "reveal", _TEXT),
        offers=tuple(_offer(place, one, begins) for one in place.list(row, "offer", 1, 4, dict)),
        link=_link(place, row),
    )


def _start(place: _Place, start: str) -> tuple[Experiment, Pace]:
    """The runs of an address, and their pace if it names a preset."""
    try:
        pairs, name = without_preset(pairs_of(start), PRESETS)
        if name:
            specs = tuple(_changed(spec, pairs) for spec in PRESETS[name].specs)
            one = Experiment.of(specs[0]) if len(specs) == 1 else Comparison.among(specs)
            return one, PRESETS[name].pace
        target = next((text for field, text in pairs if field == "target"), Spec().target)
        base = DEFAULTS[TARGETS[target].dim] if target in TARGETS else Spec()
        several = any(field.startswith("b.") for field, _text in pairs)
        made = (Comparison if several else Experiment).from_query(pairs, base=base)
    except LessonError:
        raise
    except SpecError as error:
        place.refuse("start", start, _("an address of a lab or of Compare: {error}", error=error))
    if made.seeds > 1 or made.events:
        place.refuse("start", start, _("one run, or two to four side by side, without events"))
    return made, ()


def _changed(spec: Spec, pairs: list[tuple[str, str]]) -> Spec:
    """A preset's Spec with the fields that follow its name. Raises `SpecError`."""
    known = params(spec) | {"seed": PARAMS["seed"]}
    for field, _text in pairs:
        if field not in known:
            raise SpecError("field", field, _("one of {listed}", listed=", ".join(known)))
    return spec.changed({field: known[field].parse(text) for field, text in pairs})


def _pace(place: _Place, row: Mapping[str, Any], default: Pace) -> Pace:
    """The iterations in which a view plays, and the seconds that they take."""
    if "pace" not in row:
        return default
    pace = row["pace"]
    numbers = isinstance(pace, list) and [type(n) in (int, float) for n in pace] == [True] * 2
    if not numbers or not (1 <= pace[0] <= 100_000 and 1 <= pace[1] <= 300):
        place.refuse("pace", pace, _("[iterations up to 100000, seconds from 1 to 300]"))
    return ((int(pace[0]), float(pace[1])),)


def _choices(
    place: _Place,
    row: Mapping[str, Any],
    ask: str,
    condition: Callable[..., Condition | None],
) -> tuple[tuple[Choice, ...], int]:
    texts = place.list(row, "choices", 2, 5, str)
    for text in texts:
        if not 1 <= len(text) <= _CHOICE:
            place.refuse("choices", text, _("texts of 1 to {choice} characters", choice=_CHOICE))
    if bool(texts) != bool(ask):
        place.refuse("choices", texts, _("given together with ask"))
    whens = place.list(row, "when", 2, 5, str)
    if whens and len(whens) != len(texts):
        place.refuse(
            "when", whens, _("a condition for each of the {count} choices", count=len(texts))
        )
    right = place.number(row, "answer", 0, len(texts)) - 1
    if texts and not whens and right < 0:
        place.refuse("answer", right + 1, _("the number of the right choice, or when for each"))
    read = [condition("when", text, f"when {i}") for i, text in enumerate(whens, 1)]
    pairs = zip(texts, read or [None] * len(texts), strict=True)
    return tuple(Choice(Message(text), when) for text, when in pairs), right


def _light(place: _Place, text: str) -> str:
    """The id of a control, layer or curve, from its kind and name, as in "layer d_star"."""
    kind, _space, name = text.partition(" ")
    known = {"knob": KNOBS, "layer": tuple(LAYERS), "button": tuple(TOOLBAR), "curve": CURVES}
    if kind not in known:
        place.refuse("light", text, _("one of {listed}, and a name", listed=", ".join(known)))
    if name not in known[kind]:
        place.refuse(
            "light", text, _("{kind} and one of {listed}", kind=kind, listed=", ".join(known[kind]))
        )
    return name if kind == "button" else f"{kind}-{name}"


def _offer(place: _Place, table: Mapping[str, Any], begins: Experiment) -> Offer:
    place.known(table, ("text", "set"), "offer ")
    values = table.get("set")
    if not isinstance(values, dict) or not values:
        place.refuse("offer set", values, _("a table of fields and values"))
    checked = {}
    for name, value in values.items():
        try:
            checked[name] = PARAMS[name].check(value)
            _changeable(place, name, begins)
            begins.changed({name: checked[name]})
        except LessonError:
            raise
        except SpecError as error:
            place.refuse(f"offer {name}", value, error.allowed)
    return Offer(place.text(table, "text", 60, needed=True), checked)


def _changeable(place: _Place, name: str, begins: Experiment) -> None:
    """Refuse a field that cannot change beside the picture, or in which the runs differ."""
    if name not in (*LIVE, *KNOBS):
        allowed = _("one of {listed}", listed=", ".join(sorted({*LIVE, *KNOBS})))
        place.refuse("field", name, allowed)
    if name in begins.fields:
        place.refuse("field", name, _("one in which the runs side by side do not differ"))


def _action(place: _Place, text: str, begins: Experiment) -> Action:
    """What a learner does in the step, in words such as "k = 5", "d 10" or "hide d_star"."""
    try:
        did = action(text)
        if did.verb == "set":
            _changeable(place, did.name, begins)
            begins.changed({did.name: did.value})
        return did
    except LessonError:
        raise
    except SpecError as error:
        place.refuse("does", text, error.allowed)


def _link(place: _Place, row: Mapping[str, Any]) -> tuple[str, str] | None:
    if "link" not in row:
        return None
    link = row["link"]
    fits = isinstance(link, dict) and {"page", "text"} <= set(link) <= {"page", "text", "query"}
    if not fits or link["page"] not in PAGES:
        place.refuse(
            "link",
            link,
            _('{{page = "...", text = "..."}} of one of {listed}', listed=", ".join(PAGES)),
        )
    query = place.text(link, "query", 300)
    if query and not _QUERY.fullmatch(query):
        place.refuse("link query", query, _("the fields of an address: name=value&name=value"))
    page = str(link["page"])
    return f"{page}?{query}" if query else page, place.text(link, "text", 60, needed=True)
