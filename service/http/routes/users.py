"""`/users`: profiles kept, and the personas of users for the recommender."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import NoActiveModel
from models.profile import Profile
from service.http.dependencies import Cursor, Limit, ModelDep, ServicesDep, StoreDep, UserId
from service.http.documentation import documented
from service.http.examples import users as examples
from service.http.examples.segment import PROFILE
from service.http.json_bodies import JsonRoute
from service.http.responses import answer, model_headers
from service.http.schemas.users import ChosenPersona, StoredProfileBody, UsersRequest
from service.paging import UnusableCursor
from service.personas.catalogue import PersonaNotFound
from service.security.scopes import Scope, needs
from service.segmenting.assignment import unknown_by_field
from service.store.ports.errors import StoreUnavailable
from service.users.changes import ChangePage, list_changes
from service.users.personas import (
    FoundPersonas,
    ProfileChanging,
    UserPersona,
    choose_persona,
    get_persona_of,
    get_personas_of,
)
from service.users.profiles import UserNotFound, put_profile

router = APIRouter(route_class=JsonRoute, tags=["users"])


@router.put(
    "/users/{user_id}/profile",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=StoredProfileBody,
    responses=documented(201, examples.STORED_PROFILE, model=StoredProfileBody)
    | documented(200, examples.STORED_PROFILE, StoreUnavailable, body=True),
)
async def put_user_profile(
    user_id: UserId,
    profile: Annotated[Profile, Body(examples=[PROFILE])],
    services: ServicesDep,
) -> Response:
    """Keep a user's profile, in place of the one before, and assign it. 201 for the first, 200 after."""
    loaded = services.model.loaded
    with services.store_bulkhead.place():
        stored = await put_profile(services.store.users, loaded, user_id, profile, datetime.now(UTC))
    if stored.assignment is not None:
        services.metrics.observe_assignment("user", unknown_by_field(stored.assignment.warnings))
    status = 201 if stored.revision == 1 else 200
    return answer(StoredProfileBody.of(stored), status, model_headers(loaded) if loaded else None)


@router.get(
    "/users/{user_id}/persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=UserPersona,
    responses=documented(200, examples.USER_PERSONA, NoActiveModel, UserNotFound, StoreUnavailable, invalid=True),
)
def get_user_persona(user_id: UserId, loaded: ModelDep, store: StoreDep) -> Response:
    """The persona of a user, always by the model in force."""
    found = get_persona_of(store.users, loaded, user_id, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))


@router.put(
    "/users/{user_id}/persona",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=UserPersona,
    responses=documented(
        200,
        examples.CHOSEN_USER_PERSONA,
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
    chosen: Annotated[ChosenPersona, Body(examples=[examples.PERSONA_CHOICE])],
    loaded: ModelDep,
    store: StoreDep,
) -> Response:
    """Give a user a persona by hand. It stays until the profile changes, or it is taken back."""
    found = choose_persona(store.users, loaded, user_id, chosen.persona_id, datetime.now(UTC))
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
    found = choose_persona(store.users, loaded, user_id, None, datetime.now(UTC))
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
    return answer(list_changes(store.users, store.personas, user_id, limit, cursor))


@router.post(
    "/users/personas:batchGet",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=FoundPersonas,
    responses=documented(200, examples.USER_PERSONAS, NoActiveModel, StoreUnavailable, body=True),
)
def batch_get_user_personas(
    asked: Annotated[UsersRequest, Body(examples=[examples.USERS_REQUEST])],
    loaded: ModelDep,
    store: StoreDep,
) -> Response:
    """The personas of up to 1,000 users, in the order asked; an unknown user is data, not an error."""
    found = get_personas_of(store.users, loaded, asked.user_ids, datetime.now(UTC))
    return answer(found, headers=model_headers(loaded))
