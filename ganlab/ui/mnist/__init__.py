"""The MNIST page: data, form, training runs, view and files."""
