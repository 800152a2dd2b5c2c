"""Assigning many stored users anew: those with one profile together, as a batch of profiles is."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError
from pydantic_core import from_json

from models.profile import Profile
from service.segmenting.assignment import InvalidProfile
from service.segmenting.segment_json import SegmentEncoder
from service.store.ports.users import AssignmentUpdate, StoredAssignment, StoredUser, UserStore
from service.users.batch_upsert import AssignedProfile, BatchAssigner
from service.users.stored_assignment import assign_again, with_recipients


def assign_all_again(
    users: UserStore, encoder: SegmentEncoder, stored: Sequence[StoredUser], now: datetime
) -> list[AssignmentUpdate]:
    """The assignments of users by the encoder's model, in their order."""
    recipients = users.recipients(with_recipients(stored))
    together = _assigned_together(encoder, stored, now)
    return [
        AssignmentUpdate(
            user.user_id,
            user.revision,
            together.get(user.user_id)
            or assign_again(encoder.loaded, user, recipients.get(user.user_id, []), now),
        )
        for user in stored
    ]


def _assigned_together(
    encoder: SegmentEncoder, stored: Sequence[StoredUser], now: datetime
) -> dict[str, StoredAssignment]:
    """The assignments of users with one profile, which is valid, and without a choice by hand."""
    plain = [
        user
        for user in stored
        if user.profile_json is not None
        and not user.recipient_count
        and not (user.assignment and user.assignment.chosen_persona_id)
    ]
    profiles = [from_json(user.profile_json or "") for user in plain]
    results = BatchAssigner(encoder, _valid).assign(profiles, now)
    return {
        user.user_id: result.assignment
        for user, result in zip(plain, results, strict=True)
        if isinstance(result, AssignedProfile) and result.assignment is not None
    }


def _valid(value: object) -> Profile | InvalidProfile:
    """A stored profile; one that no longer fits the profile's declaration is assigned by itself."""
    try:
        return Profile.model_validate(value)
    except ValidationError:
        return InvalidProfile(())
