"""`/users`: stored profiles, and the personas of users."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import NoActiveModel
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from service.container import Services
from service.http.dependencies import (
    AffinityField,
    After,
    Cursor,
    Fallback,
    Include,
    Limit,
    ModelDep,
    ServicesDep,
    StartOfFeed,
    StoreDep,
    UserId,
)
from service.http.documentation import documented
from service.http.examples import users as examples
from service.http.examples.segment import PROFILE
from service.http.guarded_route import Work, does
from service.http.json_bodies import JsonRoute
from service.http.responses import RenderedResponse, from_rendered, json_response, model_headers, to_json
from service.http.schemas.users import ChosenPersona, StoredProfileBody, UsersRequest
from service.observability.metrics import Metrics
from service.paging import ExpiredCursor, UnusableCursor
from service.personas.affinities import AffinitiesNotCounted, NoSuchAffinities
from service.personas.catalogue import PersonaNotFound
from service.security.scopes import Scope, needs
from service.segmenting.assignment import unknown_by_field
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import UserErased
from service.users.affinities import UserAffinities, affinities_of_user, gifts_by_persona
from service.users.changes import ChangePage, list_changes
from service.users.feed import Feed, FeedExpired, read_feed
from service.users.personas import (
    FoundPersonas,
    ProfileChanging,
    Reading,
    UserPersona,
    choose_persona,
    get_persona_of,
    get_personas_of,
)
from service.users.profiles import StoredProfile, UserNotFound, UserOptedOut, put_profile

router = APIRouter(route_class=JsonRoute, tags=["users"])


@router.put(
    "/users/{user_id}/profile",
    summary="Store a user's profile and segment it",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=StoredProfileBody,
    responses=documented(201, examples.STORED_PROFILE, model=StoredProfileBody)
    | documented(200, examples.STORED_PROFILE, UserErased, StoreUnavailable, body=True),
)
@does(Work.STORE)
async def put_user_profile(
    user_id: UserId,
    profile: Annotated[Profile, Body(examples=[PROFILE])],
    services: ServicesDep,
) -> Response:
    """Store a user's profile in place of the previous one, and assign it. 201 for the first, 200 after."""
    loaded = services.model.loaded
    stored = await put_profile(services.store.users, loaded, user_id, profile, datetime.now(UTC))
    return from_rendered(render_stored(stored, loaded, services.metrics))


def reading_now(services: Services, fallback: bool = False) -> Reading:
    """How users are read by the settings. The fast path calls this too."""
    days = services.settings.stale_after_days
    stale_after = timedelta(days=days) if days else None
    return Reading(datetime.now(UTC), stale_after, fallback, services.model.is_active)


def render_stored(stored: StoredProfile, loaded: LoadedArtifact | None, metrics: Metrics) -> RenderedResponse:
    """Count the assignment of a stored profile, and render the response. The fast path calls this too."""
    if stored.assignment is not None:
        metrics.observe_assignment("user", unknown_by_field(stored.assignment.warnings))
    headers = model_headers(loaded) if loaded else {}
    return RenderedResponse(to_json(StoredProfileBody.of(stored)), 201 if stored.revision == 1 else 200, headers)


@router.get(
    "/users/{user_id}/persona",
    summary="Show a user's persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=UserPersona,
    responses=documented(200, examples.USER_PERSONA, NoActiveModel, UserNotFound, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def get_user_persona(
    user_id: UserId, loaded: ModelDep, services: ServicesDep, fallback: Fallback = False
) -> Response:
    """The persona of a user, always by the active model; with recipients, that of their mean."""
    reading = reading_now(services, fallback)
    persona = get_persona_of(services.store.users, loaded, user_id, reading)
    return json_response(persona, headers=model_headers(loaded))


@router.put(
    "/users/{user_id}/persona",
    summary="Choose a user's persona by hand",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=UserPersona,
    responses=documented(
        200,
        examples.CHOSEN_USER_PERSONA,
        NoActiveModel,
        UserNotFound,
        UserOptedOut,
        PersonaNotFound,
        ProfileChanging,
        StoreUnavailable,
        body=True,
    ),
)
@does(Work.STORE)
def choose_user_persona(
    user_id: UserId,
    chosen: Annotated[ChosenPersona, Body(examples=[examples.PERSONA_CHOICE])],
    loaded: ModelDep,
    services: ServicesDep,
) -> Response:
    """Choose a persona for a user by hand. It stays until the profile changes or the choice is removed."""
    reading = reading_now(services)
    persona = choose_persona(services.store.users, loaded, user_id, chosen.persona_id, reading)
    return json_response(persona, headers=model_headers(loaded))


@router.delete(
    "/users/{user_id}/persona",
    summary="Undo a choice by hand",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=UserPersona,
    responses=documented(
        200,
        examples.USER_PERSONA,
        NoActiveModel,
        UserNotFound,
        UserOptedOut,
        ProfileChanging,
        StoreUnavailable,
        invalid=True,
    ),
)
@does(Work.STORE)
def release_user_persona(user_id: UserId, loaded: ModelDep, services: ServicesDep) -> Response:
    """Remove a choice by hand: the user's persona is the model's again."""
    persona = choose_persona(services.store.users, loaded, user_id, None, reading_now(services))
    return json_response(persona, headers=model_headers(loaded))


@router.get(
    "/users/{user_id}/affinities",
    summary="Show what to offer a user",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=UserAffinities,
    responses=documented(
        200,
        examples.USER_AFFINITIES,
        NoActiveModel,
        UserNotFound,
        UserOptedOut,
        AffinitiesNotCounted,
        NoSuchAffinities,
        StoreUnavailable,
        invalid=True,
    ),
)
@does(Work.STORE)
def get_user_affinities(
    user_id: UserId,
    loaded: ModelDep,
    services: ServicesDep,
    field: AffinityField = None,
    fallback: Fallback = False,
) -> Response:
    """The affinities of all personas, weighted by the user's probabilities, for ranking gifts or shops."""
    reading = reading_now(services, fallback)
    affinities = affinities_of_user(services.store.users, loaded, user_id, field, reading)
    return json_response(affinities, headers=model_headers(loaded))


@router.get(
    "/users/{user_id}/persona/changes",
    summary="List the changes of a user's persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=ChangePage,
    responses=documented(
        200, examples.CHANGES, UserNotFound, UnusableCursor, ExpiredCursor, StoreUnavailable, invalid=True
    ),
)
@does(Work.STORE)
def list_user_persona_changes(
    user_id: UserId, store: StoreDep, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """When and why a user's persona changed, the latest first."""
    return json_response(list_changes(store.users, store.personas, user_id, limit, cursor))


@router.get(
    "/users/changes",
    summary="Follow the changes of all users",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=Feed,
    responses=documented(200, examples.FEED, UnusableCursor, FeedExpired, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def follow_user_changes(
    store: StoreDep, after: After = None, limit: Limit = 50, start: StartOfFeed = "oldest"
) -> Response:
    """Changes of personas in the order of commits, each at least once; a new model is one entry with counts.

    To begin without a gap: take a cursor by `?start=latest`, read all users by `GET /users:export`, then follow.
    """
    return json_response(read_feed(store.feed, after, limit, from_latest=start == "latest"))


@router.post(
    "/users/personas:batchGet",
    summary="Show the personas of up to 1,000 users",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=FoundPersonas,
    responses=documented(200, examples.USER_PERSONAS, NoActiveModel, StoreUnavailable, body=True),
)
@does(Work.STORE)
def batch_get_user_personas(
    body: Annotated[UsersRequest, Body(examples=[examples.USERS_REQUEST])],
    loaded: ModelDep,
    services: ServicesDep,
    include: Include = None,
) -> Response:
    """The personas of up to 1,000 users, in the order of the request; an unknown user is data, not an error."""
    reading = reading_now(services, body.fallback)
    affinities = gifts_by_persona(loaded) if include else None
    personas = get_personas_of(services.store.users, loaded, body.user_ids, reading, affinities)
    return json_response(personas, headers=model_headers(loaded))
