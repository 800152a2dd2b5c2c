"""The history of the schema. Never edit a released revision; add a new one."""
