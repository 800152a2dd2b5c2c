"""Requests and responses of batches of users."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PlainValidator, ValidationError

from models.storage.artifact import LoadedArtifact
from service.http.problems import FieldProblem, field_problems
from service.http.schemas.bounds import MAX_BATCH, STRICT, IdText
from service.http.schemas.segment import UnvalidatedProfile
from service.segmenting.assignment import Confidence, InvalidProfile, PersonaRef, persona_ref
from service.store.ports.users import Basis, UserErased
from service.users.batch_upsert import SubmittedUser, UpsertedUser
from service.users.personas import Revision


class User(BaseModel):
    """A user, and the profile to store."""

    model_config = STRICT

    user_id: Annotated[IdText, Field(description="Your own id of the user.", examples=["user-42"])]
    profile: UnvalidatedProfile


# As parsed: an invalid user must not fail the others.
UnvalidatedUser = Annotated[object, PlainValidator(lambda value: value, json_schema_input_type=User)]


class UpsertRequest(BaseModel):
    """Profiles of users to store, each with its own outcome."""

    model_config = STRICT

    users: Annotated[list[UnvalidatedUser], Field(max_length=MAX_BATCH)]


UpsertStatus = Annotated[
    Literal[200, 201, 409, 422],
    Field(
        description="201: the user is new; 200: the profile replaces another; 422: not valid, as `errors` say; "
        "409: the user was erased. Nothing is stored with 409 and 422."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertItem:
    """What became of one user.

    `persona`, `basis` and `confidence` are those of this profile alone; null while no model is active, after an
    objection, and where nothing is stored.
    """

    index: int
    user_id: Annotated[str | None, Field(description="As it was sent; null where that is no text.")]
    status: UpsertStatus
    persona: PersonaRef | None = None
    basis: Basis | None = None
    confidence: Confidence = None
    revision: Revision | None = None
    errors: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class UpsertResponse:
    """What became of the users, in the order of the request, all assigned by one model."""

    items: tuple[UpsertItem, ...]
    model_version: Annotated[str | None, Field(description="Null while no model is active.")]


_UserErrors = tuple[FieldProblem, ...]


def validate_user(index: int, value: object) -> SubmittedUser | UpsertItem:
    """One user of a batch, whose profile is not validated; or its item, which says what is wrong."""
    try:
        user = User.model_validate(value)
    except ValidationError as error:
        errors = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_input=False)]
        problems = field_problems(errors, User, is_item=True)
        user_id = value.get("user_id") if isinstance(value, dict) else None
        return UpsertItem(
            index=index,
            user_id=user_id if isinstance(user_id, str) else None,
            status=422,
            errors=tuple(_within(index, problem.pointer, problem.detail) for problem in problems),
        )
    return SubmittedUser(user.user_id, user.profile)


def upsert_item(index: int, upserted: UpsertedUser, loaded: LoadedArtifact | None) -> UpsertItem:
    """The item of a user whose id is valid. `loaded`: the model that assigned the profiles."""
    stored, user_id = upserted.stored, upserted.user_id
    if isinstance(stored, InvalidProfile):
        errors = tuple(_within(index, f"/profile{path}", detail) for path, detail in stored.errors)
        return UpsertItem(index=index, user_id=user_id, status=422, errors=errors)
    if isinstance(stored, UserErased):
        return UpsertItem(index=index, user_id=user_id, status=409)
    assigned: dict[str, Any] = {}
    if loaded is not None and upserted.assignment is not None:
        persona_id = upserted.assignment.persona_id
        assigned = {
            "persona": persona_ref(persona_id, loaded.model.by_id[persona_id].name),
            "basis": upserted.assignment.basis,
            "confidence": upserted.assignment.confidence,
        }
    status: Literal[200, 201] = 201 if stored.revision == 1 else 200
    return UpsertItem(index=index, user_id=user_id, status=status, revision=stored.revision, **assigned)


def _within(index: int, pointer: str, detail: str) -> FieldProblem:
    return FieldProblem(place="body", pointer=f"/users/{index}{pointer}", detail=detail)
