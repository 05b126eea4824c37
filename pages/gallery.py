"""Phenomena on cue: mode collapse, stalling, rotation, and what cures them."""

from ganlab.ui.gallery import gallery
from ganlab.ui.layout import headline

headline(
    "Phenomena",
    "Each of these happens on cue, and says on how many seeds it did. "
    "Open one and watch what its sentence names; then turn a knob and see whether it still does.",
)
gallery()
