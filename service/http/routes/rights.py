"""What is held of a user, its erasure, and objections."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.audit import Action
from service.http.dependencies import ActorDep, ServicesDep, StoreDep, UserId
from service.http.documentation import documented, no_content
from service.http.examples import rights as examples
from service.http.guarded_route import GuardedRoute, Work, does
from service.http.responses import json_response
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import UserErased
from service.users.profiles import UserNotFound
from service.users.rights import (
    HeldUser,
    Objection,
    RightsRequest,
    erase_user,
    held_user,
    record_objection,
    remove_tombstone,
    withdraw_objection,
)

router = APIRouter(route_class=GuardedRoute, tags=["rights"])
# Personal data is for nobody's cache.
_NOT_STORED = {"Cache-Control": "no-store"}
# Without the id: names of files are logged, synchronised and shared.
_DOWNLOAD = {"Content-Disposition": 'attachment; filename="user-data.json"'} | _NOT_STORED


async def _request(user_id: UserId, actor: ActorDep) -> RightsRequest:
    return RightsRequest(user_id, actor.name, datetime.now(UTC))


async def _names(services: ServicesDep) -> dict[str, str]:
    """The names of the active model's personas, by id; none without a model."""
    loaded = services.model.loaded
    return {persona.id: persona.name for persona in loaded.model.personas} if loaded else {}


RequestDep = Annotated[RightsRequest, Depends(_request)]
NamesDep = Annotated[dict[str, str], Depends(_names)]


@router.get(
    "/users/{user_id}",
    summary="Show all that is held of a user",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=HeldUser,
    responses=documented(200, examples.HELD_USER, UserNotFound, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def get_user(request: RequestDep, store: StoreDep, names: NamesDep) -> Response:
    """All that is stored of a user: profile, recipients, persona with its basis, history, objection, times.

    Recorded in the audit trail. Of a user whose id is `changes`, which is a route of its own, ask for the export.
    """
    return json_response(held_user(store, request, names, Action.USER_READ), headers=_NOT_STORED)


@router.get(
    "/users/{user_id}/export",
    summary="Download all that is held of a user",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=HeldUser,
    responses=documented(200, examples.HELD_USER, UserNotFound, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def export_user(request: RequestDep, store: StoreDep, names: NamesDep) -> Response:
    """The same as `GET /users/{user_id}`, as a file to hand over (`Content-Disposition`)."""
    return json_response(held_user(store, request, names, Action.USER_EXPORTED), headers=_DOWNLOAD)


@router.put(
    "/users/{user_id}/objection",
    summary="Record that a user objects",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=Objection,
    responses=documented(200, examples.OBJECTION, UserErased, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def put_objection(request: RequestDep, store: StoreDep) -> Response:
    """From now on the user has no persona, and no model is trained on them; profiles stay stored.

    Recorded also of a user of whom nothing is stored, and the same however often it is sent.
    """
    return json_response(record_objection(store, request))


@router.delete(
    "/users/{user_id}/objection",
    summary="Withdraw a user's objection",
    openapi_extra=needs(Scope.USERS_WRITE),
    response_model=Objection,
    responses=documented(200, examples.NO_OBJECTION, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def delete_objection(request: RequestDep, store: StoreDep) -> Response:
    """The user is assigned a persona again, by the profiles that are stored; 200 also without an objection."""
    return json_response(withdraw_objection(store, request))


@router.delete(
    "/users/{user_id}/tombstone",
    summary="Let an erased user come back",
    openapi_extra=needs(Scope.USERS_ERASE),
    status_code=204,
    responses=no_content(StoreUnavailable),
)
@does(Work.STORE)
def delete_tombstone(request: RequestDep, store: StoreDep) -> Response:
    """Remove what keeps an erased user from being stored again; 204 also where there is none."""
    remove_tombstone(store, request)
    return Response(status_code=204)


@router.delete(
    "/users/{user_id}",
    summary="Erase a user",
    openapi_extra=needs(Scope.USERS_ERASE),
    status_code=204,
    responses=no_content(StoreUnavailable),
)
@does(Work.STORE)
def delete_user(request: RequestDep, services: ServicesDep) -> Response:
    """Erase all that is stored of a user, for good: profile, recipients, persona, history, objection, entries.

    204 whether or not anything was stored, so that it can be repeated. A keyed hash of the id stays (a tombstone):
    later writes of this user are refused with 409 `user-erased`. The feed of changes gets a notice with the id,
    for as long as KEEP_ERASURE_NOTICES_DAYS says, so that those who follow it erase the user, too.
    """
    erase_user(services.store, request, notice=services.settings.keep_erasure_notices_days > 0)
    return Response(status_code=204)
