"""Runs side by side: the same seed, data and latents, so that what differs is what one sees."""

from ganlab.ui import table
from ganlab.ui.compare import compare

compare(*table.HEADLINES[table.COMPARE])
