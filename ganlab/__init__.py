"""ganlab: the dynamics of generative adversarial networks, seen and measured."""

from ganlab.engine import Run, Snapshot
from ganlab.registry import SpecError
from ganlab.spec import Spec

__version__ = "0.1.0"
__all__ = ["Run", "Snapshot", "Spec", "SpecError", "__version__"]
