"""Rows about people: users, recipients, tombstones and changes, within the caller's transaction."""
