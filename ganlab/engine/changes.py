"""Changes of fields during a run: what they make of its Specs, State and rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ganlab.engine.rules import Rules
from ganlab.engine.state import State
from ganlab.engine.structure import Structure
from ganlab.engine.turns import Turns
from ganlab.events import changed
from ganlab.spec import Spec


def applied(
    changes: Sequence[dict[str, Any]], specs: tuple[Spec, ...], state: State, rules: Rules
) -> tuple[tuple[Spec, ...], State, Rules]:
    """Specs, State and rules after these changes, each on the State that the previous one left."""
    for fields in changes:
        specs = changed(specs, fields)
        state = Turns.of(specs[0]).changed(state)
        structure = Structure.of(specs[0])
        if structure != rules.structure:
            old, rules = rules, Rules(structure)
            state = dataclasses.replace(
                state,
                g_slots=rules.kept_slots("G", state.g, state.g_slots, old),
                d_slots=rules.kept_slots("D", state.d, state.d_slots, old),
            )
    return specs, state, rules
