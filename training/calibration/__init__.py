"""Confidence: how likely a persona is to stay once more is answered, and how typical a profile is of it."""
