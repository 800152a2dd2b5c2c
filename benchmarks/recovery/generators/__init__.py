"""Sources of profiles with planted groups, written without a look at the product and at its simulator."""
