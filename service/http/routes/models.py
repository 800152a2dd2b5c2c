"""`/models`: the versions of the model, what each would change, and which one is in force."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import ArtifactError, ModelNotFound, NoActiveModel
from models.storage.registry import Activation
from service.container import Services
from service.http.dependencies import Cursor, IdempotencyKey, Limit, ServicesDep, Version
from service.http.documentation import documented
from service.http.examples import models as examples
from service.http.idempotency import Done, KeyInProgress, KeyReused, once
from service.http.json_bodies import JsonRoute
from service.http.responses import answer, done_answer, to_json
from service.http.schemas.models import ModelList
from service.paging import UnusableCursor
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.versions import activation as activations
from service.versions import catalogue
from service.versions.activation import (
    ActivationPage,
    ActivationRefused,
    ActivationRequest,
)
from service.versions.catalogue import ModelDetail
from service.versions.comparison import VersionComparison, compare_with_active
from service.watching.drift import Suggestion, suggest


def _suggestion(services: Services) -> Suggestion | None:
    """None without a model, or while the store is away: the versions are told all the same."""
    loaded = services.model.loaded
    try:
        return suggest(services.store.users, loaded, services.drift_thresholds) if loaded else None
    except StoreUnavailable:
        return None


router = APIRouter(route_class=JsonRoute, tags=["models"])


@router.get(
    "/models",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ModelList,
    responses=documented(200, examples.MODELS, UnusableCursor, ArtifactError, invalid=True),
)
def list_models(services: ServicesDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The versions, the newest first, with their verdicts; which is in force; whether a retrain is suggested."""
    page = catalogue.list_versions(services.registry, limit, cursor)
    return answer(ModelList(page.items, page.next_cursor, page.active, _suggestion(services)))


@router.get(
    "/models/activations",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ActivationPage,
    responses=documented(200, examples.ACTIVATIONS, UnusableCursor, ArtifactError, invalid=True),
)
def list_activations(services: ServicesDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Who put which version in force, when and why, the latest first."""
    return answer(activations.list_activations(services.registry, limit, cursor))


@router.get(
    "/models/{version}",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ModelDetail,
    responses=documented(200, examples.MODEL, ModelNotFound, ArtifactError, invalid=True),
)
def get_model(version: Version, services: ServicesDep) -> Response:
    """One version: what it was made of, its verdicts, and what became of each persona in it."""
    return answer(catalogue.get_version(services.registry, version))


@router.get(
    "/models/{version}/comparison",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=VersionComparison,
    responses=documented(
        200, examples.COMPARISON, ModelNotFound, NoActiveModel, ArtifactError, StoreUnavailable, invalid=True
    ),
)
async def compare_model(version: Version, services: ServicesDep) -> Response:
    """What a version would change against the one in force: who lives on, shares, transitions, how many move."""
    async with services.long_work:
        found = await asyncio.to_thread(
            compare_with_active, services.store.users, services.registry, services.model.loaded, version
        )
    return answer(found)


@router.post(
    "/models/{version}/activate",
    openapi_extra=needs(Scope.MODELS_PROMOTE),
    response_model=Activation,
    responses=documented(
        200,
        examples.ACTIVATION,
        ModelNotFound,
        ActivationRefused,
        KeyReused,
        KeyInProgress,
        StoreUnavailable,
        body=True,
    ),
)
def activate_model(
    version: Version,
    asked: Annotated[ActivationRequest, Body(examples=[examples.ACTIVATION_REQUEST])],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> Response:
    """Put a version in force: promotion and rollback are the same call. It is verified whole before."""

    def work() -> Done:
        activation = activations.activate(services.registry, version, asked)
        services.model.refresh()
        return Done(200, {}, to_json(activation).decode())

    text = f"activate {version} {asked.model_dump_json()}"
    return done_answer(once(services.store.idempotency, key, text, work))
