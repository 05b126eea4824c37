"""The 1-D lab: Figure 1 of Goodfellow et al. (2014), moving."""

from ganlab.ui import table
from ganlab.ui.lab import lab

lab(1, *table.HEADLINES[table.LABS[1]])
