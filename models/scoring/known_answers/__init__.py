"""Lookup-based validation of profiles whose answers a model knows."""
