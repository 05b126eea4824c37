"""The 2014 paper's MNIST model through the same engine, trained on its own, and its rulers."""
