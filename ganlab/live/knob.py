"""A Param as a control of the front end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlab.languages import _
from ganlab.registry import Param, Registry

_WIDEST = 1e6  # of a slider


def knob(param: Param) -> dict[str, Any]:
    """What assets/live/knobs.js needs of a Param."""
    titles: list[tuple[str, str]] = [(name, name) for name in param.choices]
    if isinstance(param.choices, Registry):
        titles = [(name, entry.title) for name, entry in param.choices.entries.items()]
    elif isinstance(param.choices, Mapping):
        titles = list(param.choices.items())
    number = param.kind != "choice"
    return {
        "field": param.name,
        "title": param.title,
        "kind": param.kind,
        "low": max(param.low, -_WIDEST) if number else 0,
        "high": min(param.high, _WIDEST) if number else 0,
        "log": param.log,
        "choices": titles,
        "doc": param.doc + (_(" Unit: {unit}.", unit=param.unit) if param.unit else ""),
        "restarts": False,
    }
