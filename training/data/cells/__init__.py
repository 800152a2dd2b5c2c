"""Cells: what they are, what they mean to a field, and which of them fit."""
