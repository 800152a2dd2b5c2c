"""The worked example of docs/mapping.md gives what the page says."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from models.profile import Profile
from testkit import ROOT
from training.data.dataset import read_dataset
from training.data.mapping.mapping import load_mapping


def block(language: str) -> str:
    """The block in a language."""
    text = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
    [content] = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(content)


def test_worked_example_is_read_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(block("csv"), encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(block("toml"), encoding="utf-8")
    dataset = read_dataset(tmp_path / "customers.csv", Profile, load_mapping(tmp_path / "mapping.toml"))
    assert dataset.row_ids is not None
    read = [
        {"user_id": user_id, **profile.model_dump(mode="json", exclude_none=True)}
        for user_id, profile in zip(dataset.row_ids, dataset.profiles(np.arange(len(dataset))), strict=True)
    ]
    expected = [json.loads(line) for line in block("json").splitlines()]
    assert [sorted_lists(profile) for profile in read] == expected
    assert list(dataset.notes) == block("text").splitlines()
    assert dataset.reading is not None
    assert (dataset.reading.used_columns, dataset.reading.columns) == (8, 8)


def sorted_lists(profile: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(answer) if isinstance(answer, list) else answer for name, answer in profile.items()}
