"""Use cases: the personas of stored users by the active model, and a persona that a person chooses for a user.

A response never shows the assignment of another model than the active one: such a user is assigned anew from the
stored profiles, and the assignment is written back unless they, or the active model, have changed since.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from models.errors import SegmentsError
from models.persona import GiftAffinity
from models.profile import Profile
from models.scoring.typicality import is_outlier
from models.storage.artifact import LoadedArtifact
from service.personas.catalogue import get_persona
from service.segmenting.assignment import (
    Confidence,
    IsOutlier,
    Margin,
    PersonaRef,
    RunnerUp,
    Settled,
    Typicality,
    persona_ref,
)
from service.store.ports.errors import StoreUnavailable
from service.store.ports.personas import ChangeCause
from service.store.ports.users import AssignedUser, AssignmentUpdate, Basis, UserStore, as_summary
from service.users.profiles import UserNotFound, UserOptedOut, require_user
from service.users.stored_assignment import (
    assign_again,
    assign_as_chosen,
    is_current,
    recipients_of,
    stored_assignment,
    with_recipients,
)

log = logging.getLogger("service.users")

_ATTEMPTS = 5
# A reader does not wait for those who write: after an activation, all users are being assigned anew.
WRITE_BACK_SECONDS = 0.005

Revision = Annotated[
    int,
    Field(
        description="How often the profile, or that of a recipient, has been written, from 1; 0 for a stranger."
    ),
]
Status = Literal["PRESENT", "STALE", "FALLBACK", "OPTED_OUT"]
StatusOrNotFound = Literal["PRESENT", "STALE", "FALLBACK", "OPTED_OUT", "NOT_FOUND"]
STATUS_DESCRIPTION = (
    "`PRESENT`; `STALE`: the profiles were last written longer ago than STALE_AFTER_DAYS; `FALLBACK`: no usable "
    "answer, so that it is the persona of an empty profile; `OPTED_OUT`: the user objected, and has no persona"
)
BasisField = Annotated[
    Basis | None,
    Field(
        description="What the persona rests on: `OWN_PROFILE`; `RECIPIENTS`: the mean of the probabilities of the "
        "recipients' profiles, and of the own profile, if any; `FALLBACK`: no usable answer."
    ),
]


class ProfileChanging(SegmentsError):
    """The profile changes each time that an assignment is to be stored with it."""


_Affinities = Mapping[str, tuple[GiftAffinity, ...]] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How users are read. `stale_after`: the age of profiles from which they are `STALE`; None: never.

    `fallback`: whether a user who is not stored gets the persona of an empty profile. `is_active`: whether a model
    is still active, so that its assignments are written back: a worker that lags behind must not undo what others
    do.
    """

    now: datetime
    stale_after: timedelta | None = None
    fallback: bool = False
    is_active: Callable[[LoadedArtifact], bool] = lambda _: True

    def status_of(self, user: AssignedUser) -> Status:
        """The status of a stored user whose assignment is current."""
        if user.opted_out:
            return "OPTED_OUT"
        if user.basis is Basis.FALLBACK and not user.manual:
            return "FALLBACK"
        is_old = self.stale_after is not None and user.profile_updated_at < self.now - self.stale_after
        return "STALE" if is_old else "PRESENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPersona:
    """The persona of a user, by the active model."""

    user_id: str
    status: Annotated[Status, Field(description=f"{STATUS_DESCRIPTION}.")]
    persona: PersonaRef | None
    basis: BasisField
    # The fields of `Segmented`, between others: their order is public.
    # pylint: disable=duplicate-code
    confidence: Confidence
    runner_up: RunnerUp
    margin: Margin
    settled: Settled
    typicality: Typicality
    is_outlier: IsOutlier
    # pylint: enable=duplicate-code
    model_version: str
    assigned_at: datetime | None
    revision: Revision
    profile_updated_at: datetime | None
    manual: Annotated[
        bool,
        Field(
            description="Whether a person chose it, which every model that has it uses until the profile changes."
        ),
    ] = False
    recipients: Annotated[tuple[str, ...], Field(description="The ids of the recipients that it rests on.")] = ()


@dataclass(frozen=True, slots=True)
class FoundPersona:
    """One user of a batch; without a persona when there is no such user."""

    user_id: str
    status: Annotated[
        StatusOrNotFound, Field(description=f"{STATUS_DESCRIPTION}; `NOT_FOUND`: no such user is stored.")
    ]
    persona: PersonaRef | None
    confidence: Confidence
    basis: BasisField = None
    assigned_at: datetime | None = None
    affinities: Annotated[
        tuple[GiftAffinity, ...] | None,
        Field(
            description="With `?include=affinities`: at most 5 gift categories of the persona, the surest first."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class FoundPersonas:
    """The requested users, in the order of the request, all by one model."""

    items: tuple[FoundPersona, ...]
    model_version: str


def get_persona_of(users: UserStore, loaded: LoadedArtifact, user_id: str, reading: Reading) -> UserPersona:
    """The persona of one user. Raises `UserNotFound`."""
    user = _current_users(users, loaded, [user_id], reading).get(user_id)
    if user is None:
        if not reading.fallback:
            raise UserNotFound
        return _user_persona(loaded, stranger(loaded, user_id, reading.now), reading, (), is_stored=False)
    return _user_persona(loaded, user, reading, _recipient_ids(users, user))


def get_personas_nowait(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], reading: Reading
) -> dict[str, UserPersona]:
    """The personas of those users, by id, whose stored assignment is current; for an event loop, never blocks.

    Without users who have recipients, whose ids are read besides. For the other users call `get_persona_of` in a
    thread, and where the store raises `WouldBlock` for all.
    """
    assigned = users.assignments_nowait(user_ids)
    return {
        user_id: _user_persona(loaded, user, reading, ())
        for user_id, user in assigned.items()
        if _is_usable(loaded, user) and not user.recipient_count
    }


def get_personas_of(
    users: UserStore,
    loaded: LoadedArtifact,
    user_ids: Sequence[str],
    reading: Reading,
    affinities: _Affinities = None,
) -> FoundPersonas:
    """The personas of many users, in the order of the ids, one of which may stand there several times.

    `affinities`: those of each persona, where the response is to have them.
    """
    current = _current_users(users, loaded, list(dict.fromkeys(user_ids)), reading)
    refs = {persona.id: PersonaRef(persona.id, persona.name) for persona in loaded.model.personas}
    no_user = _not_found(loaded, refs, reading, affinities)
    items = tuple(
        _found_persona(refs, current[user_id], reading, affinities)
        if user_id in current
        else replace(no_user, user_id=user_id)
        for user_id in user_ids
    )
    return FoundPersonas(items, loaded.manifest.version)


def choose_persona(
    users: UserStore, loaded: LoadedArtifact, user_id: str, persona_id: str | None, reading: Reading
) -> UserPersona:
    """Give a user the persona that a person chose, or with None the model's own again.

    Raises `UserNotFound`, `UserOptedOut`, `PersonaNotFound` or `ProfileChanging`.
    """
    if persona_id is not None:
        get_persona(loaded, persona_id)
    for _ in range(_ATTEMPTS):
        user = require_user(users, user_id)
        if user.opted_out:
            raise UserOptedOut
        recipients = recipients_of(users, user)
        chosen = assign_as_chosen(loaded, user, recipients, persona_id, reading.now)
        if users.update_assignments([AssignmentUpdate(user_id, user.revision, chosen)], ChangeCause.MANUAL):
            ids = tuple(recipient.recipient_id for recipient in recipients)
            return _user_persona(loaded, as_summary(replace(user, assignment=chosen)), reading, ids)
    raise ProfileChanging("The profile of this user changes all the time; try again later.")


def reassign(
    users: UserStore,
    loaded: LoadedArtifact,
    user_ids: Sequence[str],
    reading: Reading,
    seconds: float | None = WRITE_BACK_SECONDS,
) -> dict[str, AssignedUser]:
    """Assign users by this model, and write the assignments back while it is active; those that exist, by id.

    `seconds`: how long the write may wait for others; None: as long as any.
    """
    stored = users.get_many(user_ids)
    recipients = users.recipients(with_recipients(stored.values()))
    assignments = {
        user_id: assign_again(loaded, user, recipients.get(user_id, []), reading.now)
        for user_id, user in stored.items()
        if not user.opted_out
    }
    if reading.is_active(loaded):
        _write_back(
            users,
            [AssignmentUpdate(user_id, stored[user_id].revision, assignments[user_id]) for user_id in assignments],
            seconds,
        )
    return {
        user_id: as_summary(replace(user, assignment=assignments.get(user_id))) for user_id, user in stored.items()
    }


def stranger(loaded: LoadedArtifact, user_id: str, now: datetime) -> AssignedUser:
    """A user of whom nothing is stored, with the persona of an empty profile: the commonest."""
    empty = Profile()
    stored = stored_assignment(loaded.model.assign(empty), empty, 0, now)
    return AssignedUser(
        user_id=user_id,
        revision=0,
        profile_updated_at=now,
        persona_id=stored.persona_id,
        model_version=stored.model_version,
        confidence=stored.confidence,
        runner_up_id=stored.runner_up_id,
        margin=stored.margin,
        settled=stored.settled,
        typicality=stored.typicality,
        basis=Basis.FALLBACK,
    )


def _current_users(
    users: UserStore, loaded: LoadedArtifact, user_ids: Sequence[str], reading: Reading
) -> dict[str, AssignedUser]:
    """The users that exist, by id, each with the active model's assignment, or opted out."""
    assigned = users.assignments(user_ids)
    current = {user_id: user for user_id, user in assigned.items() if _is_usable(loaded, user)}
    if len(current) == len(assigned):
        return current
    return current | reassign(users, loaded, list(assigned.keys() - current.keys()), reading)


def _is_usable(loaded: LoadedArtifact, user: AssignedUser) -> bool:
    return user.opted_out or is_current(loaded, user)


def _write_back(users: UserStore, updates: Sequence[AssignmentUpdate], seconds: float | None) -> None:
    try:
        users.update_assignments(updates, seconds=seconds)
    except StoreUnavailable:
        # The response is right all the same, and the next reader or the reassignment writes the assignments back.
        log.debug("assignments were not written back: other writers were busy")


def _recipient_ids(users: UserStore, user: AssignedUser) -> tuple[str, ...]:
    return () if user.opted_out else tuple(one.recipient_id for one in recipients_of(users, user))


def _user_persona(
    loaded: LoadedArtifact,
    user: AssignedUser,
    reading: Reading,
    recipients: tuple[str, ...],
    is_stored: bool = True,
) -> UserPersona:
    """The response for a user whose assignment is current."""
    personas, persona_id, runner_up_id = loaded.model.by_id, user.persona_id, user.runner_up_id
    return UserPersona(
        user_id=user.user_id,
        status=reading.status_of(user),
        persona=None if persona_id is None else persona_ref(persona_id, personas[persona_id].name),
        basis=user.basis,
        confidence=user.confidence,
        runner_up=None if runner_up_id is None else persona_ref(runner_up_id, personas[runner_up_id].name),
        margin=user.margin,
        settled=user.settled,
        typicality=user.typicality,
        is_outlier=is_outlier(user.typicality),
        model_version=loaded.manifest.version,
        assigned_at=user.assigned_at,
        revision=user.revision,
        profile_updated_at=user.profile_updated_at if is_stored else None,
        manual=user.manual,
        recipients=recipients,
    )


def _not_found(
    loaded: LoadedArtifact, refs: Mapping[str, PersonaRef], reading: Reading, affinities: _Affinities
) -> FoundPersona:
    """The item of a user who is not stored, whose id is still to be set."""
    if reading.fallback:
        return _found_persona(refs, stranger(loaded, "", reading.now), reading, affinities)
    return FoundPersona("", "NOT_FOUND", None, None)


def _found_persona(
    refs: Mapping[str, PersonaRef], user: AssignedUser, reading: Reading, affinities: _Affinities
) -> FoundPersona:
    return FoundPersona(
        user_id=user.user_id,
        status=reading.status_of(user),
        persona=None if user.persona_id is None else refs[user.persona_id],
        confidence=user.confidence,
        basis=user.basis,
        assigned_at=user.assigned_at,
        affinities=affinities.get(user.persona_id) if affinities and user.persona_id else None,
    )
