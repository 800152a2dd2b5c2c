"""Shared by tests and benchmarks: servers, processes, databases and small models."""

from pathlib import Path
from typing import Final

# The root of the project.
ROOT: Final = Path(__file__).resolve().parents[1]
