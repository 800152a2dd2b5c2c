"""Mappings: which columns of a file are which fields, and how."""
