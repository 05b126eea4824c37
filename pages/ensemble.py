"""Many seeds of one Spec at once: what they have in common is no accident."""

from ganlab.ui.layout import headline
from ganlab.ui.many import many

headline(
    "Many seeds",
    "One seed is an anecdote: watch how many of them collapse, and the median. "
    "Click a tile to open it in its lab.",
)
many()
