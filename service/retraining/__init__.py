"""Use cases: retrain jobs, the child process that runs one, and its supervision."""
