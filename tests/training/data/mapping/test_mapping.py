"""Mappings: each rule, each check, and the survey as the worked example."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from models.scoring.columns import CodeListColumn
from testkit import ROOT
from training.data.dataset import Dataset, from_frame, read_dataset
from training.data.mapping.mapping import apply, check, load_mapping, parse_mapping
from training.errors import UnusableInput

SURVEY_MAPPING = ROOT / "training" / "mappings" / "young_people_survey.toml"
SURVEY = Path(os.environ.get("SURVEY_CSV", ROOT.parent / "shared" / "data" / "young_people.csv"))


def mapped(text: str, **columns: list[object]) -> Dataset:
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    mapping = parse_mapping(text)
    check(mapping, list(columns), Profile)
    fields = [*mapping.rules, *(name for name in columns if name in Profile.model_fields)]
    return from_frame(apply(mapping, frame)[list(dict.fromkeys(fields))], Profile)


def answers(dataset: Dataset, field: str) -> list[object]:
    return [getattr(profile, field) for profile in dataset.profiles(np.arange(len(dataset)))]


def assert_unusable(text: str, sentence: str, **columns: list[object]) -> None:
    with pytest.raises(UnusableInput, match=sentence):
        mapped(text, **columns)


def test_rename_rule_takes_the_column() -> None:
    assert answers(mapped("age = { from = 'Age' }", Age=[20, None]), "age") == [20, None]


def test_unmapped_profile_fields_are_unchanged() -> None:
    result = mapped("age = { from = 'Age' }", Age=[20], occasion=["easter"])
    assert answers(result, "occasion") == ["easter"]


def test_mapped_field_replaces_the_column_of_its_name() -> None:
    assert answers(mapped("age = { from = 'Age' }", Age=[20], age=[99]), "age") == [20]


def test_field_can_be_mapped_from_its_own_column() -> None:
    result = mapped("hobbies = { from = 'hobbies', split = '|' }", hobbies=["b|a| ", "", None])
    assert answers(result, "hobbies") == [("a", "b"), None, None]


RATINGS = """
[hobbies]
from = ["History", "Art, craft"]
at_least = 4
names = { "Art, craft" = "crafts" }
"""


def test_ratings_rule_lists_columns_that_reach_the_mark() -> None:
    ratings: dict[str, list[object]] = {"History": ["5", 4, "1", None], "Art, craft": ["4", 3.9, "", "4.0"]}
    result = mapped(RATINGS, **ratings)
    assert answers(result, "hobbies") == [("crafts", "history"), ("history",), (), ("crafts",)]


def test_empty_ratings_are_no_answer() -> None:
    ratings: dict[str, list[object]] = {"History": [" ", None, "2"], "Art, craft": [None, float("nan"), None]}
    result = mapped(RATINGS, **ratings)
    assert answers(result, "hobbies") == [None, None, ()]


def test_row_with_a_rating_that_is_no_number_is_refused() -> None:
    ratings: dict[str, list[object]] = {"History": [5, 5, 5], "Art, craft": ["very much", 4, "yes"]}
    result = mapped(RATINGS, **ratings)
    assert answers(result, "hobbies") == [("crafts", "history")]
    assert result.refusals.by_reason == {"hobbies: Not a number in column 'Art, craft'": 2}


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (True, False),
        ("True", "False"),
        ("Yes", "No"),
        ("x", ""),
        (1, 0),
        ("1", "0"),
        ("crafts", ""),
        ("ja", "nein"),
    ],
)
@pytest.mark.parametrize("at_least", ["", "at_least = 1"])
def test_options_are_ticked_in_every_way_that_forms_write(yes: object, no: object, at_least: str) -> None:
    text = RATINGS.replace("at_least = 4", at_least)
    ticks: dict[str, list[object]] = {"History": [1, 1, 0], "Art, craft": [yes, no, no]}
    assert answers(mapped(text, **ticks), "hobbies") == [("history", "crafts"), ("history",), ()]


RECODE = """
[occupation]
from = "Job"
recode = { "sw eng" = "engineer", "3" = "teacher", "n/a" = "" }
"""


def test_recode_rule_replaces_values() -> None:
    result = mapped(RECODE, Job=[" sw eng", 3, 3.0, "n/a", None, ""])
    assert answers(result, "occupation") == ["engineer", "teacher", "teacher", None, None, None]


@pytest.mark.parametrize(("others", "expected"), [("keep", ["engineer", "cook"]), ("drop", ["engineer", None])])
def test_unlisted_values_are_passed_or_dropped(others: str, expected: list[str | None]) -> None:
    assert answers(mapped(f"{RECODE}others = '{others}'", Job=["sw eng", "cook"]), "occupation") == expected


def test_unlisted_values_are_refused_by_default() -> None:
    result = mapped(RECODE, Job=["sw eng", "cook"])
    assert len(result) == 1
    assert result.refusals.by_reason == {"occupation: Value not in the recode table of column 'Job'": 1}


BINS = """
[budget_range]
from = "Euros"
edges = [20, 60]
labels = ["low", "medium", "high"]
"""


def test_bins_include_their_lower_edge() -> None:
    result = mapped(BINS, Euros=["5", 19.99, 20, 59, "60", 1e9, None, " "])
    levels = ["low", "low", "medium", "medium", "high", "high", None, None]
    assert answers(result, "budget_range") == levels


def test_bin_with_an_empty_label_is_no_answer() -> None:
    text = "store_preference = { from = 'Brands', edges = [3, 4], labels = ['unbranded', '', 'branded'] }"
    assert answers(mapped(text, Brands=[2, 3, 4]), "store_preference") == ["unbranded", None, "branded"]


@pytest.mark.parametrize("cell", ["many", [5], "1e999", "12 50"])
def test_row_with_a_binned_cell_that_is_no_number_is_refused(cell: object) -> None:
    result = mapped(BINS, Euros=[5, cell])
    assert answers(result, "budget_range") == ["low"]
    assert result.refusals.by_reason == {"budget_range: Not a number in column 'Euros'": 1}


def test_words_for_missing_answers_are_no_numbers_and_no_refusals() -> None:
    assert answers(mapped(BINS, Euros=[5, "n/a", "NaN"]), "budget_range") == ["low", None, None]
    ratings: dict[str, list[object]] = {"History": ["5", "-"], "Art, craft": ["?", "NULL"]}
    assert answers(mapped(RATINGS, **ratings), "hobbies") == [("history",), None]


AGE = """
[age]
from = "Born"
age_on = 2026-11-29
"""


def test_age_is_that_on_the_declared_day() -> None:
    born: list[object] = ["1990-11-29", "1990-11-30", "1990-01-01T10:00:00Z", date(2000, 2, 29), "n/a", None]
    assert answers(mapped(AGE, Born=born), "age") == [36, 35, 36, 26, None, None]


def test_dates_are_read_in_the_declared_format_and_others_refused() -> None:
    assert answers(mapped(f'{AGE}format = "%d.%m.%Y"', Born=["24.12.1990"]), "age") == [35]
    assert "Not a date like 1984-03-31" in next(iter(mapped(AGE, Born=["24.12.1990"]).refusals.by_reason))


def test_word_for_a_missing_answer_is_no_list_of_its_letters() -> None:
    result = mapped('hobbies = { from = "Likes", split = "/" }', Likes=["a/b", "n/a", "[]", "a;b"])
    assert answers(result, "hobbies") == [("a", "b"), None, (), ("a;b",)]


def test_words_may_be_numbers() -> None:
    assert parse_mapping("missing = [99]\n[age]\nfrom = 'Age'\nmissing = [98]").words("age").holds("99")


def test_table_without_a_column_is_about_the_column_of_its_name() -> None:
    result = mapped('hobbies = { split = "/" }', hobbies=["a/b"])
    assert answers(result, "hobbies") == [("a", "b")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("age = { from = 'Aeg' }", "column 'Aeg'.*nearest: 'Age'"),
        ("age = { from = 'Something else' }", "column 'Something else', which the file does not have"),
        (
            "hobbys = { from = 'Age' }",
            "'hobbys', which is not a profile field .nearest: 'hobbies'.*The fields are age, relationship,",
        ),
        ("encoding = 'utf-9'\nage = { from = 'Age' }", r"\[encoding\].*not the name of an encoding"),
        ("mising = ['99']\nage = { from = 'Age' }", "no key 'mising' .nearest: 'missing'.. The keys are missing,"),
        ("decimal = ';'\nage = { from = 'Age' }", r"\[decimal\]"),
        ("missing = '99'\nage = { from = 'Age' }", r"\[missing\]"),
        ("user_id = { form = 'Age' }", r"\[user_id\]"),
        ("age = { from = 'Age', age_on = 'today' }", r"\[age"),
        ("age = { from = 'Age', at_lest = 4 }", r"\[age.at_lest\] Extra inputs are not permitted"),
        ("age = { form = 'Age' }", r"\[age.from\] Field required"),
        ("age = 'Age'", r"\[age\]"),
        ("age = 34", r"\[age\]"),
        ("", "fills no field"),
        ("[age]\nfrom = 'Age'\n[age]\nfrom = 'Age'", "one table only"),
        ("age: Age", "not a mapping in TOML"),
        ("age = { from = ['Age'], at_least = 4 }", "cannot use ratings: the field is numeric"),
        ("age = { from = 'Age', split = ';' }", "cannot use split"),
        ("age = { from = 'Age', edges = [1], labels = ['a', 'b'] }", "cannot use bins"),
        ("hobbies = { from = 'Age', recode = { a = 'b' } }", "cannot use recode"),
        ("hobbies = { from = [], at_least = 4 }", r"\[hobbies.from\]"),
        ("hobbies = { from = ['Age'], at_least = 4, names = { Aeg = 'x' } }", "names has 'Aeg'"),
        ("hobbies = { from = ['Age', 'Age'], at_least = 4 }", "a column more than once"),
        ("hobbies = { from = ['Age'], at_least = nan }", "finite"),
        ("budget_range = { from = 'Age', edges = [1], labels = ['low'] }", "one more label than edges"),
        ("budget_range = { from = 'Age', edges = [2, 1], labels = ['low', '', 'high'] }", "edges must rise"),
        ("budget_range = { from = 'Age', edges = [1], labels = ['low', 'huge'] }", "gives 'huge'; its levels are"),
        ("budget_range = { from = 'Age', recode = { a = 'huge' } }", "gives 'huge'"),
        ("occupation = { from = 'Age', recode = { a = 'b' }, others = 'ignore' }", "'keep', 'drop' or 'refuse'"),
    ],
)
def test_invalid_mapping_is_refused_with_its_location(text: str, sentence: str) -> None:
    assert_unusable(text, sentence, Age=[20], Job=["cook"])


def test_missing_mapping_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="cannot be read"):
        load_mapping(tmp_path / "nowhere.toml")


def test_refused_cell_names_the_reason_and_not_the_value() -> None:
    assert "cook" not in repr(apply(parse_mapping(RECODE), pd.DataFrame({"Job": ["cook"]}))["occupation"].iloc[0])


def test_every_file_format_is_mapped_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"History": [5, None, 1], "Art, craft": [1, None, 2], "user_id": ["a", "b", "c"]})
    frame.to_csv(tmp_path / "survey.csv", index=False)
    frame.to_parquet(tmp_path / "survey.parquet")
    frame.to_json(tmp_path / "survey.jsonl", orient="records", lines=True)
    result = [
        read_dataset(tmp_path / f"survey.{suffix}", Profile, parse_mapping(RATINGS))
        for suffix in ("csv", "parquet", "jsonl")
    ]
    assert [answers(dataset, "hobbies") for dataset in result] == [[("history",), None, ()]] * 3
    assert len({dataset.fingerprint for dataset in result}) == 1
    assert all(dataset.row_ids is not None and len(dataset.row_ids) == 3 for dataset in result)


def test_field_can_be_the_source_of_another_field(tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text("age,user_id\n20,a\n70,b\n", encoding="utf-8")
    mapping = parse_mapping("occupation = { from = 'age', edges = [65], labels = ['', 'retired'] }")
    result = read_dataset(tmp_path / "survey.csv", Profile, mapping)
    assert answers(result, "age") == [20, 70]
    assert answers(result, "occupation") == [None, "retired"]


def test_unused_columns_are_counted_and_the_first_named(tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text("Age,Height,Weight\n20,180,80\n", encoding="utf-8")
    result = read_dataset(tmp_path / "survey.csv", Profile, parse_mapping("age = { from = 'Age' }"))
    assert result.notes == ("Columns that the mapping does not use: 2 ('Height', 'Weight').",)


def test_column_with_brackets_is_left_out_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text("Age,G01[SQ001],G01[SQ002]\n20,Yes,No\n", encoding="utf-8")
    mapping = parse_mapping("ignore = ['G01[SQ001]', 'G01[[]SQ002]']\nage = { from = 'Age' }")
    assert read_dataset(tmp_path / "survey.csv", Profile, mapping).notes == ()


@pytest.mark.skipif(not SURVEY.exists(), reason="the survey is not part of the project")
def test_survey_is_mapped_to_profiles(tmp_path: Path) -> None:
    result = read_dataset(SURVEY, Profile, load_mapping(SURVEY_MAPPING), side_file=tmp_path / "refused.csv")
    assert len(result) == 1010
    assert not result.refusals.rows
    sizes = {name: len(words.values) for name, words in result.vocabularies.items() if words.values}
    assert sizes == {"hobbies": 32, "favourite_items": 21, "favourite_movies": 11, "store_preference": 2}
    hobbies = result.columns["hobbies"]
    assert isinstance(hobbies, CodeListColumn)
    assert 10 < hobbies.lengths.mean() < 13


def test_survey_mapping_writes_readable_values() -> None:
    for rule in load_mapping(SURVEY_MAPPING).rules.values():
        names = getattr(rule, "names", {})
        assert all(word == word.casefold() and word.replace(" ", "").isalpha() for word in names.values())
