"""Reads the shape of a page from an address, and refuses commands of what it has locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ganlab.languages import _
from ganlab.layer_words import LAYERS
from ganlab.params import PARAMS
from ganlab.query import Refuse, UnknownField
from ganlab.registry import SpecError
from ganlab.shape import CURVE, CURVES, FIELD, FIELDS, LAYER, PAGE, TOOL, TOOLS, Shape, kind_of
from ganlab.targets import TARGETS

MOST_TEXT = 4000  # characters of a field of an address
# What a command of a browser uses; commands that are not here are always allowed.
_USED = {
    **{name: name for name in ("play", "d", "g", "step", "restart", "seed", "speed", "follow")},
    **{name: name for name in ("label", "explain", "spectrum", "export")},
    "pause": "play",
    "own_pace": "speed",
    "go_on": "speed",
    "tape": "export",
    **dict.fromkeys(("scrub", "present", "continue", "bookmark"), "timeline"),
    **dict.fromkeys(("draw_curve", "draw_ink"), "draw-data"),
}


class Locked(SpecError):
    """A command for a part of the page that is locked or hidden."""

    def __init__(self, name: str, title: str):
        super().__init__(name, "", _("left alone"))
        self.words = _("{title} is locked by your teacher.", title=title)
        self.args = (str(self.words),)


def refuse(shape: Shape, command: str, field: str = "") -> None:
    """Raise `Locked` for a command of a browser that a locked or hidden part would send.

    field: that which the command "set" changes.
    """
    name = field if command == "set" else _USED.get(command, "")
    drawn = name == "draw-data" and shape.fixed("target")
    if name and (drawn or shape.fixed(name)):
        raise Locked(name, title_of(name))


def title_of(name: str) -> str:
    """The words for a control on the page."""
    return PARAMS[name].title if name in PARAMS else TOOLS.get(name, name)


def read(pairs: Iterable[tuple[str, str]], pages: Collection[str], refuse: Refuse) -> Shape:
    """The shape in the fields of an address; `refuse` gets an error for each name it cannot use.

    pages: the names of all pages.
    """
    found: dict[str, dict[str, None]] = {field: {} for field in FIELDS}
    for field, text in pairs:
        for name in text[:MOST_TEXT].split(","):
            name = name.strip()
            if not name or name in found[field]:
                continue
            if _known(name, pages):
                found[field][name] = None
            else:
                known = _("a control, layer, curve or page")
                refuse(UnknownField(field, name, known, f"{field}={name}"))
    return Shape(*(tuple(found[field]) for field in FIELDS))


def _known(name: str, pages: Collection[str]) -> bool:
    kind, rest = kind_of(name), name.partition("-")[2]
    members: Mapping[str, Collection[str]] = {LAYER: LAYERS, CURVE: CURVES, PAGE: pages}
    if kind in members:
        return rest == "*" or rest in members[kind]
    if name in (f"{FIELD}-*", f"{TOOL}-*") or name in TOOLS or name in PARAMS:
        return True
    if not name.startswith("t."):
        return False
    return any(param.name == name[2:] for target in TARGETS for param in TARGETS[target].params)
