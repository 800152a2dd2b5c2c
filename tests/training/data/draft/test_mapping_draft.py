"""A first mapping of a file: what is guessed from names and cells, and that it reads the file."""

import tomllib
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict

from models.profile import Profile
from models.profile.field_kinds import MultiLabel, Numeric
from models.profile.profile import Labels
from training.data.dataset import read_dataset
from training.data.draft.mapping_draft import draft_mapping
from training.data.mapping.mapping import parse_mapping


class Helper(BaseModel):
    """A profile class with another list than the gifting profile's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: Annotated[float | None, Numeric()] = None
    motives: Annotated[Labels, MultiLabel()] = None


def file(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_draft_reads_its_file(tmp_path: Path) -> None:
    path = file(tmp_path, "ID,Year_Birth,Job,Interests", "1,1957,nurse,chess; art", "2,1990,cook,art")
    text = draft_mapping(path, Profile)
    dataset = read_dataset(path, Profile, parse_mapping(text))
    assert len(dataset) == 2
    assert tomllib.loads(text)["age"]["format"] == "%Y"


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        pytest.param("AGE", ["(25,35]", "(35,45]"], id="an age in bands is no number"),
        pytest.param("Movies", ["5", "3"], id="a rating is no list"),
        pytest.param("Hobbies", ["yes", "no"], id="a tick is no list"),
    ],
)
def test_column_that_holds_something_else_is_a_comment(tmp_path: Path, column: str, cells: list[str]) -> None:
    text = draft_mapping(file(tmp_path, f"{column},Job", *(f'"{cell}",cook' for cell in cells)), Profile)
    assert list(tomllib.loads(text)) == ["occupation"]
    assert f"{column} holds 2 different: {cells[0]}" in text


@pytest.mark.parametrize("ticks", [("0.0", "1.0"), ("no", "yes"), ("0", "1")])
def test_ticked_columns_are_options_of_a_list_of_the_class(tmp_path: Path, ticks: tuple[str, str]) -> None:
    off, on = ticks
    text = draft_mapping(file(tmp_path, "career,faith", f"{off},{on}", f"{on},{on}", f"{on},{off}"), Helper)
    assert '# [motives]\n# from = ["career", "faith"]' in text
    assert "hobbies" not in text


def test_descriptors_are_categories_or_numbers_or_neither(tmp_path: Path) -> None:
    rows = [f"{'fm'[row % 2]},{row * 100},comment {row},{row}" for row in range(60)]
    text = draft_mapping(file(tmp_path, "Sex,Income,Comment,hours", *rows), Helper)
    assert '# categories = ["Sex"]' in text
    assert '# numbers = ["Income"]' in text
    assert '# Dates or text with too many values to compare = ["Comment"]' in text
