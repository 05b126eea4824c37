"""Named Specs: what the pages open with, and the phenomena of the gallery."""

from ganlab.presets import collapse, dynamics, rotation  # noqa: F401  they register
from ganlab.presets.first import DEFAULTS, STRIPS, to_compile
from ganlab.presets.preset import PRESETS, Preset

__all__ = ["DEFAULTS", "PRESETS", "STRIPS", "Preset", "to_compile"]
