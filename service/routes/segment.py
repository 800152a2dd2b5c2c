"""`/segment`: profiles in, personas out.

A profile as people write it takes microseconds and is answered on the event loop. Batches, and bodies made to be
long, take up to seconds: they are answered in a thread, so that everybody else is still answered meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from models.artifact import LoadedArtifact
from models.errors import NoActiveModel
from models.profile import Profile
from service.access.scopes import Scope, needs
from service.assignment import Segmented, assign, assign_each
from service.deps import ModelDep, Services, ServicesDep
from service.metrics import Metrics
from service.routes import examples
from service.routes.answers import answer, model_headers
from service.routes.documented import documented
from service.routes.json_route import JsonRoute
from service.schemas import BatchAnswer, BatchRequest, profile_or_refusal

# Bytes of a body: ten times those of a profile in which everything is answered.
LONG = 16_384

router = APIRouter(route_class=JsonRoute, tags=["segment"])


@router.post(
    "/segment",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=Segmented,
    responses=documented(200, examples.SEGMENTED, NoActiveModel, body=True),
)
async def segment(
    request: Request,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    loaded: ModelDep,
    services: ServicesDep,
) -> Response:
    """Say which persona a profile is. Every field may be missing, down to the empty profile."""
    if len(await request.body()) > LONG:
        return await _in_a_thread(services, lambda: _segment(profile, loaded, services.metrics))
    return _segment(profile, loaded, services.metrics)


@router.post(
    "/segment/batch",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    status_code=207,
    response_model=BatchAnswer,
    responses=documented(207, examples.BATCH, NoActiveModel, body=True),
)
async def segment_batch(
    batch: Annotated[BatchRequest, Body(examples=[examples.BATCH_REQUEST])],
    loaded: ModelDep,
    services: ServicesDep,
) -> Response:
    """Assign up to 1,000 profiles by one model. Each has its own status; a bad one does not fail the others."""
    return await _in_a_thread(services, lambda: _segment_batch(batch, loaded, services.metrics))


async def _in_a_thread(services: Services, work: Callable[[], Response]) -> Response:
    async with services.long_work:
        return await asyncio.to_thread(work)


def _segment(profile: Profile, loaded: LoadedArtifact, metrics: Metrics) -> Response:
    segmented = assign(loaded.model, profile)
    metrics.observe_assignment("single", segmented.unknown_fields)
    return answer(segmented, headers=model_headers(loaded))


def _segment_batch(batch: BatchRequest, loaded: LoadedArtifact, metrics: Metrics) -> Response:
    outcomes = assign_each(loaded.model, map(profile_or_refusal, batch.profiles))
    for outcome in outcomes:
        if outcome.result is not None:
            metrics.observe_assignment("batch", outcome.result.unknown_fields)
    body = BatchAnswer.of(loaded.manifest.version, outcomes)
    return answer(body, 207, model_headers(loaded), exclude_none=True)
