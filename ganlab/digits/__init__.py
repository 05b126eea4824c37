"""Images of digits: MNIST, read or downloaded, and drawn digits where it is missing."""
