"""The offline scorer gives each row the service's answer, in any format."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.artifact import read_artifact
from models.profile import Profile
from models.segment_model import SegmentModel
from tests.training.conftest import QUICK, origin_of
from training.dataset import Dataset
from training.errors import UnusableInput
from training.progress import Silent
from training.run import Trained, train
from training.score import score_file, score_frame

ROWS = np.arange(0, 300, 3)


@pytest.fixture(scope="module")
def model(trained: Trained) -> SegmentModel:
    return read_artifact(trained.folder, Profile).model


def test_every_row_gets_what_it_gets_alone(model: SegmentModel, dataset: Dataset) -> None:
    scored = score_frame(model, dataset.take(ROWS), Silent())
    answers = [model.assign(profile) for profile in dataset.profiles(ROWS)]
    assert scored["persona_id"].tolist() == [answer.persona.id for answer in answers]
    assert scored["persona"].tolist() == [answer.persona.name for answer in answers]
    nearest = [answer.distances[answer.persona.id] for answer in answers]
    np.testing.assert_allclose(scored["distance"], nearest, atol=1e-9)
    assert set(scored["model_version"]) == {model.version}


def test_every_row_is_as_sure_as_it_is_alone(model: SegmentModel, dataset: Dataset) -> None:
    scored = score_frame(model, dataset.take(ROWS), Silent())
    answers = [model.assign(profile) for profile in dataset.profiles(ROWS)]
    for name in ("confidence", "margin", "typicality"):
        np.testing.assert_allclose(scored[name], [getattr(answer, name) for answer in answers], atol=1e-9)
    assert scored["is_outlier"].tolist() == [answer.is_outlier for answer in answers]
    others = [answer.runner_up for answer in answers]
    assert scored["runner_up"].tolist() == [other.name for other in others if other is not None]
    assert scored["runner_up_id"].tolist() == [other.id for other in others if other is not None]


def test_with_one_persona_there_is_no_runner_up(dataset: Dataset, tmp_path: Path) -> None:
    one = train(
        dataset.take(np.arange(200)), origin_of(dataset), QUICK.model_copy(update={"k": 1}), tmp_path, Silent()
    )
    scored = score_frame(read_artifact(one.folder, Profile).model, dataset.take(ROWS), Silent())
    assert scored["runner_up"].isna().all()
    assert scored["margin"].isna().all()
    assert set(scored["confidence"]) == {1.0}


def test_rows_are_told_by_line_or_by_their_own_id(model: SegmentModel, dataset: Dataset) -> None:
    some = dataset.take(ROWS)
    assert score_frame(model, some, Silent())["line"].tolist() == some.line_numbers.tolist()
    ids = np.array([f"user {row}" for row in ROWS], dtype=object)
    known = dataclasses.replace(some, row_ids=ids)
    assert score_frame(model, known, Silent())["user_id"].tolist() == ids.tolist()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_holds_the_same(suffix: str, model: SegmentModel, dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / f"scored{suffix}"
    assert score_file(model, dataset.take(ROWS), path, Silent()) == len(ROWS)
    expected = score_frame(model, dataset.take(ROWS), Silent())
    pd.testing.assert_frame_equal(_read(path), expected, check_dtype=False)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True, precise_float=True)
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def test_nobody_to_score_is_said(model: SegmentModel, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no profile to score"):
        score_file(model, dataset.take(ROWS[:0]), tmp_path / "scored.csv", Silent())
