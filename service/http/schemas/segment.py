"""Requests and responses of `/segment`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from models.profile import Profile
from service.http.error_table import INVALID
from service.http.problems import FieldProblem, field_problems, json_pointer
from service.http.schemas.bounds import MAX_BATCH, STRICT
from service.segmenting.assignment import InvalidProfile, Outcome, Segmented, SegmentedInDetail
from service.sentences import unknown_name

PROFILE_FIELDS = tuple(Profile.model_fields)
# The first field that has an example, whatever the profile class.
_SHORT_PROFILE = next(
    ({name: info.examples[0]} for name, info in Profile.model_fields.items() if info.examples), {}
)

# As parsed. FastAPI validates bodies on the event loop, where a thousand profiles would take too long; the route
# calls `validate_profile` in a thread instead.
UnvalidatedProfile = Annotated[object, PlainValidator(lambda value: value, json_schema_input_type=Profile)]


def validate_profile(value: object) -> Profile | InvalidProfile:
    """One profile of a batch, or what is wrong with it: an invalid one must not fail the others."""
    if isinstance(value, dict) and len(value) > len(PROFILE_FIELDS):
        # One error for the first unknown field; pydantic would report every one of them.
        unknown = next(name for name in value if name not in PROFILE_FIELDS)
        return InvalidProfile(((json_pointer([unknown]), unknown_name("field", unknown, PROFILE_FIELDS)),))
    try:
        return Profile.model_validate(value)
    except ValidationError as error:
        errors = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_input=False)]
        problems = field_problems(errors, Profile, is_item=True)
        return InvalidProfile(tuple((problem.pointer, problem.detail) for problem in problems))


class BatchRequest(BaseModel):
    """Profiles to assign, each with its own outcome."""

    model_config = STRICT

    profiles: Annotated[list[UnvalidatedProfile], Field(max_length=MAX_BATCH, examples=[[_SHORT_PROFILE]])]


class ItemProblem(BaseModel):
    """Why one item of a batch has no result."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A profile that was assigned."""

    index: int
    status: int
    result: SegmentedInDetail | Segmented


@dataclass(frozen=True, slots=True)
class BatchFailure:
    """A profile that is not valid."""

    index: int
    status: int
    error: ItemProblem


@dataclass(frozen=True, slots=True)
class BatchResponse:
    """The outcomes in the order of the profiles, all from one model."""

    model_version: str
    items: tuple[BatchItem | BatchFailure, ...]


def batch_item_of(index: int, outcome: Outcome) -> BatchItem | BatchFailure:
    """The item of a `BatchResponse` at this index."""
    if outcome.result is not None:
        return BatchItem(index, 200, outcome.result)
    errors = outcome.invalid.errors if outcome.invalid else ()
    return BatchFailure(index, INVALID.status, _item_problem(index, errors))


def _item_problem(index: int, errors: tuple[tuple[str, str], ...]) -> ItemProblem:
    return ItemProblem(
        type=INVALID.uri,
        title=INVALID.title,
        status=INVALID.status,
        detail="This profile is not valid; correct what `errors` names and send it again.",
        errors=tuple(
            FieldProblem(place="body", pointer=f"/profiles/{index}{path}", detail=detail)
            for path, detail in errors
        ),
    )


class CompareRequest(BaseModel):
    """A profile, and changes to its answers."""

    model_config = STRICT

    profile: Profile
    changes: Annotated[Profile, Field(description="Only the fields that change; null removes an answer.")]
