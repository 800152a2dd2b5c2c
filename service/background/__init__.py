"""Work that every worker does in the background."""
