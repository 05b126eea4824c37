"""The 2014 paper's MNIST model in the same engine, trained as a job, and its measures."""
