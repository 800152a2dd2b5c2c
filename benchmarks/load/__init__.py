"""The building blocks of `benchmarks.serving`: the ceiling, the service under load, and wrk."""
