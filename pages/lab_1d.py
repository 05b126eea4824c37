"""The 1-D lab: Figure 1 of Goodfellow et al. (2014), moving."""

from ganlab.ui.lab import lab

lab(
    1,
    "1-D lab",
    "p_g climbs wherever D slopes up, until D can only say ½. "
    "Turn k, the loss or a rate while it runs: who falls behind?",
)
