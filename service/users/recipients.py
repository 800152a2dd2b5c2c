"""Use cases: the people whom a user gives to, each with a profile of their own and a persona."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.errors import SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from service.paging import Page, decode_cursor
from service.segmenting.assignment import Segmented, assign
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import StoredRecipient, StoredUser, UserStore
from service.users.personas import Reading, log, reassign
from service.users.profiles import UserOptedOut, require_user
from service.users.stored_assignment import completed, read_profile


class RecipientNotFound(SegmentsError):
    """The user has no recipient of that id."""

    def __init__(self) -> None:
        super().__init__(
            "This user has no such recipient; GET /users/{user_id}/recipients lists those that there are."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSummary:
    """A recipient, without the profile."""

    recipient_id: str
    revision: Annotated[int, Field(description="How often the recipient's profile has been written, from 1.")]
    profile_updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientProfile(RecipientSummary):
    """A recipient, with the profile as it was sent."""

    user_id: str
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPersona(RecipientSummary):
    """The persona by a recipient's profile, completed with what the user said of themselves.

    `assignment` is null while no model is active, and after an objection.
    """

    user_id: str
    assignment: Segmented | None


@dataclass(frozen=True, slots=True)
class RecipientPage(Page[RecipientSummary]):
    """A page of a user's recipients, in the order of their ids."""

    items: tuple[RecipientSummary, ...]


def put_recipient(
    users: UserStore,
    loaded: LoadedArtifact | None,
    user_id: str,
    recipient_id: str,
    profile: Profile,
    now: datetime,
) -> RecipientPersona:
    """Store a recipient's profile, and assign the user anew.

    Raises `UserErased`, `TooManyRecipients` or `StoreUnavailable`.
    """
    stored = users.put_recipient(user_id, recipient_id, profile.model_dump_json(exclude_unset=True), now)
    _assign_anew(users, loaded, user_id, now)
    user = users.get(user_id)
    return _persona(loaded, user, stored)


def remove_recipient(
    users: UserStore, loaded: LoadedArtifact | None, user_id: str, recipient_id: str, now: datetime
) -> None:
    """Remove a recipient, and assign the user anew. Raises `RecipientNotFound` or `UserNotFound`."""
    if not users.remove_recipient(user_id, recipient_id, now):
        require_user(users, user_id)
        raise RecipientNotFound
    _assign_anew(users, loaded, user_id, now)


def get_recipient(users: UserStore, user_id: str, recipient_id: str) -> RecipientProfile:
    """A recipient's profile. Raises `UserNotFound` or `RecipientNotFound`."""
    recipient = _find(users, user_id, recipient_id)
    return RecipientProfile(
        user_id=user_id,
        recipient_id=recipient_id,
        revision=recipient.revision,
        profile_updated_at=recipient.profile_updated_at,
        profile=read_profile(recipient.profile_json),
    )


def list_recipients(users: UserStore, user_id: str, limit: int, cursor: str | None) -> RecipientPage:
    """A page of a user's recipients. Raises `UserNotFound` or `UnusableCursor`."""
    (after,) = decode_cursor(cursor, 1) if cursor else ("",)
    items = [
        RecipientSummary(
            recipient_id=recipient.recipient_id,
            revision=recipient.revision,
            profile_updated_at=recipient.profile_updated_at,
        )
        for recipient in _all(users, user_id)
        if recipient.recipient_id > after
    ]
    return RecipientPage.cut(items, limit, lambda recipient: (recipient.recipient_id,))


def get_recipient_persona(
    users: UserStore, loaded: LoadedArtifact, user_id: str, recipient_id: str
) -> RecipientPersona:
    """The persona by a recipient's profile. Raises `UserNotFound`, `RecipientNotFound` or `UserOptedOut`."""
    user = require_user(users, user_id)
    if user.opted_out:
        raise UserOptedOut
    return _persona(loaded, user, _find(users, user_id, recipient_id))


def _persona(
    loaded: LoadedArtifact | None, user: StoredUser | None, recipient: StoredRecipient
) -> RecipientPersona:
    assignment = None
    if loaded is not None and not (user and user.opted_out):
        own = read_profile(user.profile_json) if user and user.profile_json is not None else None
        assignment = assign(loaded.model, completed(read_profile(recipient.profile_json), own))
    return RecipientPersona(
        user_id=recipient.user_id,
        recipient_id=recipient.recipient_id,
        revision=recipient.revision,
        profile_updated_at=recipient.profile_updated_at,
        assignment=assignment,
    )


def _assign_anew(users: UserStore, loaded: LoadedArtifact | None, user_id: str, now: datetime) -> None:
    if loaded is None:
        return
    try:
        reassign(users, loaded, [user_id], Reading(now), seconds=None)
    except StoreUnavailable:
        # The recipient is stored; the next reader assigns the user.
        log.warning("assignments could not be written back")


def _all(users: UserStore, user_id: str) -> Sequence[StoredRecipient]:
    recipients = users.recipients([user_id]).get(user_id, [])
    if not recipients:
        require_user(users, user_id)
    return recipients


def _find(users: UserStore, user_id: str, recipient_id: str) -> StoredRecipient:
    for recipient in _all(users, user_id):
        if recipient.recipient_id == recipient_id:
            return recipient
    raise RecipientNotFound
