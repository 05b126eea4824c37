"""The 1-D lab: Figure 1 of Goodfellow et al. (2014), animated."""

from ganlab.ui import navigation
from ganlab.ui.lab import lab

lab(1, *navigation.words(navigation.LABS[1]))
