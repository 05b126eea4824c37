"""Update rules: at which D and G the two gradients are taken, and how they are combined.

There is one registry entry per rule. A rule finds the gradient of the player whose update it is by
asking a `Turn`. Optimisers, and what stabilisers do to gradients, are not part of a rule.
"""

from __future__ import annotations

from ganlab.update_rules import first_order, integrators, second_order
from ganlab.update_rules.entry import RULES, Found, RuleEntry, Turn

__all__ = ["RULES", "Found", "RuleEntry", "Turn"]

for _entry in (*first_order.ENTRIES, *second_order.ENTRIES, *integrators.ENTRIES):
    RULES.add(_entry)
