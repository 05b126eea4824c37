"""Commands of browsers to a session: each with its fields, validated when it is read.

docs/protocol.md describes them; a test compares it with this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ganlab.domains.picture import MEAN
from ganlab.export import KINDS
from ganlab.languages import _
from ganlab.layer_words import LAYERS
from ganlab.live import drawing
from ganlab.live.take_away import PAGE, SIZES, STOP
from ganlab.registry import SpecError
from ganlab.spec import PARAMS

LONGEST_NOTE = 60  # characters of a bookmark
LONGEST_FILM = 60  # seconds
_MOST_STEPS = 100  # of a lesson
SLOWEST = 0.01  # the lowest speed, in updates per second


class Command(NamedTuple):
    """A validated command; its entry in `COMMANDS` decides the type of `value`."""

    name: str
    value: Any = None


class Change(NamedTuple):
    """A new value of a field; the session validates both."""

    field: str
    value: Any


class Scrub(NamedTuple):
    """An earlier moment to show: its place on the timeline.

    kept: whether the nearest keyframe will do if the moment takes long to compute.
    """

    at: int
    kept: bool


class Bookmark(NamedTuple):
    """A note at a place on the timeline; an empty one removes it."""

    at: int
    text: str


@dataclass(frozen=True)
class FigureRequest:
    """The options of still figures: sizes in CSS pixels, limited to a range.

    request: any JSON value, which is returned with the figures. hidden: layers to leave out, and
    panels of curves ("curve-" and their ids).
    """

    request: Any = None
    theme: str = "light"
    hidden: tuple[str, ...] = ()
    width: int = 600
    height: int = 440
    curves_width: int = 600
    curves_height: int = 440
    scale: float = 1.0

    @classmethod
    def read(cls, message: dict[str, Any]) -> FigureRequest:
        """Read from a message; missing and invalid options get their defaults."""

        def number(name: str, low: float, high: float) -> Any:
            value, default = message.get(name), getattr(cls, name)
            fits = isinstance(value, (int, float)) and low <= value <= high
            return type(default)(value if fits else default)

        hidden = message.get("hidden")
        return cls(
            request=message.get("request"),
            theme="dark" if message.get("theme") == "dark" else "light",
            hidden=tuple(str(h) for h in hidden) if isinstance(hidden, list) else (),
            width=number("width", 50, 8000),
            height=number("height", 50, 8000),
            curves_width=number("curves_width", 50, 8000),
            curves_height=number("curves_height", 50, 8000),
            scale=number("scale", 0.5, 3.0),
        )

    @property
    def size(self) -> dict[str, Any]:
        """The size of the picture, for `ganlab.figures`."""
        return {"width": self.width, "height": self.height, "scale": self.scale}

    def left(self, panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The panels of curves that are not left out."""
        return [panel for panel in panels if f"curve-{panel['id']}" not in self.hidden]

    @property
    def curves_size(self) -> dict[str, Any]:
        """The size of the curves."""
        return {"width": self.curves_width, "height": self.curves_height, "scale": self.scale}


class SpectrumRequest(NamedTuple):
    """Whether the spectrum is wanted; r1: with which other strength of R1, None for none."""

    on: bool
    r1: float | None = None


def _spectrum(message: dict[str, Any]) -> SpectrumRequest:
    r1: Any = message.get("r1")
    if isinstance(r1, bool) or not isinstance(r1, (int, float)) or not math.isfinite(r1):
        raise SpecError("r1", r1, _("a number: a strength of R1, or -1 for none"))
    return SpectrumRequest(_switch(message), None if r1 == -1 else PARAMS["r1"].check(r1))


def _nothing(message: dict[str, Any]) -> None:
    return None


def _speed(message: dict[str, Any]) -> float:
    value = message.get("value")
    number = value if isinstance(value, (int, float)) else math.nan  # NaN is neither
    if isinstance(value, bool) or not (number == 0 or SLOWEST <= number <= 1e6):
        allowed = _("updates per second from {slowest} to 1e6, or 0: full speed", slowest=SLOWEST)
        raise SpecError("speed", value, allowed)
    return float(number)


def _change(message: dict[str, Any]) -> Change:
    return Change(str(message.get("field")), message.get("value"))


def _switch(message: dict[str, Any]) -> bool:
    value = message.get("value")
    if not isinstance(value, bool):
        raise SpecError(str(message.get("cmd")), value, _("true or false"))
    return value


def _label(message: dict[str, Any]) -> int:
    value = message.get("value")
    if type(value) is not int or value < MEAN:
        raise SpecError(
            "label", value, _("the number of a label, or {mean}: the mean of all", mean=MEAN)
        )
    return value


def _choice(message: dict[str, Any]) -> int:
    value = message.get("value")
    if type(value) is not int or not 0 <= value < _MOST_STEPS:
        raise SpecError(str(message.get("cmd")), value, _("a number from 0 up"))
    return value


def _layers(message: dict[str, Any]) -> tuple[str, ...]:
    value = message.get("value")
    if not isinstance(value, list) or not all(isinstance(v, str) and v in LAYERS for v in value):
        raise SpecError("layers", value, _("a list of {listed}", listed=", ".join(LAYERS)))
    return tuple(value[: len(LAYERS)])


def _drawn(message: dict[str, Any]) -> int:
    total = message.get("n")
    if type(total) is not int or total < 0:
        raise SpecError("n", total, _("the number of frames of this connection handled so far"))
    return total


def _place(message: dict[str, Any], name: str = "at") -> int:
    at = message.get(name)
    if type(at) is not int or not 0 <= at <= 10**12:
        raise SpecError(name, at, _("a place on the timeline: an integer >= 0"))
    return at


def _scrub(message: dict[str, Any]) -> Scrub:
    kept = message.get("kept")
    if not isinstance(kept, bool):
        raise SpecError("kept", kept, _("true or false"))
    return Scrub(_place(message), kept)


def _bookmark(message: dict[str, Any]) -> Bookmark:
    text = message.get("text")
    if not isinstance(text, str) or len(text) > LONGEST_NOTE or not (text + " ").isprintable():
        raise SpecError(
            "text",
            text,
            _("at most {longest_note} characters in one line", longest_note=LONGEST_NOTE),
        )
    return Bookmark(_place(message), text.strip())


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("value")
    known = (*KINDS, SIZES, PAGE, STOP)
    if not isinstance(kind, str) or kind not in known:
        raise SpecError("export", kind, _("one of {listed}", listed=", ".join(known)))
    return kind


class Stretch(NamedTuple):
    """A stretch of the recording for a film: iterations, and the seconds that it takes."""

    first: int
    last: int
    seconds: float


def _stretch(message: dict[str, Any]) -> Stretch:
    first, last = (_place(message, name) for name in ("first", "last"))
    seconds: Any = message.get("seconds")
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not 1 <= seconds <= LONGEST_FILM:
        raise SpecError(
            "seconds", seconds, _("a number from 1 to {longest_film}", longest_film=LONGEST_FILM)
        )
    if last < first:
        raise SpecError("last", last, _("an iteration not before {first:,}", first=first))
    return Stretch(first, last, float(seconds))


# name -> reads the value from a message; raises `SpecError` if it cannot be used.
COMMANDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "play": _nothing,
    "pause": _nothing,
    "d": _nothing,
    "g": _nothing,
    "step": _nothing,
    "restart": _nothing,
    "seed": _nothing,
    "speed": _speed,
    "own_pace": _nothing,
    "go_on": _nothing,
    "set": _change,
    "draw_curve": drawing.read_curve,
    "draw_ink": drawing.read_ink,
    "scrub": _scrub,
    "present": _nothing,
    "continue": _nothing,
    "bookmark": _bookmark,
    "follow": _switch,
    "label": _label,
    "explain": _switch,
    "spectrum": _spectrum,
    "answer": _choice,
    "to_step": _choice,
    "layers": _layers,
    "visible": _switch,
    "ack": _drawn,
    "figure": FigureRequest.read,
    "export": _kind,
    "tape": _stretch,
}


def read(message: object) -> Command:
    """The command in a browser's message. Raises `SpecError` if there is none."""
    if not isinstance(message, dict):
        raise SpecError("message", message, _("an object with a cmd"))
    name = message.get("cmd")
    if not isinstance(name, str) or name not in COMMANDS:
        raise SpecError("cmd", name, _("a command of the live view"))
    return Command(name, COMMANDS[name](message))
