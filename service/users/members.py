"""Use case: the members of a persona, page by page, while users come and go."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from models.errors import SegmentsError
from models.persona import Persona
from models.profile import Profile
from models.profile.field_kinds import declared_fields
from models.profile.vocabulary import normalise
from models.storage.artifact import LoadedArtifact
from service.paging import decode_cursor, encode_cursor
from service.personas.catalogue import get_persona
from service.segmenting.assignment import Confidence, Margin, PersonaRef, RunnerUp, persona_ref
from service.store.ports.users import AssignedUser, StoredUser, UserStore, as_summary
from service.users.personas import BasisField, Reading, reassign
from service.users.stored_assignment import completed, is_current, read_profile, with_recipients

# Users who are read for one page: with a narrow filter a page has few items, or none, and a cursor all the same.
READ_PER_PAGE = 5_000
_BATCH = 1_000


class UnknownFilter(SegmentsError):
    """The profile has no field of that name to filter by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFilter:
    """Which members are wanted; all with the defaults. `answers`: field → its value in any spelling."""

    min_confidence: float = 0.0
    assigned_since: datetime | None = None
    answers: Mapping[str, str]

    def __post_init__(self) -> None:
        names = {spec.name for spec in declared_fields(Profile)}
        if unknown := sorted(set(self.answers) - names):
            raise UnknownFilter(f"The profile has no field '{unknown[0]}' to filter by; leave that parameter out.")

    def admits(self, user: AssignedUser) -> bool:
        """Whether an assignment fits, whatever the profile."""
        assigned_at = user.assigned_at
        return (user.confidence or 0.0) >= self.min_confidence and (
            self.assigned_since is None or (assigned_at is not None and assigned_at >= self.assigned_since)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user of a persona."""

    user_id: str
    confidence: Confidence
    runner_up: RunnerUp
    margin: Margin
    basis: BasisField
    assigned_at: datetime | None
    profile_updated_at: datetime


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Members in the order of their ids; a page may have fewer than were asked for, and none, before the last."""

    items: tuple[Member, ...]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]
    persona: PersonaRef
    model_version: str


def members(
    users: UserStore,
    loaded: LoadedArtifact,
    persona_id: str,
    wanted: MemberFilter,
    limit: int,
    cursor: str | None,
    reading: Reading,
) -> MemberPage:
    """A page of a persona's members. Raises `PersonaNotFound` or `UnusableCursor`."""
    persona = get_persona(loaded, persona_id)
    (after,) = decode_cursor(cursor, 1) if cursor else ("",)
    items: list[Member] = []
    scanned = 0
    while scanned < READ_PER_PAGE:
        batch = users.members(persona_id, after, _BATCH)
        scanned += _BATCH
        for user_id, member in _matched(users, loaded, persona_id, batch, wanted, reading):
            after = user_id
            if member is not None:
                items.append(member)
            if len(items) == limit:
                return _page(loaded, persona.id, items, after)
        if len(batch) < _BATCH:
            return _page(loaded, persona.id, items, None)
    return _page(loaded, persona.id, items, after)


class MemberRow(NamedTuple):
    """A member in a download."""

    user_id: str
    persona_id: str
    persona_name: str
    confidence: float | None
    runner_up_id: str | None
    margin: float | None
    basis: str | None
    assigned_at: datetime | None
    profile_updated_at: datetime


@dataclass
class MemberExport:
    """A download of all wanted members, under way. `active`: the active model, which may change meanwhile;
    `reading`: how users are read from now on."""

    users: UserStore
    active: Callable[[], LoadedArtifact]
    persona_id: str
    wanted: MemberFilter
    reading: Callable[[], Reading]
    _after: str | None = field(default="", init=False)

    def next_batch(self) -> list[MemberRow] | None:
        """The next members in order of their ids, perhaps none of those read; None after the last.

        Raises `PersonaNotFound`, `StoreUnavailable` or `NoActiveModel`.
        """
        if self._after is None:
            return None
        loaded = self.active()
        persona = get_persona(loaded, self.persona_id)
        batch = self.users.members(persona.id, self._after, _BATCH)
        matched = _matched(self.users, loaded, persona.id, batch, self.wanted, self.reading())
        rows = [_row(persona, member) for _, member in matched if member is not None]
        self._after = batch[-1].user_id if len(batch) == _BATCH else None
        return rows


def _matched(
    users: UserStore,
    loaded: LoadedArtifact,
    persona_id: str,
    batch: Sequence[StoredUser],
    wanted: MemberFilter,
    reading: Reading,
) -> Iterator[tuple[str, Member | None]]:
    """Each user of a batch, with the member where they are of the persona by the active model, and wanted."""
    summaries = {user.user_id: as_summary(user) for user in batch}
    outdated = [user_id for user_id, user in summaries.items() if not is_current(loaded, user)]
    if outdated:
        current = {user_id: user for user_id, user in summaries.items() if user_id not in outdated}
        # Without those who have been erased meanwhile.
        summaries = current | reassign(users, loaded, outdated, reading)
    fitting = {
        user_id for user_id, user in summaries.items() if user.persona_id == persona_id and wanted.admits(user)
    }
    if wanted.answers:
        fitting &= _answering(users, [user for user in batch if user.user_id in fitting], wanted.answers)
    for user in batch:
        yield user.user_id, _member(loaded, summaries[user.user_id]) if user.user_id in fitting else None


def _answering(users: UserStore, batch: Sequence[StoredUser], answers: Mapping[str, str]) -> set[str]:
    """Those who gave the answers, of themselves or for one of their recipients."""
    recipients = users.recipients(with_recipients(batch))
    wanted = {name: normalise(value) for name, value in answers.items()}
    fitting = set()
    for user in batch:
        own = None if user.profile_json is None else read_profile(user.profile_json)
        profiles = [
            completed(read_profile(recipient.profile_json), own) for recipient in recipients.get(user.user_id, ())
        ]
        if any(_answers(profile, wanted) for profile in ([own, *profiles] if own else profiles)):
            fitting.add(user.user_id)
    return fitting


def _answers(profile: Profile, wanted: Mapping[str, str]) -> bool:
    for name, value in wanted.items():
        answer = getattr(profile, name)
        given = answer if isinstance(answer, tuple) else (answer,)
        if value not in {normalise(str(one)) for one in given if one is not None}:
            return False
    return True


def _member(loaded: LoadedArtifact, user: AssignedUser) -> Member:
    runner_up = user.runner_up_id
    return Member(
        user_id=user.user_id,
        confidence=user.confidence,
        runner_up=None if runner_up is None else persona_ref(runner_up, loaded.model.by_id[runner_up].name),
        margin=user.margin,
        basis=user.basis,
        assigned_at=user.assigned_at,
        profile_updated_at=user.profile_updated_at,
    )


def _row(persona: Persona, member: Member) -> MemberRow:
    return MemberRow(
        user_id=member.user_id,
        persona_id=persona.id,
        persona_name=persona.name,
        confidence=member.confidence,
        runner_up_id=None if member.runner_up is None else member.runner_up.id,
        margin=member.margin,
        basis=None if member.basis is None else member.basis.value,
        assigned_at=member.assigned_at,
        profile_updated_at=member.profile_updated_at,
    )


def _page(loaded: LoadedArtifact, persona_id: str, items: list[Member], after: str | None) -> MemberPage:
    persona = persona_ref(persona_id, loaded.model.by_id[persona_id].name)
    cursor = None if after is None else encode_cursor(after)
    return MemberPage(tuple(items), cursor, persona, loaded.manifest.version)
