"""Games with pay-off tables: equilibria, dominated strategies, dynamics; repeated games; trees."""

from __future__ import annotations

from ganlab.games.tables.entry import Table, read, table, write
from ganlab.games.tables.presets import PRESETS, Preset
from ganlab.games.tables.solve import (
    Dropped,
    Equilibrium,
    Security,
    best_responses,
    dominated,
    equilibria,
    gains,
    regrets,
    security,
)

__all__ = [
    "PRESETS",
    "Dropped",
    "Equilibrium",
    "Preset",
    "Security",
    "Table",
    "best_responses",
    "dominated",
    "equilibria",
    "gains",
    "read",
    "regrets",
    "security",
    "table",
    "write",
]
