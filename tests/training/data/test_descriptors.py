"""Descriptors: declared by a class or named by a mapping, read like any answer, and learned by no model."""

from pathlib import Path
from typing import Annotated

import joblib
import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from models.errors import ProfileShapeError
from models.profile import Profile
from models.profile.field_kinds import Categorical, Descriptor, MultiLabel, Numeric, declared_fields
from models.scoring.columns import CodeColumn, NumberColumn
from tests.training.conftest import QUICK
from training.clustering.fit import fit
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.files.profile_file import ProfileFile
from training.data.mapping.mapping import parse_mapping
from training.errors import UnusableInput
from training.progress import Silent

MAPPING = """
[hobbies]
from = "Likes"
split = ";"

[descriptors]
categories = ["Region", "Class"]
numbers = ["Income"]
"""
TABLE = pd.DataFrame(
    {
        "Likes": ["reading;gaming", "reading", "gaming", "fishing"] * 5,
        "Region": ["North", "south", "", "North"] * 5,
        "Class": [1, 2, 2, 1] * 5,
        "Income": ["100.5", "", "300", "400"] * 5,
        "age": [20, 30, 40, 50] * 5,
    }
)


class Visitor(BaseModel):
    """Someone whose home no model learns."""

    spending: Annotated[float | None, Numeric()] = None
    nights: Annotated[float | None, Numeric()] = None
    home: Annotated[str | None, Categorical(), Descriptor()] = None
    income: Annotated[float | None, Numeric(), Descriptor()] = None


def read(folder: Path, mapping: str = MAPPING, table: pd.DataFrame = TABLE) -> Dataset:
    table.to_csv(folder / "people.csv", index=False)
    return read_dataset(folder / "people.csv", Profile, parse_mapping(mapping))


def described(dataset: Dataset, title: str) -> list[object]:
    """A descriptor's answers, by its title."""
    spec = next(spec for spec in dataset.descriptors.specs if spec.title == title)
    column = dataset.descriptors.columns[spec.name]
    if isinstance(column, NumberColumn):
        return [None if np.isnan(value) else value for value in column.values]
    assert isinstance(column, CodeColumn)
    values = dataset.descriptors.vocabularies[spec.name].values
    return [None if code < 0 else values[code] for code in column.codes]


def test_mapping_names_descriptors_of_a_file(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert [spec.title for spec in dataset.descriptors.specs] == ["Region", "Class", "Income"]
    assert described(dataset, "Region")[:4] == ["north", "south", None, "north"]
    assert described(dataset, "Class")[:4] == ["1", "2", "2", "1"]
    assert described(dataset, "Income")[:4] == [100.5, None, 300.0, 400.0]


def test_descriptors_are_in_neither_columns_nor_fields(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert dataset.profile_class is Profile
    assert list(dataset.columns) == [spec.name for spec in dataset.specs] == list(Profile.model_fields)
    assert set(dataset.vocabularies) <= set(Profile.model_fields)


def test_descriptor_does_not_change_what_a_model_learns_from(tmp_path: Path) -> None:
    without = MAPPING.split("[descriptors]")[0]
    assert read(tmp_path).fingerprint == read(tmp_path, without).fingerprint


def test_field_that_is_a_descriptor_is_not_learned(tmp_path: Path) -> None:
    dataset = read(tmp_path, MAPPING.replace('["Income"]', '["Income", "age"]'))
    ages = dataset.columns["age"]
    assert isinstance(ages, NumberColumn)
    assert np.isnan(ages.values).all()
    assert described(dataset, "age")[:4] == [20.0, 30.0, 40.0, 50.0]


def test_mapping_of_descriptors_alone_is_enough(tmp_path: Path) -> None:
    dataset = read(tmp_path, '[descriptors]\ncategories = ["Region"]')
    assert described(dataset, "Region")[1] == "south"
    assert not np.isnan(dataset.columns["age"].values).any()  # type: ignore[union-attr]


def test_row_whose_number_does_not_fit_is_refused(tmp_path: Path) -> None:
    table = TABLE.assign(Income=["much", *TABLE["Income"][1:]])
    table.to_csv(tmp_path / "people.csv", index=False)
    dataset = read_dataset(tmp_path / "people.csv", Profile, parse_mapping(MAPPING), max_refused=0.1)
    assert (len(dataset), dataset.refusals.rows) == (19, 1)
    assert len(described(dataset, "Income")) == 19


def test_scoring_a_file_needs_no_descriptors(tmp_path: Path) -> None:
    TABLE[["Likes"]].to_csv(tmp_path / "people.csv", index=False)
    profiles = ProfileFile(tmp_path / "people.csv", Profile, parse_mapping(MAPPING))
    assert profiles.notes == ()
    assert [list(chunk.cells) for chunk in profiles.chunks()] == [["hobbies"]]


def test_rows_of_descriptors_are_taken_and_sliced_with_the_profiles(tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert described(dataset.take(np.array([3, 1])), "Income") == [400.0, None]
    assert described(dataset.slice(2, 4), "Income") == [300.0, 400.0]


@pytest.mark.parametrize(
    ("descriptors", "sentence"),
    [
        ('categories = ["Regoin"]', r"descriptors reads column 'Regoin', which the file does not have .*'Region'"),
        ('categories = ["Likes"]', "'Likes' cannot fill a field and be a descriptor"),
        ('categories = ["Region"]\nnumbers = ["Region"]', "name 'Region' more than once"),
        ('names = ["Region"]', "descriptors.names"),
        ("categories = 1", "descriptors.categories"),
    ],
)
def test_descriptors_that_make_no_sense_are_refused(tmp_path: Path, descriptors: str, sentence: str) -> None:
    with pytest.raises(UnusableInput, match=sentence):
        read(tmp_path, f"{MAPPING.split('categories')[0]}{descriptors}")


# --- declared by a class ---------------------------------------------------------------------------


def visitors() -> Dataset:
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 60)
    return from_frame(
        pd.DataFrame(
            {
                "spending": kind * 10 + rng.normal(size=120),
                "nights": kind * 5 + rng.normal(size=120),
                "home": np.where(rng.random(120) < 0.5, "Wien", "Graz"),
                "income": rng.normal(size=120),
            }
        ),
        Visitor,
    )


def test_class_declares_its_descriptors() -> None:
    dataset = visitors()
    assert [spec.name for spec in dataset.specs] == ["spending", "nights"]
    assert [spec.name for spec in dataset.descriptors.specs] == ["home", "income"]
    assert {spec.name: spec.descriptor for spec in declared_fields(Visitor)}["home"]


def test_no_model_learns_a_descriptor(tmp_path: Path) -> None:
    dataset = visitors()
    fitted = fit(dataset, QUICK.model_copy(update={"k": 2}), Silent())
    assert [encoding.name for encoding in fitted.encoder.fields] == ["spending", "nights"]
    shuffled = from_frame(pd.DataFrame(_answers(dataset)).assign(home="Linz", income=0.0), Visitor)
    np.testing.assert_array_equal(
        fitted.clusters, fit(shuffled, QUICK.model_copy(update={"k": 2}), Silent()).clusters
    )


def _answers(dataset: Dataset) -> dict[str, list[float]]:
    return {name: column.values.tolist() for name, column in dataset.columns.items()}  # type: ignore[union-attr]


def test_pipeline_of_a_file_with_descriptors_is_written(tmp_path: Path) -> None:
    fitted = fit(read(tmp_path), QUICK.model_copy(update={"k": 2}), Silent())
    joblib.dump(fitted.pipeline, tmp_path / "pipeline.joblib")
    again = joblib.load(tmp_path / "pipeline.joblib")
    np.testing.assert_array_equal(again.predict(fitted.encoded.dataset), fitted.clusters)


def test_descriptor_holds_one_answer() -> None:
    class Wrong(BaseModel):
        homes: Annotated[tuple[str, ...] | None, MultiLabel(), Descriptor()] = None

    with pytest.raises(ProfileShapeError, match="'homes' cannot be a descriptor"):
        declared_fields(Wrong)


def test_sentences_name_a_descriptor_by_its_column(tmp_path: Path) -> None:
    table = TABLE.assign(Region=["n/a", "south", "", "North"] * 5, Income=["100.5", "much", "300", "400"] * 5)
    table.to_csv(tmp_path / "people.csv", index=False)
    result = read_dataset(tmp_path / "people.csv", Profile, parse_mapping(MAPPING), max_refused=1)
    assert "(Region: 5, 'n/a' 5)" in " ".join(result.notes)
    assert {misfit.field for misfit in result.refusals.misfits} == {"Income"}
    assert result.reading is not None
    assert result.reading.missing_words == {"Region": 5}
