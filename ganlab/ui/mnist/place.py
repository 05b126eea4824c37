"""The MNIST runs of the page."""

from ganlab.languages import _
from ganlab.mnist.folder import Folder
from ganlab.ui.jobs import Jobs

RUNS = Jobs(Folder, "run", "mnist_kept", _("MNIST runs"))
