"""Profiles written as the files that training reads."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel


def write_csv(profiles: Sequence[BaseModel], folder: Path) -> Path:
    """Comma-separated, lists as JSON."""
    path = folder / "profiles.csv"
    rows = [profile.model_dump(mode="json") for profile in profiles]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(type(profiles[0]).model_fields))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return path


def write_json_lines(profiles: Sequence[BaseModel], folder: Path) -> Path:
    """An object a line, fields in reverse, what is missing left out; where a field is null, it stays null."""
    path = folder / "profiles.jsonl"
    rows = [profile.model_dump(mode="json", exclude_unset=True) for profile in profiles]
    first = dict.fromkeys(reversed(type(profiles[0]).model_fields)) | rows[0]
    path.write_text("".join(json.dumps(row) + "\n" for row in [first, *rows[1:]]), encoding="utf-8")
    return path


def write_parquet(profiles: Sequence[BaseModel], folder: Path) -> Path:
    """One column a field, null where there is no answer."""
    path = folder / "profiles.parquet"
    rows = [profile.model_dump(mode="json") for profile in profiles]
    frame = pd.DataFrame(rows, columns=list(type(profiles[0]).model_fields), dtype=object)
    frame.to_parquet(path)
    return path


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value
