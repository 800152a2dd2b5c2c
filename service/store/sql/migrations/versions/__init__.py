"""One module a revision; none imports project code, which changes while a revision must not."""
