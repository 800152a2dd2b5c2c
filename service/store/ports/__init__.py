"""What the service asks of a store: records, errors, and the protocols that each store implements."""
