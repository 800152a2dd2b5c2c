"""Real tables with planted labels."""
