"""Counts of answers, over every profile: by persona, by field, and two fields against each other."""
