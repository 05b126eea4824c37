"""Actions of a learner in a step, as lesson files write them: "k = 5", "d 10", "hide d_star"."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ganlab.languages import _
from ganlab.layer_words import LAYERS
from ganlab.lessons.condition import BUTTONS
from ganlab.registry import SpecError
from ganlab.spec import PARAMS

_MOST_TIMES = 50
_SET = re.compile(r"(?P<name>\w+)\s*=\s*(?P<value>.+)")
_PRESS = re.compile(rf"(?P<name>{'|'.join(BUTTONS)})(?:\s+(?P<times>\d{{1,3}}))?")
_LAYER = re.compile(r"(?P<verb>hide|show)\s+(?P<name>\w+)")


class Action(NamedTuple):
    """One action. verb: "set" (the field `name` to `value`), "press" (the button `name`, `times`
    times), "hide" or "show" (the layer `name`)."""

    verb: str
    name: str
    value: Any = None
    times: int = 1


def action(text: str) -> Action:
    """The action that `text` names. Raises `SpecError`."""
    if found := _SET.fullmatch(text.strip()):
        name = found["name"]
        if name not in PARAMS:
            raise SpecError("does", text, _("a field of a run = its value, such as k = 5"))
        return Action("set", name, PARAMS[name].parse(found["value"]))
    if found := _PRESS.fullmatch(text.strip()):
        times = int(found["times"] or 1)
        if not 1 <= times <= _MOST_TIMES:
            raise SpecError(
                "does", text, _("a button pressed 1 to {most_times} times", most_times=_MOST_TIMES)
            )
        return Action("press", found["name"], times=times)
    if (found := _LAYER.fullmatch(text.strip())) and found["name"] in LAYERS:
        return Action(found["verb"], found["name"])
    raise SpecError(
        "does",
        text,
        _(
            "FIELD = VALUE, a button ({listed}) and how often, hide LAYER or show LAYER",
            listed=", ".join(BUTTONS),
        ),
    )
