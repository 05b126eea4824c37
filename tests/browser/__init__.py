"""The pages, opened and driven in a real browser."""
