"""Files of profiles and of results: CSV, JSON Lines, Parquet and Arrow, chunk by chunk."""
