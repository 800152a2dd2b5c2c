"""Arrays of a scorer: byte-equal for equal models, and checked against the manifest."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import (
    ArtifactDamaged,
)
from models.profile import Profile
from models.storage.artifact import ARRAYS
from models.storage.reading import read_artifact
from testkit.small_model import small_manifest, write_small_model
from tests.models.storage.tampering import replace_arrays


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "artifacts")


def test_same_model_gives_byte_equal_arrays(folder: Path, tmp_path: Path) -> None:
    other = write_small_model(tmp_path / "others")
    assert (other / ARRAYS).read_bytes() == (folder / ARRAYS).read_bytes()


def test_missing_array_of_the_classifier_is_refused_by_name(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = {name: array for name, array in file.items() if name != "settled_curve"}
    replace_arrays(folder, arrays)
    with pytest.raises(ArtifactDamaged, match="settled_curve"):
        read_artifact(folder, Profile)


def test_column_number_out_of_range_is_refused(tmp_path: Path) -> None:
    fields = [
        field.model_copy(update={"column_of": (2**63, *field.column_of[1:])}) if field.column_of else field
        for field in small_manifest().fields
    ]
    folder = write_small_model(tmp_path, fields=tuple(fields))
    with pytest.raises(ArtifactDamaged, match="names a column"):
        read_artifact(folder, Profile)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("centroids", np.zeros((3, 5))),
        ("centroids", np.full((3, 4), np.nan)),
        ("hobbies.rows", np.zeros((2, 4))),
        ("base", np.zeros((4,), np.float32)),
        ("base", np.array(["text"])),
        ("age.centre", np.zeros((1, 1, 1))),
        ("prior", np.array([0.5, 0.5, 0.0])),
        ("exponent", np.array([0.0])),
        ("exponent", np.array([0.8, 0.8])),
        ("settled_curve", np.zeros((2, 3))),
        ("settled_curve", np.array([[0.0, 1.0], [0.5, 1.5]])),
        ("likelihood_percentiles", np.zeros((3, 3))),
        ("likelihood_percentiles", np.tile(np.arange(101.0)[::-1], (3, 1))),
        ("hobbies.evidence_rows", np.zeros((7, 4))),
        ("hobbies.evidence_constant", np.full(4, 1e5)),
        ("age.evidence_limits", np.array([2.0, 1.0])),
        ("hobbies.reach", np.array([-1.0])),
        ("hobbies.kind_shares", np.zeros((0, 3))),
        ("hobbies.kind_shares", np.full((4, 3), -1.0)),
        ("age.means", np.zeros((2, 3))),
    ],
)
def test_array_of_another_shape_or_type_is_refused(folder: Path, name: str, array: np.ndarray) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    replace_arrays(folder, {**arrays, name: array})
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)


def test_pickled_array_is_refused(folder: Path) -> None:
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    replace_arrays(folder, {**arrays, "base": np.array([object()], dtype=object)})
    with pytest.raises(ArtifactDamaged):
        read_artifact(folder, Profile)
