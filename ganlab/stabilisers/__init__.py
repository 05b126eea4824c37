"""Stabilisers: methods that are meant to stabilise the game, one registry entry each.

An entry's name is the Spec field of its strength, which is its first parameter and whose default is
"off": its code is then not executed at all. Strengths are numbers that an update takes as inputs.
A stabiliser that needs no more than the arguments of hooks is implemented by hooks.
"""

from __future__ import annotations

from typing import Any

from ganlab.languages import _
from ganlab.stabilisers import nets, penalties, play, seen
from ganlab.stabilisers.entry import STABILISERS, Clock, Draw, Judged, StabiliserEntry, over
from ganlab.update_rules import RULES

__all__ = [
    "STABILISERS",
    "Clock",
    "Draw",
    "Judged",
    "StabiliserEntry",
    "over",
    "refusal",
]

for _entry in (*seen.ENTRIES, *penalties.ENTRIES, *nets.ENTRIES, *play.ENTRIES):
    STABILISERS.add(_entry)


def _idle(entry: StabiliserEntry) -> str | None:
    if not entry.hooked:
        return _("it has no hook (such as d_term or grad_term), and no code in the engine")
    first = entry.params[0] if entry.params else None
    if first is None or first.name != entry.name or not first.numeric or first.default != 0:
        return _(
            "its first parameter must be its strength: of the same name, numeric, and 0 when off"
        )
    return None


STABILISERS.guards.append(_idle)  # the entries above may have code in the engine


def refusal(spec: Any) -> tuple[str, Any, str] | None:
    """Field, value and what is allowed, for the first combination that is refused; else None."""
    for name in STABILISERS:
        entry = STABILISERS[name]
        why = entry.refuse(spec) if entry.on(spec) else None
        if why is not None:
            return name, getattr(spec, name), why
    why = RULES[spec.rule].refuse(spec)
    return None if why is None else ("rule", spec.rule, why)
