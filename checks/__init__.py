"""Checks of the project itself that `make check` runs: its vocabulary and its calls of records."""
