"""One module a revision; they import nothing of ours, which changes while they must not."""
