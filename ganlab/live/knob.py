"""A Param as a control of the front end."""

from __future__ import annotations

from typing import Any

from ganlab.registry import Param, Registry

_WIDEST = 1e6  # of a slider


def knob(param: Param) -> dict[str, Any]:
    """What assets/live/knobs.js needs of a Param."""
    entries = param.choices.entries if isinstance(param.choices, Registry) else {}
    titles = [(name, entries[name].title if entries else name) for name in param.choices]
    number = param.kind != "choice"
    return {
        "field": param.name,
        "title": param.title,
        "kind": param.kind,
        "low": max(param.low, -_WIDEST) if number else 0,
        "high": min(param.high, _WIDEST) if number else 0,
        "log": param.log,
        "choices": titles,
        "doc": param.doc + (f" Unit: {param.unit}." if param.unit else ""),
        "restarts": False,
    }
