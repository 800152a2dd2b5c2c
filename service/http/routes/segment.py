"""`/segment`: assigns profiles to personas.

A profile of usual length takes microseconds, on the event loop. Batches and long bodies take up to seconds:
they are answered in a thread, so that the event loop goes on serving other requests.
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
from service.http.guarded_route import Work, does
from service.http.json_bodies import JsonRoute, many_profiles
from service.http.responses import RenderedResponse, from_rendered, json_response, model_headers, render, to_json
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

router = APIRouter(route_class=JsonRoute, tags=["segment"])


@router.post(
    "/segment",
    summary="Segment a profile",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=SegmentedInDetail,
    responses=documented(200, examples.SEGMENTED_IN_DETAIL, NoActiveModel, body=True),
)
@does(Work.LONG)
async def segment(
    request: Request,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    loaded: ModelDep,
    services: ServicesDep,
    details: DetailsDep,
) -> Response:
    """Assign a profile to a persona, with the confidence. Any field may be missing, or all of them."""
    return await _run(
        request, lambda: from_rendered(render_assignment(profile, loaded, services.metrics, details))
    )


@router.post(
    "/segment/batch",
    summary="Segment up to 1,000 profiles",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    status_code=207,
    response_model=BatchResponse,
    responses=documented(207, examples.BATCH, NoActiveModel, body=True),
)
@many_profiles
@does(Work.LONG)
async def segment_batch(
    request: Request,
    batch: Annotated[BatchRequest, Body(examples=[examples.BATCH_REQUEST])],
    loaded: ModelDep,
    services: ServicesDep,
    details: DetailsDep,
) -> Response:
    """Assign up to 1,000 profiles by one model, each with its own status: an invalid one fails no other."""
    encoder = services.model.encoder_of(loaded)

    def run() -> Response:
        return _segment_batch(batch, encoder, services.metrics, details)

    if await _is_long(request):
        return await asyncio.to_thread(run)
    # The route holds this for long bodies alone, and a short body may have a thousand profiles.
    async with services.long_work:
        return await asyncio.to_thread(run)


@router.post(
    "/segment/next-question",
    summary="Choose the next question of a form",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=NextQuestions,
    responses=documented(200, examples.NEXT_QUESTIONS, NoActiveModel, body=True),
)
@does(Work.LONG)
async def next_question(
    request: Request,
    profile: Annotated[Profile, Body(examples=[examples.PROFILE])],
    loaded: ModelDep,
) -> Response:
    """The unanswered field expected to tell most about the persona, for a form that asks step by step."""
    return await _run(
        request, lambda: json_response(suggest_questions(loaded.model, profile), headers=model_headers(loaded))
    )


@router.post(
    "/segment/compare",
    summary="Try changed answers",
    openapi_extra=needs(Scope.SEGMENT_ASSIGN),
    response_model=Compared,
    responses=documented(200, examples.COMPARED, NoActiveModel, body=True),
)
@does(Work.LONG)
async def compare_segments(
    request: Request,
    body: Annotated[CompareRequest, Body(examples=[examples.COMPARE_REQUEST])],
    loaded: ModelDep,
) -> Response:
    """How the assignment would change if some answers of a profile changed."""
    return await _run(
        request,
        lambda: json_response(compare(loaded.model, body.profile, body.changes), headers=model_headers(loaded)),
    )


async def _run(request: Request, run: Callable[[], Response]) -> Response:
    """On the event loop, or in a thread where the body is long."""
    return await asyncio.to_thread(run) if await _is_long(request) else run()


async def _is_long(request: Request) -> bool:
    """Whether the body is long; then the route holds `Services.long_work` already (`JsonRoute`)."""
    return len(await request.body()) > LONG_BODY


def render_assignment(
    profile: Profile, loaded: LoadedArtifact, metrics: Metrics, details: Details
) -> RenderedResponse:
    """Assign one profile, count it, and render the response. The fast path calls this too."""
    segmented = assign(loaded.model, profile, details)
    metrics.observe_assignment("single", unknown_by_field(segmented.warnings))
    return render(segmented, model_headers(loaded))


def _segment_batch(batch: BatchRequest, encoder: SegmentEncoder, metrics: Metrics, details: Details) -> Response:
    profiles, loaded = batch.profiles, encoder.loaded
    count = len(profiles)
    items, rest = (
        encoder.encode_batch(profiles) if details == NO_DETAILS else (BatchItems.empty(count), [*range(count)])
    )
    metrics.observe_assignment("batch", {}, count - len(rest))
    validated = (validate_profile(profiles[index]) for index in rest)
    for index, outcome in zip(rest, assign_each(loaded.model, validated, details), strict=True):
        if outcome.result is not None:
            metrics.observe_assignment("batch", unknown_by_field(outcome.result.warnings))
        items.put(index, to_json(batch_item_of(index, outcome)))
    return from_rendered(RenderedResponse(items.join(loaded.manifest.version), 207, model_headers(loaded)))
