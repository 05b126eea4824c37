"""The 2-D lab: the field of D, the latent grid mapped by G, and the modes that G covers."""

from ganlab.ui import navigation
from ganlab.ui.lab import lab

lab(2, *navigation.words(navigation.LABS[2]))
