"""Use case: store the profiles of many users at once, each assigned by one model.

The answers of most profiles are known to the model: they are looked up and scored together, which takes a tenth of
the time of one after the other. The other profiles are validated and assigned one by one, as one user's is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import to_json

from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.scoring.columns import CodeColumn, CodeListColumn, Columns, FloatArray, IntArray
from models.segment_model import SegmentModel
from service.segmenting.assignment import InvalidProfile
from service.segmenting.segment_json import KnownScores, SegmentEncoder
from service.store.ports.errors import NotStorable
from service.store.ports.texts import require_storable
from service.store.ports.users import Basis, StoredAssignment, StoredUser, UserErased, UserStore
from service.users.stored_assignment import stored_assignment

# What validates a profile that cannot be looked up.
Validate = Callable[[object], Profile | InvalidProfile]

# So few profiles are not divided any further to find the one that cannot be looked up.
_FEW = 32
_OPEN = ("categorical", "multi_label")
_OPEN_FIELDS = tuple(spec.name for spec in declared_fields(Profile) if spec.kind.name in _OPEN)


class AssignedProfile(NamedTuple):
    """A profile as JSON text, with its assignment; None while no model is active.

    `unknown`: by field, the number of its values that the model does not know.
    """

    text: str
    assignment: StoredAssignment | None
    unknown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BatchAssigner:
    """Assigns profiles, as parsed from JSON, by one model, and validates them. `encoder`: None without a model."""

    encoder: SegmentEncoder | None
    validate: Validate

    def assign(self, profiles: Sequence[object], now: datetime) -> list[AssignedProfile | InvalidProfile]:
        """What is to be stored of each profile, or what is wrong with it, in their order."""
        results: list[AssignedProfile | InvalidProfile | None] = [None] * len(profiles)
        if self.encoder is not None:
            for start, matched in _scored(self.encoder, profiles, 0):
                _put_known(results, profiles, start, matched, self.encoder.loaded.model, now)
        return [
            self._assign_one(profile, now) if result is None else result
            for profile, result in zip(profiles, results, strict=True)
        ]

    def _assign_one(self, value: object, now: datetime) -> AssignedProfile | InvalidProfile:
        profile = self.validate(value)
        if isinstance(profile, InvalidProfile):
            return profile
        text = profile.model_dump_json(exclude_unset=True)
        try:
            require_storable("-", text)
        except NotStorable as error:
            return InvalidProfile((("", str(error)),))
        if self.encoder is None:
            return AssignedProfile(text, None, {})
        assignment = self.encoder.loaded.model.assign(profile)
        unknown: dict[str, int] = {}
        for value_of in assignment.unknown_values:
            unknown[value_of.field] = unknown.get(value_of.field, 0) + 1
        stored = stored_assignment(assignment, profile, len(assignment.unknown_values), now)
        return AssignedProfile(text, stored, unknown)


def to_write(user_id: str, profile: AssignedProfile, now: datetime) -> StoredUser:
    """The write of a user's profile, as `UserStore.put_many` takes it."""
    return StoredUser(
        user_id=user_id,
        profile_json=profile.text,
        revision=1,
        profile_updated_at=now,
        assignment=profile.assignment,
    )


@dataclass(frozen=True, slots=True)
class SubmittedUser:
    """A user of a batch: the id, and the profile as parsed from JSON."""

    user_id: str
    profile: object


@dataclass(frozen=True, slots=True)
class UpsertedUser:
    """What became of a user of a batch: as stored, with the profile's own assignment; or why nothing is stored."""

    user_id: str
    stored: StoredUser | UserErased | InvalidProfile
    assignment: StoredAssignment | None = None


def assign_users(
    assigner: BatchAssigner, submitted: Sequence[SubmittedUser], now: datetime
) -> list[AssignedProfile | InvalidProfile]:
    """The assignments of the users' profiles, in their order."""
    return assigner.assign([user.profile for user in submitted], now)


def store_users(
    users: UserStore,
    submitted: Sequence[SubmittedUser],
    profiles: Sequence[AssignedProfile | InvalidProfile],
    now: datetime,
) -> list[UpsertedUser]:
    """Store those profiles that are valid, in one transaction; of each user what became of it.

    A user may be there several times: the last one counts. Raises `StoreUnavailable`: nothing is stored.
    """
    pairs = list(zip(submitted, profiles, strict=True))
    valid = [(user.user_id, profile) for user, profile in pairs if not isinstance(profile, InvalidProfile)]
    written = iter(users.put_many([to_write(user_id, profile, now) for user_id, profile in valid]))
    return [
        UpsertedUser(user.user_id, profile)
        if isinstance(profile, InvalidProfile)
        else _upserted(user.user_id, profile, next(written))
        for user, profile in pairs
    ]


def _upserted(user_id: str, profile: AssignedProfile, stored: StoredUser | UserErased) -> UpsertedUser:
    has_none = isinstance(stored, UserErased) or stored.opted_out
    return UpsertedUser(user_id, stored, None if has_none else profile.assignment)


def _scored(encoder: SegmentEncoder, profiles: Sequence[object], start: int) -> Iterator[tuple[int, KnownScores]]:
    """The scores of profiles that can be looked up together, each with the index at which they start.

    One value that cannot be part of any profile spoils the look-up of all: halves without it are looked up.
    """
    matched = encoder.score_known(profiles)
    if matched is not None:
        yield start, matched
    elif len(profiles) > _FEW:
        middle = len(profiles) // 2
        yield from _scored(encoder, profiles[:middle], start)
        yield from _scored(encoder, profiles[middle:], start + middle)


def _put_known(
    results: list[AssignedProfile | InvalidProfile | None],
    profiles: Sequence[object],
    start: int,
    matched: KnownScores,
    model: SegmentModel,
    now: datetime,
) -> None:
    """Set the results of those profiles of a look-up whose answers are all known."""
    scores, is_known = matched.scores, matched.coded.is_known.tolist()
    ids = [*(persona.id for persona in model.personas), None]
    rows = zip(
        is_known,
        (ids[cluster] for cluster in scores.clusters.tolist()),
        # No runner-up is −1: the last element.
        (ids[cluster] for cluster in scores.runners_up.tolist()),
        _numbers(scores.confidence, len(is_known)),
        _numbers(scores.margin, len(is_known)),
        _numbers(scores.settled, len(is_known)),
        _numbers(scores.typicality, len(is_known)),
        matched.coded.answered.tolist(),
        _answered_counts(matched.coded.columns, len(is_known)).tolist(),
        strict=True,
    )
    for index, row in enumerate(rows, start=start):
        (usable, persona_id, runner_up_id, confidence, margin, settled, typicality, answered, count) = row
        if not usable:
            continue
        assignment = StoredAssignment(
            persona_id=persona_id or "",
            model_version=model.version,
            assigned_at=now,
            basis=Basis.FALLBACK if matched.fallbacks[answered] else Basis.OWN_PROFILE,
            answered_count=count,
            confidence=confidence,
            margin=margin,
            runner_up_id=runner_up_id,
            typicality=typicality,
            settled=settled,
        )
        results[index] = AssignedProfile(to_json(profiles[index]).decode(), assignment, {})


def _numbers(column: FloatArray | None, count: int) -> Sequence[Any]:
    """None for NaN, and in all rows where the model has no such numbers."""
    if column is None:
        return [None] * count
    numbers: list[float | None] = column.tolist()
    for index in np.flatnonzero(np.isnan(column)).tolist():
        numbers[index] = None
    return numbers


def _answered_counts(columns: Columns, count: int) -> IntArray:
    """The number of values in the answers to open fields, as `stored_assignment.answered_count` counts."""
    total = np.zeros(count, np.int64)
    for name in _OPEN_FIELDS:
        column = columns.get(name)
        if isinstance(column, CodeColumn):
            total += column.codes >= 0
        elif isinstance(column, CodeListColumn):
            total += column.lengths
    return total
