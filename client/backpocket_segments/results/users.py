"""Stored users: their personas, recipients and changes."""

# The service's own fields, which this distribution cannot import.
# pylint: disable=duplicate-code

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from backpocket_segments.errors import FieldError
from backpocket_segments.results.assignment import AnswerWarning, Assignment, Basis, PersonaRef, Segmented
from backpocket_segments.results.personas import BlendedAffinity, GiftAffinity

# STALE: present, but the profile is old; OPTED_OUT: the user objected, and has no persona; NOT_FOUND: of batches
# alone.
PersonaStatus = Literal["PRESENT", "STALE", "FALLBACK", "OPTED_OUT", "NOT_FOUND"]
ChangeType = Literal["PERSONA_CHANGED", "USER_ADDED", "USER_REMOVED", "MODEL_CHANGED"]
ChangeCause = Literal["PROFILE_CHANGED", "MODEL_CHANGED", "MANUAL", "OPTED_OUT", "ERASED", "BASELINE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProfile(Assignment):
    """A stored profile's persona; null while no model is active."""

    user_id: str
    persona: PersonaRef | None
    revision: int
    profile_updated_at: datetime
    model_version: str | None
    assigned_at: datetime | None
    probabilities: Mapping[str, float] | None
    missing_fields: tuple[str, ...]
    warnings: tuple[AnswerWarning, ...]
    basis: Basis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPersona(Assignment):
    """The persona of a user, by the active model; null where `status` is OPTED_OUT.

    `manual`: whether a person chose it; `recipients`: those that it rests on, where `basis` is RECIPIENTS;
    `revision` is 0 for a stranger.
    """

    user_id: str
    status: PersonaStatus
    persona: PersonaRef | None
    basis: Basis | None
    model_version: str
    assigned_at: datetime | None
    revision: int
    profile_updated_at: datetime | None
    manual: bool = False
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInBatch:
    """One user of many; without a persona where `status` is NOT_FOUND or OPTED_OUT."""

    user_id: str
    status: PersonaStatus
    persona: PersonaRef | None
    confidence: float | None
    basis: Basis | None = None
    assigned_at: datetime | None = None
    affinities: tuple[GiftAffinity, ...] | None = None


@dataclass(frozen=True, slots=True)
class UserPersonas:
    """The requested users, in the order of the request, all by one model."""

    items: tuple[UserInBatch, ...]
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertedUser:
    """One stored user of many: `status` is 201 (new), 200 (replaced), 409 (erased before) or 422 (not valid).

    With 409 and 422 nothing was stored; `errors` points into the users that were sent.
    """

    index: int
    user_id: str | None
    status: int
    persona: PersonaRef | None = None
    basis: Basis | None = None
    confidence: float | None = None
    revision: int | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class UpsertedUsers:
    """The outcomes of one batch, in its order."""

    items: tuple[UpsertedUser, ...]
    model_version: str | None


@dataclass(frozen=True, slots=True)
class UserAffinities:
    """What a user is likely to choose: the personas' affinities, weighted by the user's `probabilities`."""

    user_id: str
    status: PersonaStatus
    field: str | None
    items: tuple[BlendedAffinity, ...]
    probabilities: Mapping[str, float] | None
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person whom a user gives to; `revision` is how often the profile has been written, from 1."""

    recipient_id: str
    revision: int
    profile_updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientProfile(Recipient):
    """What is stored of a recipient; answers that were not given are null."""

    user_id: str
    profile: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPersona(Recipient):
    """The persona of the user as a giver to this recipient; null while no model is active."""

    user_id: str
    assignment: Segmented | None


@dataclass(frozen=True, slots=True)
class RecipientPage:
    """A page of the recipients of a user, in the order of their ids."""

    items: tuple[Recipient, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """How many users a new model moved from one persona to another; None is no persona."""

    from_persona_id: str | None
    to_persona_id: str | None
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one user's persona, or with `counts` and without a user what a new model changed.

    Whoever keeps a copy of a user erases it, too, where `cause` is ERASED, and fetches all personas again where
    `type` is MODEL_CHANGED. Of a persona None is none.
    """

    id: int
    type: ChangeType
    at: datetime
    cause: ChangeCause
    user_id: str | None
    from_persona_id: str | None
    to_persona_id: str | None
    from_model_version: str
    to_model_version: str
    counts: tuple[Movement, ...] | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the feed, the oldest first; `next_cursor` is where it goes on, now or later."""

    items: tuple[Change, ...]
    next_cursor: str
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedUser:
    """A line of the export."""

    user_id: str
    persona_id: str | None
    confidence: float | None
    assigned_at: datetime | None
    model_version: str | None
    status: PersonaStatus
    basis: Basis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A stored user of a persona."""

    user_id: str
    runner_up: PersonaRef | None
    confidence: float | None
    margin: float | None
    basis: Basis | None
    assigned_at: datetime | None
    profile_updated_at: datetime


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page of the users of a persona, in the order of their ids; a short or empty one may not be the last."""

    items: tuple[Member, ...]
    next_cursor: str | None
    persona: PersonaRef
    model_version: str
