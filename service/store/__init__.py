"""Where users and jobs are kept: one protocol (`base`), kept in memory or in SQL."""
