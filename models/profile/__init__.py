"""The gifting profile: its fields and their kinds, vocabularies, and suggestions for unknown values."""

from models.profile.profile import Profile

__all__ = ["Profile"]
