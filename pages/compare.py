"""Runs side by side: the same seed, data and latents, so that what differs is what one sees."""

from ganlab.ui import navigation
from ganlab.ui.compare import compare

compare(*navigation.words(navigation.COMPARE))
