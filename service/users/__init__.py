"""Use cases: users' profiles and their personas."""
