"""What the service requires of a store: records, errors, and one protocol a subject."""
