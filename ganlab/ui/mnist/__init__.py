"""The MNIST page: data, form, runs, view and files."""
