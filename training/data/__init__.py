"""Data sets: reading files, mapping columns to fields, validating cells, and coding them as columns."""
