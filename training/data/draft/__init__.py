"""A first mapping of a file."""
