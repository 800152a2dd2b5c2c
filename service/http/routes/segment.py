"""`/segment`: profiles in, personas out.

A profile as people write it takes microseconds and is answered on the event loop. Batches, and bodies made to be
long, take up to seconds: they are answered in a thread, so that everybody else is still answered meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from models.errors import NoActiveModel
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from service.http.dependencies import DetailsDep, ModelDep, ServicesDep
from service.http.documentation import documented
from service.http.examples import segment as examples
from service.http.json_bodies import OneByOneRoute
from service.http.responses import RenderedJson, answer, model_headers, plain, response, to_json
from service.http.schemas.segment import (
    BatchRequest,
    BatchResponse,
    CompareRequest,
    batch_item_of,
    validate_profile,
)
from service.observability.metrics import Metrics
from service.security.scopes import Scope, needs
from service.segmenting.assignment import (
    LONG_BODY,
    NO_DETAILS,
    Details,
    SegmentedInDetail,
    assign,
    assign_each,
    unknown_by_field,
)
from service.segmenting.next_question import NextQuestions, suggest_questions
from service.segmenting.segment_json import BatchItems, SegmentEncoder
from service.segmenting.what_if import Compared, compare

router = APIRouter(route_class=OneByOneRoute, tags=["segment"])


@router.post(
    "/segment",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=SegmentedInDetail,
    responses=documented(200, examples.SEGMENTED_IN_DETAIL, NoActiveModel, body=True),
)
async def segment(
    request: Request,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    loaded: ModelDep,
    services: ServicesDep,
    details: DetailsDep,
) -> Response:
    """Say which persona a profile is, and how sure that is. Any field may be missing, or all of them."""
    return await _answered(
        request, lambda: response(render_assignment(profile, loaded, services.metrics, details))
    )


@router.post(
    "/segment/batch",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    status_code=207,
    response_model=BatchResponse,
    responses=documented(207, examples.BATCH, NoActiveModel, body=True),
)
async def segment_batch(
    request: Request,
    batch: Annotated[BatchRequest, Body(examples=[examples.BATCH_REQUEST])],
    loaded: ModelDep,
    services: ServicesDep,
    details: DetailsDep,
) -> Response:
    """Assign up to 1,000 profiles by one model. Each has its own status; a bad one does not fail the others."""
    encoder = services.model.encoder_of(loaded)

    def work() -> Response:
        return _segment_batch(batch, encoder, services.metrics, details)

    if await _is_long(request):
        return await asyncio.to_thread(work)
    # A thousand profiles may still be short.
    async with services.long_work:
        return await asyncio.to_thread(work)


@router.post(
    "/segment/next-question",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=NextQuestions,
    responses=documented(200, examples.NEXT_QUESTIONS, NoActiveModel, body=True),
)
async def next_question(
    request: Request,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    loaded: ModelDep,
) -> Response:
    """Say which unanswered field is expected to tell most about the persona: for a form that asks bit by bit."""
    return await _answered(
        request, lambda: answer(suggest_questions(loaded.model, profile), headers=model_headers(loaded))
    )


@router.post(
    "/segment/compare",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=Compared,
    responses=documented(200, examples.COMPARED, NoActiveModel, body=True),
)
async def compare_segments(
    request: Request,
    asked: Annotated[CompareRequest, Body(examples=[examples.COMPARE_REQUEST])],
    loaded: ModelDep,
) -> Response:
    """Say how the answer would move if some answers of a profile were others."""
    return await _answered(
        request,
        lambda: answer(compare(loaded.model, asked.profile, asked.changes), headers=model_headers(loaded)),
    )


async def _answered(request: Request, work: Callable[[], Response]) -> Response:
    """Here and now, or in a thread where the body is long."""
    return await asyncio.to_thread(work) if await _is_long(request) else work()


async def _is_long(request: Request) -> bool:
    """Whether the body is long: then the route has its turn already (`OneByOneRoute`)."""
    return len(await request.body()) > LONG_BODY


def render_assignment(
    profile: Profile, loaded: LoadedArtifact, metrics: Metrics, details: Details
) -> RenderedJson:
    """Assign one profile, count it, and render the response. The fast path calls this too."""
    segmented = assign(loaded.model, profile, details)
    metrics.observe_assignment("single", unknown_by_field(segmented.warnings))
    return plain(segmented, headers=model_headers(loaded))


def _segment_batch(batch: BatchRequest, encoder: SegmentEncoder, metrics: Metrics, details: Details) -> Response:
    profiles, loaded = batch.profiles, encoder.loaded
    count = len(profiles)
    items, rest = (
        encoder.encode_batch(profiles) if details == NO_DETAILS else (BatchItems.empty(count), [*range(count)])
    )
    metrics.observe_assignment("batch", {}, count - len(rest))
    read = (validate_profile(profiles[place]) for place in rest)
    for place, outcome in zip(rest, assign_each(loaded.model, read, details), strict=True):
        if outcome.result is not None:
            metrics.observe_assignment("batch", unknown_by_field(outcome.result.warnings))
        items.put(place, to_json(batch_item_of(place, outcome)))
    return response(RenderedJson(items.join(loaded.manifest.version), 207, model_headers(loaded)))
