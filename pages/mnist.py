"""MNIST: the experiment of Goodfellow et al. (2014), trained in a process of its own."""

from ganlab.ui import table

table.headline(table.MNIST)

from ganlab.ui.mnist import mnist  # noqa: E402  not before the headline stands: it takes long

mnist()
