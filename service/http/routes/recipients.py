"""`/users/{user_id}/recipients`: the people whom a user gives to."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import NoActiveModel
from models.profile import Profile
from service.http.dependencies import Cursor, Limit, ModelDep, RecipientId, ServicesDep, StoreDep, UserId
from service.http.documentation import documented, no_content
from service.http.examples import recipients as examples
from service.http.guarded_route import Work, does
from service.http.json_bodies import JsonRoute
from service.http.responses import json_response, model_headers
from service.paging import UnusableCursor
from service.security.scopes import Scope, needs
from service.segmenting.assignment import unknown_by_field
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import TooManyRecipients, UserErased
from service.users.profiles import UserNotFound, UserOptedOut
from service.users.recipients import (
    RecipientNotFound,
    RecipientPage,
    RecipientPersona,
    RecipientProfile,
    get_recipient,
    get_recipient_persona,
    list_recipients,
    put_recipient,
    remove_recipient,
)

router = APIRouter(route_class=JsonRoute, tags=["users"])


@router.put(
    "/users/{user_id}/recipients/{recipient_id}/profile",
    summary="Store a recipient's profile and segment it",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=RecipientPersona,
    responses=documented(201, examples.RECIPIENT_PERSONA, model=RecipientPersona)
    | documented(200, examples.RECIPIENT_PERSONA, UserErased, TooManyRecipients, StoreUnavailable, body=True),
)
@does(Work.STORE)
def put_recipient_profile(
    user_id: UserId,
    recipient_id: RecipientId,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    services: ServicesDep,
) -> Response:
    """Store what is known of somebody the user gives to, in place of what was stored, and assign it.

    The user is created if there is none; their persona is from now on that of the mean of all profiles.
    """
    loaded = services.model.loaded
    stored = put_recipient(services.store.users, loaded, user_id, recipient_id, profile, datetime.now(UTC))
    if stored.assignment is not None:
        unknown = unknown_by_field(stored.assignment.warnings)
        # Not the user's own answers, which complete the profile and were counted when they came.
        sent = {name: count for name, count in unknown.items() if name in profile.model_fields_set}
        services.metrics.observe_assignment("recipient", sent)
    headers = model_headers(loaded) if loaded else {}
    return json_response(stored, status=201 if stored.revision == 1 else 200, headers=headers)


@router.get(
    "/users/{user_id}/recipients/{recipient_id}/profile",
    summary="Show a recipient's profile",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=RecipientProfile,
    responses=documented(
        200, examples.RECIPIENT_PROFILE, UserNotFound, RecipientNotFound, StoreUnavailable, invalid=True
    ),
)
@does(Work.STORE)
def get_recipient_profile(user_id: UserId, recipient_id: RecipientId, store: StoreDep) -> Response:
    """A recipient's profile; answers that were not given are null."""
    return json_response(get_recipient(store.users, user_id, recipient_id))


@router.delete(
    "/users/{user_id}/recipients/{recipient_id}/profile",
    summary="Remove a recipient",
    openapi_extra=needs(Scope.USERS_WRITE),
    status_code=204,
    responses=no_content(UserNotFound, RecipientNotFound, StoreUnavailable),
)
@does(Work.STORE)
def delete_recipient_profile(user_id: UserId, recipient_id: RecipientId, services: ServicesDep) -> Response:
    """Remove a recipient with their profile; a user of whom nothing else is stored goes with them."""
    now = datetime.now(UTC)
    remove_recipient(services.store.users, services.model.loaded, user_id, recipient_id, now)
    return Response(status_code=204)


@router.get(
    "/users/{user_id}/recipients",
    summary="List a user's recipients",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=RecipientPage,
    responses=documented(200, examples.RECIPIENTS, UserNotFound, UnusableCursor, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def list_user_recipients(user_id: UserId, store: StoreDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The people whom a user gives to, in the order of their ids, without their profiles."""
    return json_response(list_recipients(store.users, user_id, limit, cursor))


@router.get(
    "/users/{user_id}/recipients/{recipient_id}/persona",
    summary="Show the persona by a recipient's profile",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=RecipientPersona,
    responses=documented(
        200,
        examples.RECIPIENT_PERSONA,
        NoActiveModel,
        UserNotFound,
        UserOptedOut,
        RecipientNotFound,
        StoreUnavailable,
        invalid=True,
    ),
)
@does(Work.STORE)
def get_persona_by_recipient(
    user_id: UserId, recipient_id: RecipientId, loaded: ModelDep, store: StoreDep
) -> Response:
    """The persona of the user as a giver to this recipient: by the profile, completed with their own answers."""
    persona = get_recipient_persona(store.users, loaded, user_id, recipient_id)
    return json_response(persona, headers=model_headers(loaded))
