"""Requests and responses of `/users`."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from service.http.schemas.bounds import ID_RULE, MAX_BATCH, STRICT, IdText
from service.segmenting.assignment import (
    AnswerWarning,
    Basis,
    Confidence,
    IsOutlier,
    Margin,
    PersonaRef,
    Probabilities,
    RunnerUp,
    Segmented,
    Settled,
    Typicality,
)
from service.users.personas import Revision
from service.users.profiles import StoredProfile


class UsersRequest(BaseModel):
    """The users whose personas are requested."""

    model_config = STRICT

    user_ids: Annotated[
        list[IdText],
        Field(
            max_length=MAX_BATCH,
            description=f"Ids of users, each {ID_RULE}.",
            examples=[["user-42"]],
        ),
    ]
    fallback: Annotated[
        bool, Field(description="Whether a user who is not stored gets the persona of an empty profile.")
    ] = False


class ChosenPersona(BaseModel):
    """The persona that a user is given by hand."""

    model_config = STRICT

    persona_id: Annotated[
        str, Field(max_length=200, description="A persona of the active model.", examples=["p_7Kx2"])
    ]


NO_MODEL = AnswerWarning(
    code="NO_MODEL", detail="The profile is stored; it is assigned at the first request after a model is active."
)

OPTED_OUT = AnswerWarning(
    code="OPTED_OUT",
    detail="The profile is stored; the user objected, and gets no persona until that is withdrawn.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProfileBody:
    """A stored profile's persona; null while no model is active, and after an objection.

    Of a user with recipients, the persona of this profile alone.
    """

    user_id: str
    revision: Revision
    profile_updated_at: datetime
    persona: PersonaRef | None
    model_version: str | None
    assigned_at: datetime | None
    # The fields of `Segmented`, between others: their order is public.
    # pylint: disable=duplicate-code
    confidence: Confidence
    probabilities: Probabilities
    runner_up: RunnerUp
    margin: Margin
    settled: Settled
    typicality: Typicality
    is_outlier: IsOutlier
    # pylint: enable=duplicate-code
    basis: Basis | None
    missing_fields: tuple[str, ...]
    warnings: tuple[AnswerWarning, ...]

    @classmethod
    def of(cls, stored: StoredProfile) -> "StoredProfileBody":
        """The body for a stored profile; without an assignment its fields are empty, and a warning says why."""
        assignment = stored.assignment
        assigned = {name: getattr(assignment, name) for name in _UNASSIGNED} if assignment else _UNASSIGNED
        if stored.opted_out:
            assigned = _UNASSIGNED | {"warnings": (OPTED_OUT,)}
        return cls(
            user_id=stored.user_id,
            revision=stored.revision,
            profile_updated_at=stored.profile_updated_at,
            assigned_at=stored.assigned_at,
            **assigned,
        )


# The fields of `Segmented` in a `StoredProfileBody`, as they are without an assignment.
_UNASSIGNED: dict[str, Any] = {
    **dict.fromkeys(field.name for field in fields(Segmented)),
    "missing_fields": (),
    "warnings": (NO_MODEL,),
}
