"""MNIST: the data, digits of our own where it is missing, and the rulers of the 2014 paper."""
