"""`/`, `/livez`, `/readyz`, `/metrics`: for operators.

None of them uses the thread pool that the routes of the store share, which is full while the store hangs.
"""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.active_model.readiness import Readiness
from service.http.dependencies import MetricsDep, ServicesDep
from service.http.documentation import documented
from service.http.examples import health as examples
from service.http.guarded_route import GuardedRoute, Work, does
from service.http.path_prefix import public_path
from service.http.responses import json_response
from service.http.schemas.health import Alive, Index, ModelSummary
from service.security.scopes import PUBLIC, Scope, needs
from service.version import NAME, VERSION

LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "personas": "/personas",
    "vocabulary": "/vocabulary",
    "ready": "/readyz",
}
NO_STORE = {"Cache-Control": "no-store"}

NOT_READY = {"content": {"application/json": {"example": examples.NOT_READY}}}

router = APIRouter(route_class=GuardedRoute, tags=["health"])


@router.get(
    "/",
    summary="Show the service and its active model",
    openapi_extra=PUBLIC,
    response_model=Index,
    responses=documented(200, examples.INDEX),
)
@does(Work.MEMORY)
async def index(services: ServicesDep) -> Response:
    """The service, its version, and the active model."""
    loaded = services.model.loaded
    model = ModelSummary.of(loaded) if loaded else None
    links = {name: public_path(path) for name, path in LINKS.items()}
    return json_response(Index(name=NAME, version=VERSION, model=model, links=links))


@router.get(
    "/livez",
    summary="Whether the process responds",
    openapi_extra=PUBLIC,
    response_model=Alive,
    responses=documented(200, examples.ALIVE),
)
@does(Work.MEMORY)
async def livez() -> Response:
    """The process responds; nothing else is checked."""
    return json_response(Alive(), headers=NO_STORE)


@router.get(
    "/readyz",
    summary="Whether requests can be answered",
    openapi_extra=PUBLIC,
    response_model=Readiness,
    responses=documented(200, examples.READY)
    | {503: {"description": "A check fails.", "model": Readiness, **NOT_READY}},
)
@does(Work.MEMORY)
async def readyz(services: ServicesDep) -> Response:
    """A model is active and reproduces its golden predictions, and the store responds; 503 names what fails."""
    readiness = await services.readiness.check()
    return json_response(readiness, 200 if readiness.ready else 503, NO_STORE)


@router.get(
    "/metrics",
    summary="Show metrics for Prometheus",
    openapi_extra=needs(Scope.METRICS_READ),
    response_class=Response,
    responses=documented(200, examples.METRICS, media="text/plain"),
)
@does(Work.MEMORY)
async def metrics(metrics: MetricsDep) -> Response:
    """Prometheus metrics of all workers."""
    return Response(await asyncio.to_thread(metrics.render), headers=NO_STORE, media_type=CONTENT_TYPE_LATEST)
