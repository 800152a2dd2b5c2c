"""Stored users: their profiles, personas and gifts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias
from uuid import uuid4

from backpocket_segments.calls import Call, Steps, Together
from backpocket_segments.errors import ModelsDiffer
from backpocket_segments.operations.batches import BATCH_TIMEOUT, batches_of, moved_errors
from backpocket_segments.results.users import (
    StoredProfile,
    UpsertedUser,
    UpsertedUsers,
    UserAffinities,
    UserPersona,
    UserPersonas,
)

# Ids with their profiles.
Profiles: TypeAlias = Mapping[str, Mapping[str, object]] | Iterable[tuple[str, Mapping[str, object]]]
# How often a long list of users is read before it is given up, as models change meanwhile.
ROUNDS = 3


def put_profile(user_id: str, profile: Mapping[str, object]) -> Steps[StoredProfile]:
    """Store a user's profile in place of the previous one, and assign it. Raises `UserErased`."""
    return Call(
        method="PUT",
        route="/users/{user_id}/profile",
        path={"user_id": user_id},
        result=StoredProfile,
        json=profile,
    ).result_of()


def upsert_many(profiles: Profiles) -> Steps[list[UpsertedUser]]:
    """Store any number of profiles, in their order: of an id that stands there twice the last profile stays.

    Each has a status of its own, and `index` and pointers count from the first of all. 1,000 are written in one
    transaction. Sent again after a lost response, it stores the same profiles once more.
    """
    pairs = profiles.items() if isinstance(profiles, Mapping) else profiles
    outcomes: list[UpsertedUser] = []
    for batch in batches_of(pairs):
        users = [{"user_id": user_id, "profile": profile} for user_id, profile in batch]
        response = yield from Call(
            method="POST",
            route="/users:batchUpsert",
            result=UpsertedUsers,
            json={"users": users},
            least_timeout=BATCH_TIMEOUT,
        ).result_of()
        offset = len(outcomes)
        outcomes += [_counted_from(offset, item) for item in response.items]
    return outcomes


def _counted_from(offset: int, item: UpsertedUser) -> UpsertedUser:
    errors = moved_errors(item.errors, "/users", item.index, offset)
    return replace(item, index=item.index + offset, errors=errors)


def get_persona(user_id: str, *, fallback: bool = False) -> Steps[UserPersona]:
    """The persona of a user by the active model.

    Raises `NotFound` for a stranger, who gets the commonest persona with `fallback`.
    """
    return Call(
        method="GET",
        route="/users/{user_id}/persona",
        path={"user_id": user_id},
        result=UserPersona,
        query={"fallback": fallback or None},
    ).result_of()


def get_personas(
    user_ids: Iterable[str], *, fallback: bool = False, include: Literal["affinities"] | None = None
) -> Steps[UserPersonas]:
    """The personas of any number of users, in the order of the ids, all by one model.

    A stranger is NOT_FOUND, or gets the commonest persona with `fallback`; `include` adds gift affinities.
    Requests run side by side. Raises `ModelsDiffer` if a new model was activated during each of three reads.
    """
    calls = [_batch_get(batch, fallback, include) for batch in batches_of(user_ids)] or [
        _batch_get([], False, None)
    ]
    for _ in range(ROUNDS):
        responses = yield from Together(calls).results_of()
        if len({response.model_version for response in responses}) == 1:
            items = tuple(item for response in responses for item in response.items)
            return UserPersonas(items, responses[0].model_version)
    raise ModelsDiffer("Models changed while the personas were read; try again.")


def _batch_get(user_ids: Sequence[str], fallback: bool, include: str | None) -> Call[UserPersonas]:
    body: dict[str, object] = {"user_ids": list(user_ids)} | ({"fallback": True} if fallback else {})
    return Call(
        method="POST",
        route="/users/personas:batchGet",
        result=UserPersonas,
        json=body,
        query={"include": include},
        least_timeout=BATCH_TIMEOUT,
    )


def user_affinities(user_id: str, *, field: str | None = None, fallback: bool = False) -> Steps[UserAffinities]:
    """What a user is likely to choose, the surest first: of one field, or without one the gift categories.

    Raises `NotFound` for a stranger, unless with `fallback`.
    """
    return Call(
        method="GET",
        route="/users/{user_id}/affinities",
        path={"user_id": user_id},
        result=UserAffinities,
        query={"field": field, "fallback": fallback or None},
    ).result_of()


def idempotency_key() -> dict[str, str]:
    """The header that makes a POST safe to send again."""
    return {"Idempotency-Key": uuid4().hex}
