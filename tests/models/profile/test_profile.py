"""The profile, and the declaration of its fields' kinds."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ValidationError

from models.errors import ProfileShapeError
from models.profile.field_kinds import Categorical, Numeric, Ordinal, declared_fields
from models.profile.profile import MAX_LABELS, Profile


def test_empty_profile_is_valid() -> None:
    assert Profile.model_validate_json("{}") == Profile()


def test_every_field_declares_a_kind() -> None:
    kinds = {spec.name: spec.kind.name for spec in declared_fields(Profile)}
    assert kinds["age"] == "numeric"
    assert kinds["budget_range"] == "ordinal"
    assert kinds["occupation"] == "categorical"
    assert kinds["hobbies"] == "multi_label"
    assert list(kinds) == list(Profile.model_fields)


def test_ordinal_levels_are_those_of_the_literal_lowest_first() -> None:
    specs = {spec.name: spec for spec in declared_fields(Profile)}
    assert specs["budget_range"].levels == ("low", "medium", "high")


@pytest.mark.parametrize(
    "answers",
    [
        {"age": 12},
        {"age": 121},
        {"age": "34"},
        {"age": True},
        {"age": 34.5},
        {"age": float("nan")},
        {"budget_range": "enormous"},
        {"hobbies": "reading"},
        {"hobbies": [1]},
        {"hobbies": ["x"] * (MAX_LABELS + 1)},
        {"occupation": "x" * 1_000},
        {"shoe_size": 43},
    ],
)
def test_invalid_answer_is_refused(answers: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate(answers)


def test_list_from_python_equals_list_from_json() -> None:
    assert Profile.model_validate({"hobbies": ["a"]}) == Profile.model_validate_json('{"hobbies": ["a"]}')


def test_profile_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Profile(age=30).age = 31  # type: ignore[misc]


def test_field_without_a_kind_is_refused() -> None:
    class Bad(BaseModel):
        age: int | None = None

    with pytest.raises(ProfileShapeError, match="'age' needs exactly one kind"):
        declared_fields(Bad)


def test_required_field_is_refused() -> None:
    class Bad(BaseModel):
        age: Annotated[int, Numeric()]

    with pytest.raises(ProfileShapeError, match="'age' must default to None"):
        declared_fields(Bad)


def test_ordinal_field_without_levels_is_refused() -> None:
    class Bad(BaseModel):
        size: Annotated[str | None, Ordinal()] = None

    with pytest.raises(ProfileShapeError, match="needs its levels"):
        declared_fields(Bad)


def test_any_class_with_kinds_can_serve_as_a_profile() -> None:
    class Shop(BaseModel):
        district: Annotated[str | None, Categorical()] = None
        size: Annotated[Literal["small", "large"] | None, Ordinal()] = None

    assert [spec.name for spec in declared_fields(Shop)] == ["district", "size"]
