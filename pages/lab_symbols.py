"""The lab of symbols: G's choice among symbols, and how its gradient passes through it."""

from ganlab.ui import navigation
from ganlab.ui.lab import lab

lab(0, *navigation.words(navigation.LABS[0]))
