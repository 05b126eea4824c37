"""Presets of maps, in the order in which pages offer them."""

from ganlab.sweeps.plan import Plan
from ganlab.sweeps.presets import games, rings
from ganlab.sweeps.presets.preset import MAP_PRESETS, MapPreset, successes

__all__ = ["MAP_PRESETS", "MapPreset", "games", "preset_of", "rings", "successes"]


def preset_of(plan: Plan) -> MapPreset | None:
    """The preset that a plan is made from: the same fields vary, and the rest is the same."""
    return next((p for p in MAP_PRESETS.entries.values() if p.made(plan)), None)
