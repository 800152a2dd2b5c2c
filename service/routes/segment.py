"""`/segment`: profiles in, personas out."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from models.errors import NoActiveModel
from models.profile import Profile
from service.assignment import Segmented, assign, assign_each
from service.deps import MetricsDep, ModelDep
from service.routes import examples
from service.routes.answers import answer, model_headers
from service.routes.documented import documented
from service.routes.json_route import JsonRoute
from service.schemas import BatchAnswer, BatchRequest

router = APIRouter(route_class=JsonRoute, tags=["segment"])


@router.post(
    "/segment",
    response_model=Segmented,
    responses=documented(200, examples.SEGMENTED, NoActiveModel, body=True),
)
async def segment(
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])], loaded: ModelDep, metrics: MetricsDep
) -> Response:
    """Say which persona a profile is. Every field may be missing, down to the empty profile."""
    segmented = assign(loaded.model, profile)
    metrics.observe_assignment("single", segmented.unknown_fields)
    return answer(segmented, headers=model_headers(loaded))


@router.post(
    "/segment/batch",
    status_code=207,
    response_model=BatchAnswer,
    responses=documented(207, examples.BATCH, NoActiveModel, body=True),
)
async def segment_batch(
    batch: Annotated[BatchRequest, Body(examples=[examples.BATCH_REQUEST])],
    loaded: ModelDep,
    metrics: MetricsDep,
) -> Response:
    """Assign up to 1,000 profiles by one model. Each has its own status; a bad one does not fail the others."""
    outcomes = assign_each(loaded.model, batch.profiles)
    for outcome in outcomes:
        if outcome.result is not None:
            metrics.observe_assignment("batch", outcome.result.unknown_fields)
    body = BatchAnswer.of(loaded.manifest.version, outcomes)
    return answer(body, 207, model_headers(loaded), exclude_none=True)
