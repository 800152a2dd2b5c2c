"""What this service is called, and its version (SemVer; the same as in pyproject.toml)."""

NAME = "BackPocket Segments"
VERSION = "0.1.0"
