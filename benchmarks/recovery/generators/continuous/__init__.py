"""Profiles from continuous traits, whose planted labels are regions."""
