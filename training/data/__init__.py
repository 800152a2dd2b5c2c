"""Inside a dataset: reading files, judging cells, coding answers, keeping what was refused."""
