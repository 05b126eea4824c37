"""MNIST: the experiment of Goodfellow et al. (2014), trained in a separate process."""

from ganlab.ui import navigation

navigation.headline(navigation.MNIST)

from ganlab.ui.mnist.page import mnist  # noqa: E402  slow: the headline is drawn first

mnist()
