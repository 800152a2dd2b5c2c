"""The active model: loaded, verified and swapped as one reference, with people's overrides applied."""
