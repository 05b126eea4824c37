"""The 2-D lab: the field of D, the bent latent space of G, and the modes it finds."""

from ganlab import Spec
from ganlab.ui.lab import lab
from ganlab.ui.layout import headline

headline(
    "2-D lab",
    "Watch the generated points (green) chase the blue regions that D calls real, and count the "
    "modes they hold. When all of them sit on one mode, D learns that, and they hop to the next.",
)
lab(2, Spec(target="ring", latent_dim=2))
