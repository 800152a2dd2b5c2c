"""What tests and benchmarks share: servers, processes, databases and small models to try things on."""

from pathlib import Path
from typing import Final

# The root of the project.
ROOT: Final = Path(__file__).resolve().parents[1]
