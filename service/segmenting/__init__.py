"""Use cases: which persona a profile is, what would change it, and what to ask next."""
