"""Runs side by side: the same seed, data and latents, so that what differs is what one sees."""

from ganlab.ui.compare import compare

compare(
    "Compare",
    "Same seed, same data, same latents: only the marked fields differ. "
    "Whose p_g gets there, and whose curve turns first?",
)
