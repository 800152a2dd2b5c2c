"""`/personas/{persona_id}/users`: who is of a persona."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from models.errors import NoActiveModel
from service.audit import Action, record
from service.http.dependencies import ActorDep, Cursor, Limit, ModelDep, PersonaId, ServicesDep
from service.http.documentation import documented, documented_table
from service.http.examples import users as examples
from service.http.guarded_route import GuardedRoute, Work, does
from service.http.responses import json_response, model_headers
from service.http.routes.users import reading_now
from service.http.table_stream import FormatParameter, Table, table_response
from service.paging import UnusableCursor
from service.personas.catalogue import PersonaNotFound
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.users.members import MemberExport, MemberFilter, MemberPage, MemberRow, UnknownFilter, members

router = APIRouter(route_class=GuardedRoute, tags=["users"])

MinConfidence = Annotated[float, Query(ge=0, le=1, description="The least confidence, 0–1.")]
Since = Annotated[datetime | None, Query(description="Assigned at that time or later; UTC without a time zone.")]
Answer = Annotated[str | None, Query(max_length=200)]


async def _wanted(
    min_confidence: MinConfidence = 0.0,
    assigned_since: Since = None,
    occasion: Annotated[Answer, Query(description="Who shops for this occasion; any spelling.")] = None,
    budget_range: Annotated[Answer, Query(description="Who has this budget.")] = None,
) -> MemberFilter:
    since = assigned_since.replace(tzinfo=UTC) if assigned_since and not assigned_since.tzinfo else assigned_since
    given = {"occasion": occasion, "budget_range": budget_range}
    wanted = {name: value for name, value in given.items() if value is not None}
    return MemberFilter(min_confidence=min_confidence, assigned_since=since, answers=wanted)


MemberFilterDep = Annotated[MemberFilter, Depends(_wanted)]


@router.get(
    "/personas/{persona_id}/users",
    summary="List the users of a persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_model=MemberPage,
    responses=documented(
        200,
        examples.MEMBERS,
        NoActiveModel,
        PersonaNotFound,
        UnknownFilter,
        UnusableCursor,
        StoreUnavailable,
        invalid=True,
    ),
)
@does(Work.STORE)
def list_members(
    persona_id: PersonaId,
    loaded: ModelDep,
    services: ServicesDep,
    wanted: MemberFilterDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Users by id; the cursor holds while others come and go. A short or empty page may not be the last."""
    page = members(services.store.users, loaded, persona_id, wanted, limit, cursor, reading_now(services))
    return json_response(page, headers=model_headers(loaded))


@router.get(
    "/personas/{persona_id}/users:export",
    summary="Download the users of a persona",
    openapi_extra=needs(Scope.USERS_READ),
    response_class=StreamingResponse,
    responses=documented_table(
        examples.MEMBERS_NDJSON,
        examples.MEMBERS_CSV,
        NoActiveModel,
        PersonaNotFound,
        UnknownFilter,
        StoreUnavailable,
    ),
)
@does(Work.STREAM)
async def export_members(
    persona_id: PersonaId,
    services: ServicesDep,
    wanted: MemberFilterDep,
    actor: ActorDep,
    format: FormatParameter = "ndjson",
) -> Response:
    """All users of a persona in order of their ids, of any number, as they come; filtered as the list is.

    Recorded in the audit trail.
    In CSV, a text that a spreadsheet would run as a formula has an apostrophe before it. A download that ends
    without its last chunk was cut: begin again.
    """
    export = MemberExport(
        users=services.store.users,
        active=services.model.require,
        persona_id=persona_id,
        wanted=wanted,
        reading=lambda: reading_now(services),
    )
    table = Table("members", MemberRow._fields, export.next_batch)
    response = await table_response(table, format, services.store_threads, services.downloads)
    await services.store_threads.run(
        record, services.store, actor.name, Action.MEMBERS_EXPORTED, persona_id, format=format
    )
    return response
