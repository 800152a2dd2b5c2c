"""Use cases: users in files of any size, stored and assigned in the background."""
