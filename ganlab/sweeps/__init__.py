"""Sweeps: maps of where a game converges, orbits, collapses or diverges, over many runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlab.sweeps.axis import Axis
    from ganlab.sweeps.executors import dask_executor
    from ganlab.sweeps.run import Failed, Finished
    from ganlab.sweeps.sweep import Sweep
    from ganlab.sweeps.verdict import VERDICTS, Verdict

_HOMES = {
    "Axis": "axis",
    "Failed": "run",
    "Finished": "run",
    "Sweep": "sweep",
    "VERDICTS": "verdict",
    "Verdict": "verdict",
    "dask_executor": "executors",
}
__all__ = ["VERDICTS", "Axis", "Failed", "Finished", "Sweep", "Verdict", "dask_executor"]


def __getattr__(name: str) -> Any:
    # Imported on demand: the command line names this package, and torch takes two seconds.
    if name in _HOMES:
        return getattr(import_module(f"ganlab.sweeps.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
