"""A store of a million users: filled, read, exported, reassigned, erased."""
