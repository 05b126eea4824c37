"""What a run may cost on this server."""

from __future__ import annotations

from ganlab.engine.cost import cost, surely_below
from ganlab.limits import limit
from ganlab.spec import Spec


def slow(spec: Spec, runs: int) -> bool:
    """Whether an update of `runs` runs takes so long that it is made apart from the others'."""
    seconds = limit("slow_seconds")
    return not surely_below(spec, runs, seconds, float("inf")) and (
        cost(spec, runs).seconds > seconds
    )
