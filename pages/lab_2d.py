"""The 2-D lab: the field of D, the bent latent space of G, and the modes it finds."""

from ganlab.ui import navigation
from ganlab.ui.lab import lab

lab(2, *navigation.words(navigation.LABS[2]))
