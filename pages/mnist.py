"""MNIST: the experiment of Goodfellow et al. (2014), trained in a process of its own."""

from ganlab.ui.layout import headline
from ganlab.ui.mnist import mnist

headline(
    "MNIST",
    "Digits from noise, as in Figures 2 and 3 and Table 1 of the paper. "
    "Watch strokes become digits, and the framed column: does G invent, or does it copy?",
)
mnist()
