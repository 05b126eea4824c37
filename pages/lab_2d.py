"""The 2-D lab: the field of D, the bent latent space of G, and the modes it finds."""

from ganlab.ui.lab import lab

lab(
    2,
    "2-D lab",
    "Generated points chase what D calls real (blue). "
    "Count the modes they hold: where they crowd, D turns against them.",
)
