"""Examples that the documentation explains and the tests run."""
