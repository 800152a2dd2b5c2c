"""The formats of files of users: their media types, and how the end of a file's name says them."""

from pathlib import Path
from typing import Final, Literal

Format = Literal["ndjson", "csv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = ("ndjson", "csv", "parquet")
JSON_LINES: Final = "ndjson"
MEDIA_TYPES: Final[dict[str, Format]] = {
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
}
_SUFFIXES: Final[dict[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}


def format_of(path: Path) -> Format | None:
    """The format that the end of a name says; None for another, which training may know."""
    return _SUFFIXES.get(path.suffix.lower())
