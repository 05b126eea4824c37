"""Compare: two to four runs side by side, with the same seed, data and latents."""

from ganlab.ui import navigation
from ganlab.ui.compare import compare

compare(*navigation.words(navigation.COMPARE))
