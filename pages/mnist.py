"""MNIST: the experiment of Goodfellow et al. (2014), trained in a process of its own."""

from ganlab.ui import navigation

navigation.headline(navigation.MNIST)

from ganlab.ui.mnist.page import mnist  # noqa: E402  not before the headline stands: it takes long

mnist()
