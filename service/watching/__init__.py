"""Use cases: whether the data is still what the active model was trained on."""
