"""`/users`: profiles kept, and the personas of users for the recommender."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import NoActiveModel
from models.profile import Profile
from service.access.scopes import Scope, needs
from service.assignment import unknown_by_field
from service.catalogue import PersonaNotFound
from service.deps import Cursor, Limit, ModelDep, Services, ServicesDep, StoreDep, UserId
from service.express import Plain, ShortWay
from service.paging import UnusableCursor
from service.routes import examples
from service.routes.answers import answer, model_headers, plain
from service.routes.documented import documented
from service.routes.guarded import declared_by
from service.routes.json_route import JsonRoute
from service.schemas import USER_ID, ChosenPersona, UsersRequest
from service.store.base import StoreUnavailable
from service.users import (
    ChangePage,
    FoundPersonas,
    ProfileChanging,
    StoredAnswer,
    UserNotFound,
    UserPersona,
    choose_persona,
    get_persona_of,
    get_personas_now,
    get_personas_of,
    list_changes,
    put_profile,
)

_USER_ID = re.compile(USER_ID)

router = APIRouter(route_class=JsonRoute, tags=["users"])


@router.put(
    "/users/{user_id}/profile",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=StoredAnswer,
    responses=documented(201, examples.STORED) | documented(200, examples.STORED, StoreUnavailable, body=True),
)
async def put_user_profile(
    user_id: UserId,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    services: ServicesDep,
) -> Response:
    """Keep a user's profile, in place of the one before, and assign it. 201 for the first, 200 after."""
    loaded = services.model.loaded
    with services.store_lane.place():
        stored = await put_profile(services.store, loaded, user_id, profile, datetime.now(UTC))
    if stored.persona is not None:
        services.metrics.observe_assignment("user", unknown_by_field(stored.warnings))
    return answer(stored, 201 if stored.revision == 1 else 200, model_headers(loaded) if loaded else None)


@router.get(
    "/users/{user_id}/persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=UserPersona,
    responses=documented(200, examples.USER_PERSONA, NoActiveModel, UserNotFound, StoreUnavailable, invalid=True),
)
def get_user_persona(user_id: UserId, loaded: ModelDep, store: StoreDep) -> Response:
    """The persona of a user, always by the model in force."""
    found = get_persona_of(store, loaded, user_id, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))


@router.put(
    "/users/{user_id}/persona",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=UserPersona,
    responses=documented(
        200,
        examples.CHOSEN_PERSONA,
        NoActiveModel,
        UserNotFound,
        PersonaNotFound,
        ProfileChanging,
        StoreUnavailable,
        body=True,
    ),
)
def choose_user_persona(
    user_id: UserId,
    chosen: Annotated[ChosenPersona, Body(examples=[examples.CHOICE])],
    loaded: ModelDep,
    store: StoreDep,
) -> Response:
    """Give a user a persona by hand. It stays until the profile changes, or it is taken back."""
    found = choose_persona(store, loaded, user_id, chosen.persona_id, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))


@router.delete(
    "/users/{user_id}/persona",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=UserPersona,
    responses=documented(
        200, examples.USER_PERSONA, NoActiveModel, UserNotFound, ProfileChanging, StoreUnavailable, invalid=True
    ),
)
def release_user_persona(user_id: UserId, loaded: ModelDep, store: StoreDep) -> Response:
    """Take back a persona that was chosen by hand: the user's is the model's answer again."""
    found = choose_persona(store, loaded, user_id, None, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))


@router.get(
    "/users/{user_id}/persona/changes",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=ChangePage,
    responses=documented(200, examples.CHANGES, UserNotFound, UnusableCursor, StoreUnavailable, invalid=True),
)
def list_user_persona_changes(
    user_id: UserId, store: StoreDep, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """When a user's persona became another one, and why, the latest first."""
    return answer(list_changes(store, user_id, limit, cursor))


@router.post(
    "/users/personas:batchGet",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=FoundPersonas,
    responses=documented(200, examples.FOUND, NoActiveModel, StoreUnavailable, body=True),
)
def batch_get_user_personas(
    asked: Annotated[UsersRequest, Body(examples=[examples.USERS_REQUEST])],
    loaded: ModelDep,
    store: StoreDep,
) -> Response:
    """The personas of up to 1,000 users, in the order asked; an unknown user is data, not an error."""
    found = get_personas_of(store, loaded, asked.user_ids, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))


def _personas_shortly(services: Services, user_ids: Sequence[bytes]) -> list[Plain | None]:
    """The same where the store answers at once and the assignment is this model's; else None."""
    names, loaded = [user_id.decode("utf-8") for user_id in user_ids], services.model.require()
    found = get_personas_now(services.store, loaded, [name for name in names if _USER_ID.fullmatch(name)])
    headers = model_headers(loaded)
    told = {name: plain(persona, headers=headers) for name, persona in found.items()}
    return [told.get(name) for name in names]


SHORT_WAYS = (ShortWay("GET", declared_by(router, get_user_persona), _personas_shortly),)
