"""The 1-D lab: Figure 1 of Goodfellow et al. (2014), moving."""

from ganlab import Spec
from ganlab.ui.lab import lab
from ganlab.ui.layout import headline

headline(
    "1-D lab",
    "Watch p_g (green) move towards p_data (dotted) wherever D (blue) slopes upward, until D can "
    "only say ½. Then turn k or the loss while it runs, and see which of the two falls behind.",
)
lab(1, Spec())
