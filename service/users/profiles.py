"""Use case: store a user's profile and assign it."""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from models.errors import SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from service.segmenting.assignment import LONG_BODY, Segmented, assign, unknown_by_field
from service.store.ports.users import StoredAssignment, StoredUser, UserStore
from service.users.stored_assignment import stored_assignment


class UserNotFound(SegmentsError):
    """No profile is stored for that user."""

    def __init__(self) -> None:
        super().__init__("No profile is stored for this user; PUT /users/{user_id}/profile stores one.")


class UserOptedOut(SegmentsError):
    """The user objected to being assigned a persona."""

    def __init__(self) -> None:
        super().__init__(
            "This user objected, and gets no persona; DELETE /users/{user_id}/objection withdraws the objection."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProfile:
    """A profile that was stored, and its assignment; None while no model is active, and after an objection."""

    user_id: str
    revision: int
    profile_updated_at: datetime
    assigned_at: datetime | None
    assignment: Segmented | None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class SubmittedProfile:
    """A profile whose write has been submitted at a time, and its assignment; None while no model is active."""

    write: Future[StoredUser]
    at: datetime
    assignment: Segmented | None

    def stored(self, user: StoredUser) -> StoredProfile:
        """The profile once it is stored; `user`: the result of the write."""
        assignment = None if user.opted_out else self.assignment
        return StoredProfile(
            user_id=user.user_id,
            revision=user.revision,
            profile_updated_at=user.profile_updated_at,
            assigned_at=self.at if assignment else None,
            assignment=assignment,
            opted_out=user.opted_out,
        )


async def put_profile(
    users: UserStore, loaded: LoadedArtifact | None, user_id: str, profile: Profile, now: datetime
) -> StoredProfile:
    """Store a user's profile, assigned where a model is active, without blocking the event loop.

    Raises `StoreUnavailable` or `UserErased`.
    """
    text = _text(profile)
    assignment = await _assign(loaded, profile, len(text)) if loaded else None
    submitted = _submit(users, user_id, profile, text, assignment, now)
    return submitted.stored(await asyncio.wrap_future(submitted.write))


def submit_short_profile(
    users: UserStore, loaded: LoadedArtifact, user_id: str, profile: Profile, now: datetime
) -> SubmittedProfile:
    """Assign a profile of at most `LONG_BODY` bytes, and begin to store it. Raises `StoreUnavailable`."""
    return _submit(users, user_id, profile, _text(profile), assign(loaded.model, profile), now)


def require_user(users: UserStore, user_id: str) -> StoredUser:
    """A stored user. Raises `UserNotFound`."""
    user = users.get(user_id)
    if user is None:
        raise UserNotFound
    return user


async def _assign(loaded: LoadedArtifact, profile: Profile, length: int) -> Segmented:
    if length > LONG_BODY:
        return await asyncio.to_thread(assign, loaded.model, profile)
    return assign(loaded.model, profile)


def _submit(
    users: UserStore,
    user_id: str,
    profile: Profile,
    text: str,
    assignment: Segmented | None,
    now: datetime,
) -> SubmittedProfile:
    to_store = _to_store(assignment, profile, now) if assignment else None
    return SubmittedProfile(users.submit(user_id, text, now, to_store), now, assignment)


def _text(profile: Profile) -> str:
    return profile.model_dump_json(exclude_unset=True)


def _to_store(assignment: Segmented, profile: Profile, now: datetime) -> StoredAssignment:
    unknown_count = sum(unknown_by_field(assignment.warnings).values())
    return stored_assignment(assignment, profile, unknown_count, now)
