"""Images of digits: MNIST read or fetched, and digits of our own where it is missing."""
