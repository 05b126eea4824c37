"""A package outside of ganlab with one variant of each kind, each in one file."""
