"""What calms, or is said to calm, the game: one registry entry per variant.

An entry's name is the Spec field of its strength, its first parameter, whose default is "off":
then its code is not on the path at all. Strengths are numbers that reach an update as inputs; hooks
do the work of those that need no more than what they are given.
"""

from __future__ import annotations

from typing import Any

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
        return "it has no hook (neither a d_term nor a grad_term, ...), and no code in the engine"
    first = entry.params[0] if entry.params else None
    if first is None or first.name != entry.name or not first.numeric or first.default != 0:
        return (
            "its first parameter must be its strength: of its name, numeric, and 0 where it is off"
        )
    return None


STABILISERS.guards.append(_idle)  # those above are known to the rules


def refusal(spec: Any) -> tuple[str, Any, str] | None:
    """Field, value and what is allowed, of the first combination that means nothing."""
    for name in STABILISERS:
        entry = STABILISERS[name]
        why = entry.refuse(spec) if entry.on(spec) else None
        if why is not None:
            return name, getattr(spec, name), why
    why = RULES[spec.rule].refuse(spec)
    return None if why is None else ("rule", spec.rule, why)
