"""`/personas` and `/vocabulary`: the personas, fields and values that the active model knows."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Body, Header, Query, Request, Response

from models.errors import NoActiveModel
from models.persona import Persona
from models.profile.voice import Voice
from models.storage.artifact import LoadedArtifact
from service import audit
from service.audit import Action
from service.container import Services
from service.http.dependencies import (
    ActorDep,
    Cursor,
    FirstDay,
    LastDay,
    Limit,
    ModelDep,
    PersonaId,
    PersonasVoice,
    ServicesDep,
    StoreDep,
)
from service.http.documentation import NOT_MODIFIED, documented
from service.http.examples import personas as examples
from service.http.guarded_route import Work, does
from service.http.json_bodies import JsonRoute
from service.http.responses import conditional_response, entity_tag, json_response, model_headers, names_tag
from service.limits import Overloaded
from service.paging import UnusableCursor
from service.personas import catalogue
from service.personas.affinities import (
    AffinitiesNotCounted,
    NoSuchAffinities,
    PersonaAffinities,
    persona_affinities,
)
from service.personas.catalogue import PersonaNotFound, PersonaPage, StaleCursor, VocabularyAnswer
from service.personas.history import History, Movements, UnusablePeriod, history, movements
from service.personas.lineage import Lineage, lineage
from service.personas.overrides import (
    Edit,
    IfMatchMissing,
    NameTaken,
    PersonaChangedSince,
    PersonaPatch,
    override_persona,
)
from service.security.scopes import Scope, needs
from service.store.ports.errors import NotStorable, StoreUnavailable

router = APIRouter(route_class=JsonRoute, tags=["personas"])
log = logging.getLogger("service.personas")


@router.get(
    "/personas",
    summary="List the personas",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=PersonaPage,
    responses=NOT_MODIFIED
    | documented(200, examples.PERSONAS, NoActiveModel, UnusableCursor, StaleCursor, invalid=True),
)
@does(Work.MEMORY)
async def list_personas(
    request: Request,
    loaded: ModelDep,
    services: ServicesDep,
    limit: Limit = 50,
    cursor: Cursor = None,
    voice: PersonasVoice = "analyst",
) -> Response:
    """The personas of the active model, the largest in training first, with traits, affinities and users.

    The ETag covers the number of users, too. While the store does not respond, the numbers of users are null.
    """
    users = await _users_by_persona(services)
    return conditional_response(request, catalogue.list_personas(loaded, users, limit, cursor, voice), loaded)


async def _users_by_persona(services: Services) -> Mapping[str, int] | None:
    """The number of users by persona; None where the store does not respond, or too many wait for it."""
    try:
        with services.store_bulkhead.slot():
            return await services.store_threads.run(services.store.feed.users_by_persona)
    except (Overloaded, StoreUnavailable):
        # The catalogue is the model's, and there without the store.
        log.warning("the numbers of users could not be read")
        return None


@router.get(
    "/personas/history",
    summary="Show the sizes of the personas day by day",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=History,
    responses=documented(200, examples.HISTORY, UnusablePeriod, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def show_history(store: StoreDep, first: FirstDay = None, last: LastDay = None) -> Response:
    """How many stored users each persona had at the end of each day, and who came and went for which cause."""
    return json_response(history(store.feed, first, last, datetime.now(UTC)))


@router.get(
    "/personas/movements",
    summary="Show who moved between personas",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=Movements,
    responses=documented(200, examples.MOVEMENTS, UnusablePeriod, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def show_movements(store: StoreDep, first: FirstDay = None, last: LastDay = None) -> Response:
    """How many users moved from which persona to which, by cause, between two days."""
    return json_response(movements(store.feed, first, last, datetime.now(UTC)))


@router.get(
    "/personas/{persona_id}",
    summary="Show a persona",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=Persona,
    responses=NOT_MODIFIED | documented(200, examples.PERSONA, NoActiveModel, PersonaNotFound, invalid=True),
)
@does(Work.MEMORY)
async def get_persona(
    request: Request, loaded: ModelDep, persona_id: PersonaId, voice: PersonasVoice = "analyst"
) -> Response:
    """One persona: its traits, and its gift affinities."""
    return conditional_response(request, catalogue.get_persona(loaded, persona_id, voice), loaded)


@router.patch(
    "/personas/{persona_id}",
    summary="Name or describe a persona",
    openapi_extra=needs(Scope.PERSONAS_WRITE),
    response_model=Persona,
    responses=documented(
        200,
        examples.EDITED_PERSONA,
        NoActiveModel,
        PersonaNotFound,
        IfMatchMissing,
        PersonaChangedSince,
        NameTaken,
        NotStorable,
        StoreUnavailable,
        body=True,
    ),
)
@does(Work.STORE)
def edit_persona(
    request: Request,
    persona_id: PersonaId,
    patch: Annotated[PersonaPatch, Body(examples=[examples.PERSONA_PATCH])],
    services: ServicesDep,
    actor: ActorDep,
    if_match: Annotated[
        str | None, Header(max_length=500, description="The ETag of the persona to override.")
    ] = None,
) -> Response:
    """Override the name, sentence or note of a persona. Overrides follow its id from model to model."""
    if if_match is None:
        raise IfMatchMissing("GET the persona and send its ETag as If-Match, so that no other edit is lost.")
    names = request.headers.getlist("if-match")

    def is_of_state(loaded: LoadedArtifact) -> bool:
        personas = (catalogue.get_persona(loaded, persona_id, voice) for voice in get_args(Voice))
        return any(names_tag(names, entity_tag(persona, loaded)) for persona in personas)

    edit = Edit(
        persona_id=persona_id, patch=patch, actor=actor.name, now=datetime.now(UTC), is_of_state=is_of_state
    )
    loaded = override_persona(services.store.personas, services.model.require_without_overrides(), edit)
    services.model.refresh_overrides()
    fields = sorted(patch.model_fields_set - {"by"})
    audit.record(services.store, actor.name, Action.PERSONA_EDITED, persona_id, fields=fields)
    persona = catalogue.get_persona(loaded, persona_id)
    return json_response(persona, headers={**model_headers(loaded), "ETag": entity_tag(persona, loaded)})


@router.get(
    "/personas/{persona_id}/lineage",
    summary="Show where a persona comes from",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=Lineage,
    responses=NOT_MODIFIED | documented(200, examples.LINEAGE, NoActiveModel, PersonaNotFound, invalid=True),
)
@does(Work.MEMORY)
async def get_persona_lineage(request: Request, loaded: ModelDep, persona_id: PersonaId) -> Response:
    """The origin of a persona and what became of it, version by version; retired ones included."""
    return conditional_response(request, lineage(loaded, persona_id), loaded)


@router.get(
    "/personas/{persona_id}/affinities",
    summary="Show what a persona's members give and answer more than others",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=PersonaAffinities,
    responses=NOT_MODIFIED
    | documented(
        200,
        examples.AFFINITIES,
        NoActiveModel,
        PersonaNotFound,
        AffinitiesNotCounted,
        NoSuchAffinities,
        invalid=True,
    ),
)
# In a thread: two fields crossed have hundreds of items, which take milliseconds.
@does(Work.MEMORY)
def get_persona_affinities(
    request: Request,
    loaded: ModelDep,
    persona_id: PersonaId,
    field: Annotated[
        str | None,
        Query(
            max_length=200,
            description="A field of the profile; the gift categories of all gift fields without it.",
        ),
    ] = None,
    by: Annotated[
        str | None, Query(max_length=200, description="Another field, to cross it with: one answer or gifts.")
    ] = None,
) -> Response:
    """For each value the share of the persona's members, with its interval, and its lift over everyone's."""
    return conditional_response(request, persona_affinities(loaded, persona_id, field, by), loaded)


@router.get(
    "/vocabulary",
    summary="List the fields and values that the model knows",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=VocabularyAnswer,
    responses=NOT_MODIFIED | documented(200, examples.VOCABULARY, NoActiveModel),
)
@does(Work.MEMORY)
async def get_vocabulary(request: Request, loaded: ModelDep) -> Response:
    """The fields of a profile, their bounds, and the values that the model knows: all that a form needs."""
    return conditional_response(request, catalogue.vocabulary(loaded), loaded)
