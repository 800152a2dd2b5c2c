"""The database out of order, and what meets in it."""
