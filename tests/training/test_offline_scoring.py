"""The offline scorer gives each row the service's answer, in any format, and never holds more than a chunk."""

import json
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.profile import Profile
from models.segment_model import Assignment, SegmentModel
from models.storage.reading import read_artifact
from testkit.small_model import copy_old_model
from tests.training.conftest import QUICK, origin_of
from training.data.coding import Coder
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.files.arrow import ROWS
from training.data.files.chunks import Chunk
from training.data.files.profile_file import ProfileFile
from training.data.files.reading import open_source
from training.data.files.table_files import write_table
from training.errors import UnusableInput
from training.offline_scoring import Scored, assignment_batch, score_file
from training.pipeline import Trained, train
from training.progress import Silent
from training.simulation.simulate import SimulationConfig, simulate

FRAME = simulate(SimulationConfig(rows=200, seed=9)).frame
PROFILES = from_frame(FRAME, Profile).profiles(np.arange(len(FRAME)))
BAD = {"age": 7}


@pytest.fixture(scope="module")
def model(trained: Trained) -> SegmentModel:
    return read_artifact(trained.folder, Profile).model


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_table(FRAME, tmp_path / "people.parquet")
    return tmp_path / "people.parquet"


def run(model: SegmentModel, data: Path, out: Path, max_refused: float = 0.05) -> Scored:
    return score_file(model, ProfileFile(data, Profile), out, Silent(), max_refused)


def scored(model: SegmentModel, data: Path) -> pd.DataFrame:
    out = data.with_name("scored.parquet")
    run(model, data, out)
    return pd.read_parquet(out)


def alone(model: SegmentModel) -> list[Assignment]:
    return [model.assign(profile) for profile in PROFILES]


def json_lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_file_rows_are_assigned_as_single_profiles(model: SegmentModel, data: Path) -> None:
    table, expected = scored(model, data), alone(model)
    assert table["persona_id"].tolist() == [answer.persona.id for answer in expected]
    assert table["persona"].tolist() == [answer.persona.name for answer in expected]
    assert set(table["model_version"]) == {model.version}


def test_file_rows_have_the_confidence_of_single_profiles(model: SegmentModel, data: Path) -> None:
    table, expected = scored(model, data), alone(model)
    for name in ("confidence", "margin", "settled", "typicality"):
        expected_values = [getattr(answer, name) for answer in expected]
        np.testing.assert_allclose(table[name], np.array(expected_values, np.float64), atol=1e-9)
    assert table["is_outlier"].tolist() == [answer.is_outlier for answer in expected]
    others = [answer.runner_up for answer in expected]
    assert table["runner_up"].tolist() == [other.name for other in others if other is not None]
    assert table["runner_up_id"].tolist() == [other.id for other in others if other is not None]


def test_empty_profile_has_no_typicality(model: SegmentModel, tmp_path: Path) -> None:
    table = scored(model, json_lines(tmp_path / "people.jsonl", {"age": None}, {"age": 30}))
    assert table["typicality"].isna().tolist() == [True, False]
    assert table["is_outlier"].isna().tolist() == [True, False]


def test_model_of_one_persona_has_no_runner_up(dataset: Dataset, data: Path, tmp_path: Path) -> None:
    few = dataset.take(np.arange(200))
    one = train(few, origin_of(dataset), QUICK.model_copy(update={"k": 1}), tmp_path / "one", Silent())
    table = scored(read_artifact(one.folder, Profile).model, data)
    assert table["runner_up"].isna().all()
    assert table["margin"].isna().all()
    assert set(table["confidence"]) == {1.0}


def test_model_of_format_1_has_no_confidence(data: Path, tmp_path: Path) -> None:
    table = scored(read_artifact(copy_old_model(tmp_path, 1), Profile).model, data)
    assert table[["confidence", "margin", "settled", "typicality", "is_outlier"]].isna().all(axis=None)
    assert table["persona_id"].notna().all()


def test_rows_are_identified_by_line_or_by_their_id(model: SegmentModel, data: Path) -> None:
    assert scored(model, data)["line"].tolist() == [*range(1, 201)]
    write_table(FRAME.assign(user_id=range(500, 700)), data)
    assert scored(model, data)["user_id"].tolist() == [str(number) for number in range(500, 700)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_output_format_holds_the_same_rows(suffix: str, model: SegmentModel, data: Path) -> None:
    out = data.with_name(f"scored{suffix}")
    assert run(model, data, out).rows == len(FRAME)
    expected = scored(model, data)
    pd.testing.assert_frame_equal(_read(out), expected, check_dtype=False)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True, precise_float=True)
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl", "file.arrow", "stream.arrow", "people.feather"])
def test_every_input_format_gives_the_same_rows(name: str, model: SegmentModel, data: Path) -> None:
    table, path = pa.Table.from_pandas(FRAME, preserve_index=False), data.with_name(name)
    if path.suffix in (".arrow", ".feather"):
        opening = pa.ipc.new_stream if name == "stream.arrow" else pa.ipc.new_file
        with opening(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=64)
    else:
        write_table(FRAME, path)
    columns = ["persona_id", "runner_up_id", "confidence"]
    pd.testing.assert_frame_equal(scored(model, path)[columns], scored(model, data)[columns])


def test_parquet_text_is_read_back_as_text(model: SegmentModel, data: Path) -> None:
    scored(model, data)
    schema = pq.read_schema(data.with_name("scored.parquet"))
    assert schema.field("persona").type == pa.string()
    assert schema.field("confidence").type == pa.float64()


# --- refused rows ----------------------------------------------------------------------------------


def test_scoring_refuses_the_rows_that_a_dataset_refuses(model: SegmentModel, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"age": 30}\n{"age": 7, "hobbies": 5}\nbroken\n{"age": 41}\n')
    result = run(model, path, tmp_path / "scored.csv", max_refused=0.5)
    assert (result.rows, result.refused) == (2, 2)
    assert pd.read_csv(tmp_path / "scored.csv")["line"].tolist() == [1, 4]
    streamed = (tmp_path / "people.jsonl.refused.csv").read_text()
    read_dataset(path, Profile, max_refused=1.0, side_file=tmp_path / "people.jsonl.refused.csv")
    assert streamed == (tmp_path / "people.jsonl.refused.csv").read_text()
    assert len(streamed.splitlines()) == 4


def test_too_many_refused_rows_leave_the_output_unchanged(model: SegmentModel, tmp_path: Path) -> None:
    path, out = json_lines(tmp_path / "people.jsonl", {"age": 30}, BAD), tmp_path / "scored.csv"
    out.write_text("as it was")
    with pytest.raises(UnusableInput, match=r"Refused 1 of 2 rows .* At most 5% may be refused"):
        run(model, path, out)
    assert out.read_text() == "as it was"
    names = {"people.jsonl", "people.jsonl.refused.csv", "scored.csv"}
    assert {file.name for file in tmp_path.iterdir()} == names


def test_file_without_profiles_is_refused(model: SegmentModel, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no profile to score"):
        run(model, json_lines(tmp_path / "people.jsonl", BAD), tmp_path / "scored.csv", max_refused=1.0)
    (tmp_path / "header.csv").write_text("age\n")
    with pytest.raises(UnusableInput, match="holds no rows"):
        run(model, tmp_path / "header.csv", tmp_path / "scored.csv")
    assert not (tmp_path / "scored.csv").exists()


# --- what is held of a file ------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_chunks_have_at_most_the_agreed_size(suffix: str, tmp_path: Path) -> None:
    path, table = tmp_path / f"people{suffix}", pa.table({"age": np.full(2 * ROWS + 1, 30)})
    if suffix == ".parquet":
        pq.write_table(table, path, row_group_size=len(table))
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    chunks = list(open_source(path).chunks(["age"]))
    assert [len(chunk.lines) for chunk in chunks] == [ROWS, ROWS, 1]
    assert [chunk.lines[0] for chunk in chunks] == [1, ROWS + 1, 2 * ROWS + 1]
    assert chunks[-1].read == pytest.approx(1.0)


class Watched:
    """A source of twenty chunks that counts how many of them somebody holds on to."""

    names = ("age",)
    notes = ()

    def __init__(self) -> None:
        self.most = 0
        self._held: weakref.WeakSet[Chunk] = weakref.WeakSet()

    def chunks(self, wanted: Sequence[str], rows: int | None = None) -> Iterator[Chunk]:
        for number in range(20):
            chunk = Chunk({"age": [30] * 5}, np.arange(5) + 5 * number)
            self._held.add(chunk)
            self.most = max(self.most, len(self._held))
            yield chunk


class WatchedFile(ProfileFile):
    @cached_property
    def source(self) -> Watched:
        return Watched()


def test_few_chunks_are_held_at_once(model: SegmentModel, tmp_path: Path) -> None:
    profiles = WatchedFile(tmp_path / "people", Profile)
    assert score_file(model, profiles, tmp_path / "scored.csv", Silent()).rows == 100
    assert profiles.source.most <= 4


def test_forgetting_cells_changes_no_code(model: SegmentModel) -> None:
    coders = [Coder(model.encoder, Profile, remembered=most) for most in (0, 1_000)]
    for start in range(0, len(FRAME), 50):
        batch = pa.RecordBatch.from_pandas(FRAME.iloc[start : start + 50], preserve_index=False)
        chunk = Chunk(dict(zip(batch.schema.names, batch.columns, strict=True)), np.arange(len(batch)))
        forgetful, remembering = (assignment_batch(model, coder.code(chunk)) for coder in coders)
        assert forgetful.equals(remembering)
