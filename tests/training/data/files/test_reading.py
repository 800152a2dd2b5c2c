"""Files of profiles: what a cell means in each format, what is refused, and what makes a file unusable."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from models.profile import Profile
from training.data.dataset import Dataset, read_dataset
from training.data.mapping.mapping import parse_mapping
from training.errors import UnusableInput


def read(path: Path, max_refused: float = 1.0) -> Dataset:
    return read_dataset(path, Profile, max_refused=max_refused, side_file=path.with_name("refused.csv"))


def all_rows(dataset: Dataset) -> list[BaseModel]:
    return dataset.profiles(np.arange(len(dataset)))


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "profiles.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def json_lines(folder: Path, *lines: object) -> Path:
    path = folder / "profiles.jsonl"
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def parquet(folder: Path, **answers: object) -> Path:
    path = folder / "profiles.parquet"
    pd.DataFrame(answers).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("cell", "hobbies"),
    [
        ("chess;Board games; art ", ("art", "board_games", "chess")),
        ('"[""chess"", ""art; craft""]"', ("art;_craft", "chess")),
        ("chess", ("chess",)),
        ("chess;;chess;", ("chess",)),
        ("[]", ()),
        (";", ()),
        ("", None),
        ("  ", None),
    ],
)
def test_csv_cell_is_read_as_a_list(tmp_path: Path, cell: str, hobbies: tuple[str, ...] | None) -> None:
    result = read(csv_file(tmp_path, "hobbies,age", f"{cell},20"))
    expected = Profile(hobbies=hobbies, age=20)
    assert [profile.model_copy(update={"hobbies": _sorted(profile)}) for profile in all_rows(result)] == [expected]


def _sorted(profile: BaseModel) -> tuple[str, ...] | None:
    hobbies: tuple[str, ...] | None = getattr(profile, "hobbies", None)
    return None if hobbies is None else tuple(sorted(hobbies))


@pytest.mark.parametrize(
    ("cell", "age"), [("34", 34), ("34.0", 34), (" 34 ", 34), ("3.4e1", 34), ("+34", 34), ("", None)]
)
def test_csv_cell_is_read_as_a_number(tmp_path: Path, cell: str, age: int | None) -> None:
    assert all_rows(read(csv_file(tmp_path, "age,occasion", f"{cell},easter"))) == [
        Profile(age=age, occasion="easter")
    ]


@pytest.mark.parametrize("cell", ["1990-11-29", "29.11.1990", "11/29/1990"])
def test_date_in_place_of_a_number_is_refused_with_what_helps(tmp_path: Path, cell: str) -> None:
    result = read(csv_file(tmp_path, "age", "20", cell))
    (reason,) = result.refusals.by_reason
    assert "a mapping makes an age of it" in reason


@pytest.mark.parametrize("cell", ["34.5", "old", "inf", "1e999", "9" * 5000, "3_4", "٣٤", "true", "[34]"])
def test_csv_cell_with_a_fraction_is_refused_for_a_whole_number(tmp_path: Path, cell: str) -> None:
    result = read(csv_file(tmp_path, "age", "20", cell))
    assert len(result) == 1
    assert result.refusals.rows == 1


@pytest.mark.parametrize("cell", ["[chess]", "['chess' go]", '"[""chess"", 5]"', "[" * 5000 + "]" * 5000])
def test_csv_cell_with_a_malformed_list_is_refused(tmp_path: Path, cell: str) -> None:
    result = read(csv_file(tmp_path, "hobbies", "chess", cell))
    assert len(result) == 1
    assert result.refusals.misfits[0].field == "hobbies"


def test_byte_order_mark_and_blank_lines_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "profiles.csv"
    path.write_bytes(b"\xef\xbb\xbfage, occasion\r\n20,easter\r\n\r\n30, Caf\xc3\xa9\r\n")
    assert all_rows(read(path)) == [Profile(age=20, occasion="easter"), Profile(age=30, occasion="café")]
    assert read(path).line_numbers.tolist() == [2, 4]


def test_row_number_is_the_line_on_which_the_row_begins(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "age,occasion", '20,"a', 'b"', "30,c", "7,d")
    assert read(path).line_numbers.tolist() == [2, 4]
    assert read(path).refusals.misfits[0].line == 5


def test_csv_row_with_a_wrong_number_of_cells_is_refused(tmp_path: Path) -> None:
    result = read(csv_file(tmp_path, "age,occasion", "20", "20,easter", "20,easter,more"))
    assert result.line_numbers.tolist() == [3]
    assert result.refusals.by_reason == {"Not as many cells as columns": 2}


def test_delimiter_at_the_end_of_lines_is_no_cell(tmp_path: Path) -> None:
    result = read(csv_file(tmp_path, "age,occasion", "20,easter,", "30,,,"))
    assert all_rows(result) == [Profile(age=20, occasion="easter"), Profile(age=30)]


def test_lists_of_structs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "profiles.parquet"
    hobbies = pa.array([[{"item": "a"}, {"item": "b"}], None], pa.list_(pa.struct({"item": pa.string()})))
    pq.write_table(pa.table({"hobbies": hobbies}), path)
    assert all_rows(read(path)) == [Profile(hobbies=("a", "b")), Profile()]


def test_unclosed_quote_refuses_every_line_it_spans(tmp_path: Path) -> None:
    result = read(csv_file(tmp_path, "age,occasion", "20,easter", '30,"easter', "40,x", "50,x"))
    assert result.line_numbers.tolist() == [2]
    assert result.refusals.by_reason == {"Not readable as CSV": 3}


def test_malformed_json_line_is_a_refused_row(tmp_path: Path) -> None:
    path = json_lines(tmp_path, {"age": 20}, '{"age": 3', "", [1], "[" * 9999, {"age": None})
    result = read(path)
    assert all_rows(result) == [Profile(age=20), Profile()]
    assert result.line_numbers.tolist() == [1, 6]
    assert result.refusals.by_reason == {"Not a JSON object": 3}


def test_text_in_json_is_read_as_in_csv(tmp_path: Path) -> None:
    result = read(json_lines(tmp_path, {"hobbies": "a;b"}, {"age": "34"}, {"hobbies": []}, {"hobbies": None}))
    assert all_rows(result) == [Profile(hobbies=("a", "b")), Profile(age=34), Profile(hobbies=()), Profile()]


def test_nan_and_blank_text_in_json_are_no_answers(tmp_path: Path) -> None:
    result = read(json_lines(tmp_path, '{"age": NaN, "hobbies": [NaN, "a", null]}', {"age": "", "hobbies": ""}))
    assert all_rows(result) == [Profile(hobbies=("a",)), Profile()]


def test_whole_floats_in_json_are_whole_numbers(tmp_path: Path) -> None:
    assert all_rows(read(json_lines(tmp_path, {"age": 24.0}))) == [Profile(age=24)]


def test_json_array_is_read_and_its_objects_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text('[\n {"age": 20},\n 5,\n {"age": 30, "occasion": "easter"}\n]', encoding="utf-8")
    result = read(path)
    assert all_rows(result) == [Profile(age=20), Profile(age=30, occasion="easter")]
    assert result.line_numbers.tolist() == [1, 3]


def test_members_of_nested_objects_are_columns(tmp_path: Path) -> None:
    path = json_lines(tmp_path, {"person": {"age": 20, "job": {"name": "cook"}}, "occasion": "easter"})
    mapping = parse_mapping("age = { from = 'person.age' }\noccupation = { from = 'person.job.name' }")
    assert all_rows(read_dataset(path, Profile, mapping)) == [
        Profile(age=20, occupation="cook", occasion="easter")
    ]


def test_json_key_of_the_last_line_alone_is_a_column(tmp_path: Path) -> None:
    result = read(json_lines(tmp_path, {"age": 20}, {"age": 30, "occasion": "easter", "hobbie": []}))
    assert all_rows(result) == [Profile(age=20), Profile(age=30, occasion="easter")]
    assert "nearest: 'hobbies'" in result.notes[0]


def test_parquet_lists_and_nulls_are_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, age=[20.0, None, 40.0], hobbies=[["b", "a"], None, []], id=[1, 2, 3])
    result = read(path)
    assert all_rows(result) == [Profile(age=20, hobbies=("a", "b")), Profile(), Profile(age=40, hobbies=())]
    assert result.row_ids is not None
    assert result.row_ids.tolist() == ["1", "2", "3"]


def test_parquet_columns_of_another_type_are_refused(tmp_path: Path) -> None:
    path = parquet(
        tmp_path, age=[20, 30], hobbies=["a;b", None], occupation=[datetime(2020, 1, 1, tzinfo=UTC), None]
    )
    assert all_rows(read(path)) == [Profile(age=30)]


def test_numbers_are_categories_as_in_csv(tmp_path: Path) -> None:
    path = parquet(tmp_path, store_preference=[3, 12], occupation=[1.0, None])
    assert all_rows(read(path)) == [
        Profile(store_preference="3", occupation="1"),
        Profile(store_preference="12"),
    ]


def test_decimals_and_structs_of_databases_are_read(tmp_path: Path) -> None:
    path, element = tmp_path / "profiles.parquet", pa.struct({"element": pa.string()})
    hobbies = pa.array(
        [{"list": [{"element": "a"}, {"element": "b"}]}, None], pa.struct({"list": pa.list_(element)})
    )
    age = pa.array([Decimal(24), None], pa.decimal128(38, 0))
    person = pa.array([{"occasion": "easter"}, {"occasion": None}])
    pq.write_table(pa.table({"age": age, "hobbies": hobbies, "person": person}), path)
    mapping = parse_mapping("occasion = { from = 'person.occasion' }")
    assert all_rows(read_dataset(path, Profile, mapping)) == [
        Profile(age=24, hobbies=("a", "b"), occasion="easter"),
        Profile(),
    ]


def test_parquet_categories_are_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, occupation=pd.Categorical(["Nurse", "cook", None], ["cook", "Nurse", "nobody"]))
    result = read(path)
    assert result.vocabularies["occupation"].values == ("cook", "nurse")


def test_gzipped_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "profiles.csv.gz"
    path.write_bytes(gzip.compress(b"age\n20\n"))
    assert all_rows(read(path)) == [Profile(age=20)]


def test_refused_rows_are_listed_without_their_values(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "age,budget_range", "20,low", "7,enormous", "30,high")
    result = read(path)
    side_file = tmp_path / "refused.csv"
    assert side_file.read_text(encoding="utf-8").splitlines() == [
        "line,field,reason",
        "3,age,Input should be greater than or equal to 13",
        "3,budget_range,\"Input should be 'low', 'medium' or 'high'\"",
    ]
    assert "Refused 1 of 3 rows (33.3%)" in result.notes[-1]


def test_unwritable_side_file_is_reported(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "age", "20", "7")
    result = read_dataset(path, Profile, max_refused=1, side_file=tmp_path / "nowhere" / "refused.csv")
    assert "could not be listed" in result.notes[-1]


def test_file_with_too_many_refused_rows_is_unusable(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "age", "20", "7", "8", "old")
    with pytest.raises(UnusableInput) as error:
        read(path, max_refused=0.5)
    assert "age: Input should be greater than or equal to 13 (2; first in line 3)" in str(error.value)
    assert "age: Input should be a valid integer (1; line 5)" in str(error.value)
    assert "refused.csv" in str(error.value)


def test_share_of_refused_rows_is_allowed(tmp_path: Path) -> None:
    assert len(read(csv_file(tmp_path, "age", "7", *["20"] * 19), max_refused=0.05)) == 19


def test_rows_without_answers_are_profiles(tmp_path: Path) -> None:
    assert all_rows(read(csv_file(tmp_path, "age,occasion", ",", ","))) == [Profile(), Profile()]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "does not begin with a line of column names"),
        ("header.csv", b"age,hobbies\n", "holds no rows"),
        ("empty.jsonl", b"", "holds no rows"),
        ("blank.jsonl", b"\n \n", "holds no rows"),
        ("empty.parquet", b"", "cannot be read"),
        ("text.parquet", b"age\n20\n", "cannot be read"),
        ("empty.arrow", b"", "cannot be read"),
        ("text.feather", b"age\n20\n", "cannot be read"),
        ("cut.arrow", b"ARROW1\0\0", "cannot be read"),
        ("table.xlsx", b"age\n20\n", "use .csv"),
        ("table.parquet.gz", b"age\n20\n", "use .csv"),
        ("plain.csv.gz", b"age\n20\n", "cannot be read"),
        ("cut.csv.gz", gzip.compress(b"age\n20\n" * 99, mtime=0)[:-9], "cannot be read"),
        ("binary.csv", b"age,occasion\n20,f\xc3\x28\x81te\n", "neither UTF-8 nor Windows-1252"),
        ("zeros.csv", b"age,occasion\n20,f\xeate\n\0\n", "neither UTF-8 nor Windows-1252"),
        ("twice.csv", b"age,age\n20,30\n", "'age' occurs more than once"),
        ("other.csv", b"Alter,Beruf\n20,x\n", "No column is a profile field"),
        ("broken.csv", b'"age\n20\n', "does not begin with a line of column names"),
        ("array.jsonl", b"[20]\n", "JSON object on each line"),
        ("some.jsonl", b'{"age": 20}\n[]\n', "Not a JSON object"),
    ],
)
def test_unusable_file_is_refused_with_what_to_change(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=sentence):
        read(path, max_refused=0.05)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="does not exist"):
        read(tmp_path / "profiles.csv")
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(UnusableInput, match="folder without files"):
        read(folder)


def test_quotation_marks_around_whole_lines_are_left_out(tmp_path: Path) -> None:
    lines = ['"age;""occupation"";""store_preference"""', '"30;""nurse; ward"";""online"""', '"41;""cook"";"""""']
    dataset = read(csv_file(tmp_path, *lines))
    read_as = [
        Profile(age=30, occupation="nurse;_ward", store_preference="online"),
        Profile(age=41, occupation="cook"),
    ]
    assert all_rows(dataset) == read_as
    assert "Each line of profiles.csv stands in quotation marks as a whole" in dataset.notes[0]
    assert "semicolons" in dataset.notes[0]


def test_single_column_of_quoted_text_keeps_its_commas(tmp_path: Path) -> None:
    dataset = read(csv_file(tmp_path, '"hobbies"', '"chess, art"', '"the ""new"" chess, art"'))
    assert len(dataset) == 2
    assert not any("as a whole" in note for note in dataset.notes)


def test_rows_without_any_answer_are_counted(tmp_path: Path) -> None:
    dataset = read(csv_file(tmp_path, "id,age,hobbies", "a,30,chess", "b,,", "c,n/a,", "d,,[]"))
    assert dataset.notes[-1] == "2 rows hold no answer in any field: a model learns nothing from them."
