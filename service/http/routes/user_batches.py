"""Many users by one request: profiles to store, and a download of all personas."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response
from fastapi.responses import StreamingResponse

from models.errors import NoActiveModel
from service.audit import Action, record
from service.http.dependencies import ActorDep, ServicesDep
from service.http.documentation import documented, documented_table
from service.http.examples import user_batches as examples
from service.http.guarded_route import Work, does
from service.http.json_bodies import JsonRoute, many_profiles
from service.http.responses import json_response, model_headers
from service.http.routes.users import reading_now
from service.http.schemas.segment import validate_profile
from service.http.schemas.user_batches import (
    UpsertItem,
    UpsertRequest,
    UpsertResponse,
    upsert_item,
    validate_user,
)
from service.http.table_stream import FormatParameter, Table, table_response
from service.observability.metrics import Metrics
from service.security.scopes import Scope, needs
from service.segmenting.assignment import InvalidProfile
from service.store.ports.errors import StoreUnavailable
from service.users.batch_upsert import (
    AssignedProfile,
    BatchAssigner,
    SubmittedUser,
    assign_users,
    store_users,
)
from service.users.export import ExportedUser, UserExport

router = APIRouter(route_class=JsonRoute, tags=["users"])


@router.post(
    "/users:batchUpsert",
    summary="Store the profiles of up to 1,000 users and segment them",
    openapi_extra=needs(Scope.USERS_WRITE),
    status_code=207,
    response_model=UpsertResponse,
    responses=documented(207, examples.UPSERTED, StoreUnavailable, body=True),
)
@many_profiles
@does(Work.STORE)
async def batch_upsert_users(
    batch: Annotated[UpsertRequest, Body(examples=[examples.UPSERT_REQUEST])],
    services: ServicesDep,
) -> Response:
    """Store up to 1,000 profiles in one transaction, assigned by one model, each with its own status.

    An invalid one fails no other. Of a user who is there several times the last profile counts.
    """
    loaded, now = services.model.loaded, datetime.now(UTC)
    assigner = BatchAssigner(None if loaded is None else services.model.encoder_of(loaded), validate_profile)
    items = [validate_user(index, value) for index, value in enumerate(batch.users)]
    submitted = [item for item in items if isinstance(item, SubmittedUser)]
    # One such computation at a time; it waits for the store afterwards, when the next may compute.
    async with services.long_work:
        profiles = await asyncio.to_thread(assign_users, assigner, submitted, now)
    upserted = iter(await services.store_threads.run(store_users, services.store.users, submitted, profiles, now))
    if loaded is not None:
        _count(services.metrics, profiles)
    response = UpsertResponse(
        tuple(
            item if isinstance(item, UpsertItem) else upsert_item(index, next(upserted), loaded)
            for index, item in enumerate(items)
        ),
        None if loaded is None else loaded.manifest.version,
    )
    return json_response(response, 207, model_headers(loaded) if loaded else None)


@router.get(
    "/users:export",
    summary="Download the personas of all users",
    openapi_extra=needs(Scope.USERS_READ),
    response_class=StreamingResponse,
    responses=documented_table(examples.EXPORTED_NDJSON, examples.EXPORTED_CSV, NoActiveModel, StoreUnavailable),
)
@does(Work.STREAM)
async def export_users(services: ServicesDep, actor: ActorDep, format: FormatParameter = "ndjson") -> Response:
    """All stored users in order of their ids, with the persona by the active model; as they come, of any number.

    Recorded in the audit trail. A user who is written meanwhile may be sent as before. In CSV, a text that a
    spreadsheet would run as a formula has an apostrophe before it. A download that ends without its last chunk was
    cut: begin again.
    """
    export = UserExport(services.store.users, services.model.require, lambda: reading_now(services))
    table = Table("users", ExportedUser._fields, export.next_batch)
    response = await table_response(table, format, services.store_threads, services.downloads)
    await services.store_threads.run(record, services.store, actor.name, Action.USERS_EXPORTED, format=format)
    return response


def _count(metrics: Metrics, profiles: list[AssignedProfile | InvalidProfile]) -> None:
    """Count the assignments, and the unknown values in them."""
    assigned = [profile for profile in profiles if not isinstance(profile, InvalidProfile)]
    unknown: dict[str, int] = {}
    for profile in assigned:
        for field, count in profile.unknown.items():
            unknown[field] = unknown.get(field, 0) + count
    metrics.observe_assignment("user", unknown, len(assigned))
