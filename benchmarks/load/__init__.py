"""What `benchmarks.serving` is made of: the ceiling, the service under load, and wrk."""
