"""`/personas` and `/vocabulary`: what the model in force knows."""

from fastapi import APIRouter, Request, Response

from models.errors import NoActiveModel
from models.persona import Persona
from service import catalogue
from service.access.scopes import Scope, needs
from service.catalogue import PersonaNotFound, PersonaPage, StaleCursor, VocabularyAnswer
from service.deps import Cursor, Limit, ModelDep, PersonaId
from service.paging import UnusableCursor
from service.routes import examples
from service.routes.answers import cached_answer
from service.routes.documented import NOT_MODIFIED, documented
from service.routes.guarded import GuardedRoute

router = APIRouter(route_class=GuardedRoute, tags=["personas"])


@router.get(
    "/personas",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=PersonaPage,
    responses=NOT_MODIFIED
    | documented(200, examples.PERSONAS, NoActiveModel, UnusableCursor, StaleCursor, invalid=True),
)
async def list_personas(request: Request, loaded: ModelDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The personas of the model in force, the largest first, with traits and gift affinities."""
    return cached_answer(request, catalogue.list_personas(loaded, limit, cursor), loaded)


@router.get(
    "/personas/{persona_id}",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=Persona,
    responses=NOT_MODIFIED | documented(200, examples.PERSONA, NoActiveModel, PersonaNotFound, invalid=True),
)
async def get_persona(request: Request, loaded: ModelDep, persona_id: PersonaId) -> Response:
    """One persona: who they are, what sets them apart, and what they are given."""
    return cached_answer(request, catalogue.get_persona(loaded, persona_id), loaded)


@router.get(
    "/vocabulary",
    openapi_extra=needs(Scope.PERSONAS_READ),
    response_model=VocabularyAnswer,
    responses=NOT_MODIFIED | documented(200, examples.VOCABULARY, NoActiveModel),
)
async def get_vocabulary(request: Request, loaded: ModelDep) -> Response:
    """The fields of a profile, their bounds, and the values that the model knows: enough to build a form."""
    return cached_answer(request, catalogue.vocabulary(loaded), loaded)
