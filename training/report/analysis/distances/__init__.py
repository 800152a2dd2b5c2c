"""Distances between sampled profiles: criteria, density, maps and axes."""
