"""ganlab: an interactive lab for the dynamics of generative adversarial networks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlab.engine import Run, Snapshot, spectrum
    from ganlab.experiment import Experiment
    from ganlab.record import Recording, RunFile
    from ganlab.registry import SpecError
    from ganlab.spec import Spec

__version__ = "0.1.0"
__all__ = [
    "Experiment",
    "Recording",
    "Run",
    "RunFile",
    "Snapshot",
    "Spec",
    "SpecError",
    "__version__",
    "spectrum",
]

_HOMES = {
    "Experiment": "ganlab.experiment",
    "Recording": "ganlab.record",
    "Run": "ganlab.record.run_file",  # which lets it read and write .ganlab files
    "RunFile": "ganlab.record",
    "Snapshot": "ganlab.engine",
    "SpecError": "ganlab.registry",
    "Spec": "ganlab.spec",
    "spectrum": "ganlab.engine",
}


def __getattr__(name: str) -> Any:
    # Imported on demand: torch takes two seconds, during which the app can already answer browsers.
    if name == "live":  # a package that can be called
        return import_module("ganlab.live")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
