"""A store in memory: for tests, and for trying the service out."""
