"""The profile, and the declaration of its fields' kinds."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from models.errors import ProfileShapeError
from models.profile.field_kinds import About, Categorical, Numeric, Ordinal, declared_fields
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


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"age": 24.0}, {"age": 24}),
        ({"purchases_last_year": 0.0, "lead_time_days": 1e2}, {"purchases_last_year": 0, "lead_time_days": 100}),
        ({"budget_range": "Medium"}, {"budget_range": "medium"}),
        ({"budget_range": "  HIGH "}, {"budget_range": "high"}),
    ],
)
def test_other_spelling_of_a_number_or_level_is_the_same_answer(
    sent: dict[str, object], stored: dict[str, object]
) -> None:
    assert Profile.model_validate(sent) == Profile.model_validate(stored)
    assert type(Profile.model_validate(sent).age) in (int, type(None))


def test_limits_before_the_kind_are_in_the_json_schema() -> None:
    (number, nothing) = Profile.model_json_schema()["properties"]["age"]["anyOf"]
    assert number == {"type": "integer", "minimum": 13, "maximum": 120}
    assert nothing == {"type": "null"}


def test_kind_before_the_limits_validates_the_same() -> None:
    class Guest(BaseModel):
        nights: Annotated[int | None, Numeric(log=True), Field(ge=0, le=30)] = None
        room: Annotated[Literal["1 bed", "2 Beds"] | None, Ordinal(), Field(description="Size.")] = None

    assert Guest.model_validate({"nights": 2.0, "room": "2-beds"}) == Guest(nights=2, room="2 Beds")
    assert Guest.model_validate({"nights": None}) == Guest()
    with pytest.raises(ValidationError, match="less than or equal to 30"):
        Guest.model_validate({"nights": 31.0})


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


def test_each_field_of_the_gifting_profile_says_whom_it_is_about() -> None:
    about = {spec.name: spec.about for spec in declared_fields(Profile)}
    of_recipient = {"relationship", "hobbies", "favourite_items", "favourite_movies", "recipient_age"}
    assert {name for name in about if about[name] == "recipient"} == of_recipient
    assert {name for name in about if about[name] == "gift"} == {"occasion"}
    schemas = Profile.model_json_schema()["properties"]
    assert {name: schema["x-about"] for name, schema in schemas.items()} == about


def test_sentences_speak_of_the_giver_about_who_the_recipient_is() -> None:
    subjects = {spec.name: spec.subject for spec in declared_fields(Profile)}
    assert (subjects["relationship"], subjects["occasion"], subjects["hobbies"]) == ("giver", "giver", "recipient")


def test_field_that_does_not_say_whom_it_is_about_is_the_givers() -> None:
    class Guest(BaseModel):
        nights: Annotated[int | None, Numeric()] = None

    [spec] = declared_fields(Guest)
    assert (spec.about, spec.subject) == ("giver", "giver")


@pytest.mark.parametrize(
    ("markers", "refusal"),
    [
        ((About("giver"), About("gift")), "more than once"),
        ((About("both"),), "about 'both'"),  # type: ignore[arg-type]
        ((About("recipient", relationship=True),), "who the recipient is"),
    ],
)
def test_about_that_does_not_fit_is_refused(markers: tuple[About, ...], refusal: str) -> None:
    class Bad(BaseModel):
        age: Annotated[(int | None, Numeric(), *markers)] = None

    with pytest.raises(ProfileShapeError, match=refusal):
        declared_fields(Bad)


def test_any_class_with_kinds_can_serve_as_a_profile() -> None:
    class Shop(BaseModel):
        district: Annotated[str | None, Categorical()] = None
        size: Annotated[Literal["small", "large"] | None, Ordinal()] = None

    assert [spec.name for spec in declared_fields(Shop)] == ["district", "size"]
