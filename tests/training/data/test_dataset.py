"""The dataset: the same profiles are the same dataset, whichever way they come."""

from random import Random
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pydantic import BaseModel, ConfigDict, Field

from models.profile import Profile
from models.profile.field_kinds import Categorical, MultiLabel, Numeric
from models.scoring.columns import CodeColumn, CodeListColumn, NumberColumn
from tests.support.columns import assert_same_columns
from tests.support.files import write_csv, write_json_lines, write_parquet
from tests.support.profiles import profiles
from training.data.dataset import Dataset, from_frame, from_profiles, read_dataset
from training.errors import UnusableInput

many_profiles = st.lists(profiles(), min_size=1, max_size=12)


class Visit(BaseModel):
    """Another shape of profile: lists are lists, a number is a float, nothing is strict."""

    model_config = ConfigDict(frozen=True)

    minutes: Annotated[float | None, Numeric()] = None
    tags: Annotated[list[str] | None, MultiLabel(), Field(max_length=3)] = None
    channels: Annotated[frozenset[str] | None, MultiLabel()] = None
    device: Annotated[str | None, Categorical()] = None


def frame(**answers: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in answers.items()})


def dataset(**answers: list[object]) -> Dataset:
    return from_frame(frame(**answers), Profile)


def all_rows(dataset: Dataset) -> list[BaseModel]:
    return dataset.profiles(np.arange(len(dataset)))


@settings(max_examples=25, deadline=None)
@given(many_profiles)
def test_same_profiles_are_the_same_dataset_from_every_format(
    tmp_path_factory: pytest.TempPathFactory, some: list[Profile]
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    files = [write(some, folder) for write in (write_csv, write_json_lines, write_parquet)]
    expected = from_profiles(some)
    for file in files:
        result = read_dataset(file, Profile)
        assert_same_columns(result.columns, expected.columns)
        assert result.fingerprint == expected.fingerprint


@settings(deadline=None)
@given(many_profiles)
def test_profiles_are_returned_in_normalised_spelling(some: list[Profile]) -> None:
    once = from_profiles(some)
    assert from_profiles(all_rows(once)).fingerprint == once.fingerprint
    assert [profile.model_validate(profile.model_dump()) for profile in all_rows(once)] == all_rows(once)


@settings(deadline=None)
@given(many_profiles)
def test_distinct_profiles_are_counted(some: list[Profile]) -> None:
    twice = from_profiles([*some, *some])
    assert twice.distinct_rows == len(set(all_rows(twice)))


@settings(deadline=None)
@given(many_profiles, st.randoms())
def test_take_returns_rows_in_the_given_order(some: list[Profile], random: Random) -> None:
    whole = from_profiles(some)
    order = random.sample(range(len(some)), len(some))
    taken = whole.take(np.array(order))
    assert all_rows(taken) == [all_rows(whole)[row] for row in order]
    assert taken.vocabularies == whole.vocabularies
    assert_array_equal(taken.line_numbers, np.array(order) + 1)


def test_vocabulary_is_ordered_by_frequency_then_alphabetically() -> None:
    hobbies = dataset(hobbies=[["Chess", "chess", "yoga"], ["yoga"], ["art", "CHESS"], ["zen", "art"]])
    assert hobbies.vocabularies["hobbies"].values == ("art", "chess", "yoga", "zen")


def test_lists_hold_each_value_once() -> None:
    column = dataset(hobbies=[["chess", "Chess", "art"], [], None, ["art"]]).columns["hobbies"]
    assert isinstance(column, CodeListColumn)
    assert_array_equal(column.offsets, [0, 2, 2, 2, 3])
    assert_array_equal(column.answered, [True, True, False, True])


def test_blank_values_are_left_out_of_lists_and_are_no_answer_alone() -> None:
    blanks = dataset(hobbies=[["", "  "]], occupation=[" "])
    assert all_rows(blanks) == [Profile(hobbies=())]
    assert blanks.vocabularies["occupation"].values == ()


def test_list_of_values_without_a_letter_is_not_answered() -> None:
    assert all_rows(dataset(hobbies=[["-"], ["-", "chess"]])) == [Profile(), Profile(hobbies=("chess",))]


def test_levels_become_numbers_in_any_spelling() -> None:
    column = dataset(budget_range=["High", " low", None, "MEDIUM"]).columns["budget_range"]
    assert isinstance(column, NumberColumn)
    assert_array_equal(column.values, [2, 0, np.nan, 1])


def test_whole_numbers_may_be_floats() -> None:
    column = from_frame(pd.DataFrame({"age": [20.0, float("nan")]}), Profile).columns["age"]
    assert isinstance(column, NumberColumn)
    assert_array_equal(column.values, [20, np.nan])


def test_field_missing_in_the_frame_is_not_answered() -> None:
    occupation = dataset(age=[20, 30]).columns["occupation"]
    assert isinstance(occupation, CodeColumn)
    assert_array_equal(occupation.codes, [-1, -1])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"age": 7}, "age: Input should be greater than or equal to 13"),
        ({"age": "34"}, "age: Input should be a valid integer"),
        ({"age": 20.5}, "age: Input should be a valid integer"),
        ({"age": True}, "age: Input should be a valid integer"),
        ({"age": float("inf")}, "age: Input should be a valid integer"),
        ({"age": 10**400}, "age: Input should be less than or equal to 120"),
        ({"age": {"years": 20}}, "age: Input should be a valid integer"),
        ({"budget_range": "enormous"}, "budget_range: Input should be 'low', 'medium' or 'high'"),
        ({"occupation": 5}, "occupation: Input should be a valid string"),
        ({"occupation": "x" * 201}, "occupation: String should have at most 200 characters"),
        ({"hobbies": "chess"}, "hobbies: Input should be a valid list"),
        ({"hobbies": [["chess"]]}, "hobbies: Input should be a valid string"),
        ({"hobbies": ["chess"] * 201}, "hobbies: List should have at most 200 items"),
    ],
)
def test_row_that_does_not_fit_is_refused_without_its_value(answer: dict[str, object], reason: str) -> None:
    answers: dict[str, list[object]] = {name: [None, value] for name, value in answer.items()}
    result = dataset(relationship=["friend", "partner"], **answers)
    assert all_rows(result) == [Profile(relationship="friend")]
    assert result.vocabularies["relationship"].values == ("friend",)
    assert result.refusals.by_reason == {reason: 1}
    assert [misfit.line for misfit in result.refusals.misfits] == [2]


def test_equal_numbers_of_different_types_are_validated_separately() -> None:
    assert dataset(purchases_last_year=[1, True, 1.0, "1"]).line_numbers.tolist() == [1, 3]


def test_every_misfit_of_a_row_is_listed_and_the_row_counted_once() -> None:
    refusals = dataset(age=[7, 20], budget_range=["enormous", "low"]).refusals
    assert refusals.rows == 1
    assert sum(refusals.by_reason.values()) == 2


def test_id_column_becomes_row_ids_as_text() -> None:
    result = dataset(user_id=["a", 7, 8.0, None], age=[20, 5, 30, 40])
    assert result.row_ids is not None
    assert result.row_ids.tolist() == ["a", "8", ""]
    assert result.take(np.array([1])).row_ids.tolist() == ["8"]  # type: ignore[union-attr]
    assert result.fingerprint == dataset(age=[20, 30, 40]).fingerprint


def test_frame_without_an_id_column_has_no_row_ids() -> None:
    assert dataset(age=[20]).row_ids is None


def test_unknown_column_is_noted_with_the_nearest_field() -> None:
    result = dataset(age=[20], Hobbys=["chess"], persona_truth=["bookish"], id=[1])
    assert result.notes == ("Column 'Hobbys' is not a profile field (nearest: 'hobbies'); it is not used.",)


def test_frame_without_any_profile_field_is_refused() -> None:
    with pytest.raises(UnusableInput, match=r"'Alter'.*age, relationship.*--mapping"):
        dataset(Alter=[20])


def test_duplicate_columns_are_refused() -> None:
    with pytest.raises(UnusableInput, match="'age' occurs more than once"):
        from_frame(pd.DataFrame([[1, 2]], columns=["age", "age"]), Profile)


def test_fingerprint_depends_on_rows_and_not_on_column_order_or_spelling() -> None:
    one = dataset(age=[20, 30], hobbies=[["Board games"], []]).fingerprint
    assert dataset(hobbies=[["board-games"] * 2, []], age=[20.0, 30]).fingerprint == one
    assert dataset(age=[30, 20], hobbies=[[], ["Board games"]]).fingerprint != one
    assert dataset(age=[20, 30], hobbies=[["Board games"], None]).fingerprint != one


def test_rows_of_several_chunks_are_coded_alike() -> None:
    count = 45_000
    some = frame(age=[20 + row % 50 for row in range(count)], hobbies=[[f"h{row % 9}"] for row in range(count)])
    result = from_frame(some, Profile)
    assert len(result) == count
    assert result.distinct_rows == 450
    assert all_rows(result.take(np.array([44_999]))) == [Profile(age=69, hobbies=("h8",))]


def test_any_profile_class_makes_a_dataset() -> None:
    some = [
        Visit(minutes=2.5, tags=["b", "a"], channels=frozenset({"web"}), device="Phone"),
        Visit(minutes=3, tags=[]),
    ]
    assert all_rows(from_profiles(some)) == [
        Visit(minutes=2.5, tags=["a", "b"], channels=frozenset({"web"}), device="phone"),
        Visit(minutes=3, tags=[]),
    ]
    too_many = from_frame(frame(tags=[["a"] * 4]), Visit)
    assert too_many.refusals.by_reason == {"tags: List should have at most 3 items": 1}


def test_infinity_is_refused() -> None:
    result = from_frame(frame(minutes=[float("inf"), 1.5, -float("inf")]), Visit)
    assert result.refusals.by_reason == {"minutes: Input should be a finite number": 2}


def test_no_profiles_require_a_profile_class() -> None:
    assert len(from_profiles([], Profile)) == 0
    with pytest.raises(UnusableInput):
        from_profiles([])


def test_value_may_be_longer_in_normalised_form() -> None:
    result = from_profiles([Profile(occupation="ﷺ" * 200)])
    assert len(all_rows(result)) == 1
    assert result.vocabularies["occupation"].code("ﷺ" * 200) == 0
