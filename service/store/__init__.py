"""Where users, jobs and keys are stored: ports, and their implementations in memory and in SQL."""
