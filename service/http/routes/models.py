"""`/models`: the versions of the model, what each would change, and which one is active."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import ArtifactError, ModelNotFound, NoActiveModel
from models.storage.registry import Activation
from service.audit import record_activation
from service.container import Services
from service.http.dependencies import ActorDep, Cursor, IdempotencyKey, Limit, ServicesDep, Version
from service.http.documentation import documented
from service.http.examples import models as examples
from service.http.guarded_route import Work, does
from service.http.idempotency import KeyInProgress, KeyReused, ReplayableResponse, run_once
from service.http.json_bodies import JsonRoute
from service.http.responses import from_replayable, json_response, to_json
from service.http.schemas.models import ModelList
from service.paging import ExpiredCursor, UnusableCursor
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.store.ports.idempotency import Claim
from service.versions import activation as activations
from service.versions import catalogue
from service.versions.activation import (
    ActivationPage,
    ActivationRefused,
    ActivationRequest,
)
from service.versions.catalogue import ModelDetail
from service.versions.comparison import VersionComparison, compare_with_active, read_sample, require_comparable
from service.watching.drift import Suggestion, suggest


def _suggestion(services: Services) -> Suggestion | None:
    """None without a model or while the store is unavailable, as the versions are listed all the same."""
    loaded = services.model.loaded
    try:
        return suggest(services.store.users, loaded, services.drift_thresholds) if loaded else None
    except StoreUnavailable:
        return None


router = APIRouter(route_class=JsonRoute, tags=["models"])


@router.get(
    "/models",
    summary="List the versions of the model",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ModelList,
    responses=documented(200, examples.MODELS, UnusableCursor, ArtifactError, invalid=True),
)
@does(Work.STORE)
def list_models(services: ServicesDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The versions, newest first, with their acceptance checks; the active one; whether to retrain."""
    page = catalogue.list_versions(services.registry, limit, cursor)
    return json_response(ModelList(page.items, page.next_cursor, page.active, _suggestion(services)))


@router.get(
    "/models/activations",
    summary="List who activated which version",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ActivationPage,
    responses=documented(200, examples.ACTIVATIONS, UnusableCursor, ExpiredCursor, ArtifactError, invalid=True),
)
@does(Work.STORE)
def list_activations(services: ServicesDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Who activated which version, when and why, the latest first."""
    return json_response(activations.list_activations(services.registry, limit, cursor))


@router.get(
    "/models/{version}",
    summary="Show a version and its checks",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=ModelDetail,
    responses=documented(200, examples.MODEL, ModelNotFound, ArtifactError, invalid=True),
)
@does(Work.STORE)
def get_model(version: Version, services: ServicesDep) -> Response:
    """One version: its training data, its acceptance checks, and what became of each persona."""
    return json_response(catalogue.get_version(services.registry, version))


@router.get(
    "/models/{version}/comparison",
    summary="Compare a version with the active one",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=VersionComparison,
    responses=documented(
        200, examples.COMPARISON, ModelNotFound, NoActiveModel, ArtifactError, StoreUnavailable, invalid=True
    ),
)
@does(Work.LONG)
async def compare_model(version: Version, services: ServicesDep) -> Response:
    """What a version would change against the active one: personas, shares, transitions, users that move."""
    registry, active = services.registry, services.model.loaded
    require_comparable(registry, active, version)
    async with services.comparisons:
        # Long work of others must not wait for the store.
        users = await services.store_threads.run(read_sample, services.store.users)
        async with services.long_work:
            comparison = await asyncio.to_thread(compare_with_active, users, registry, active, version)
    return json_response(comparison)


@router.post(
    "/models/{version}/activate",
    summary="Activate a version, or roll back to it",
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
@does(Work.STORE)
def activate_model(
    version: Version,
    body: Annotated[ActivationRequest, Body(examples=[examples.ACTIVATION_REQUEST])],
    services: ServicesDep,
    actor: ActorDep,
    key: IdempotencyKey = None,
) -> Response:
    """Activate a version: promotion and rollback are the same call. The whole version is verified first."""

    def activate(_: Claim | None) -> ReplayableResponse:
        before = next(iter(services.registry.activations()), None)
        activation = activations.activate(services.registry, version, body, actor.name)
        services.model.refresh()
        if activation != before:
            record_activation(services.store, activation)
        return ReplayableResponse(200, {}, to_json(activation).decode())

    text = f"activate {version} {body.model_dump_json()}"
    return from_replayable(run_once(services.store.idempotency, key, text, activate))
