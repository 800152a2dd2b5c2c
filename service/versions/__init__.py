"""Use cases: the versions of the model, comparisons between them, and activation."""
