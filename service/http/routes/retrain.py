"""`/retrain`: a child process trains a new model while the active one continues to serve."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from starlette.responses import StreamingResponse

from service import audit
from service.audit import Action
from service.http.dependencies import ActorDep, Cursor, IdempotencyKey, JobId, Limit, ServicesDep, StoreDep
from service.http.documentation import documented
from service.http.examples import retrain as examples
from service.http.guarded_route import Work, does
from service.http.idempotency import KeyInProgress, KeyReused, ReplayableResponse, run_once
from service.http.json_bodies import JsonRoute
from service.http.responses import from_replayable, json_response
from service.http.schemas.retrain import JobBody, JobList, job_event, job_path
from service.paging import ExpiredCursor, UnusableCursor
from service.retraining import jobs
from service.retraining.event_stream import TooManyStreams
from service.retraining.jobs import JobEnded, NothingToTrainOn, RetrainRequest, UnusableDataFile
from service.security.scopes import Scope, needs
from service.store.ports.errors import StoreUnavailable
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobNotFound, JobRunning

RETRY_AFTER = {"Retry-After": "2"}
# No proxy may buffer events.
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(route_class=JsonRoute, tags=["retrain"])


@router.post(
    "/retrain",
    summary="Train a new model",
    openapi_extra=needs(Scope.MODELS_TRAIN),
    status_code=202,
    response_model=JobBody,
    responses=documented(
        202,
        examples.JOB,
        JobRunning,
        NothingToTrainOn,
        UnusableDataFile,
        KeyReused,
        KeyInProgress,
        StoreUnavailable,
        body=True,
    ),
)
@does(Work.STORE)
def start_retrain(
    body: Annotated[RetrainRequest, Body(examples=[examples.RETRAIN_REQUEST])],
    services: ServicesDep,
    actor: ActorDep,
    key: IdempotencyKey = None,
) -> Response:
    """Train a new model in the background. One at a time: a second one gets 409.

    `activate: always`, which ignores the checks, needs the scope `models:promote` as well.
    """
    if body.activate == "always":
        actor.require(Scope.MODELS_PROMOTE)

    def start(claim: Claim | None) -> ReplayableResponse:
        job = services.supervisor.start_retrain(body, actor.name, claim)
        details = {"source": body.source, "activate": body.activate}
        audit.record(services.store, actor.name, Action.RETRAIN_STARTED, job.id, **details)
        return _started(job)

    def resume(job_id: str) -> ReplayableResponse:
        return _started(services.store.jobs.get(job_id))

    text = f"retrain {body.model_dump_json()}"
    return from_replayable(run_once(services.store.idempotency, key, text, start, resume))


@router.get(
    "/retrain",
    summary="List the retrains",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=JobList,
    responses=documented(200, examples.JOBS, UnusableCursor, ExpiredCursor, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def list_retrains(store: StoreDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The retrains, newest first."""
    return json_response(JobList.of(jobs.list_jobs(store.jobs, limit, cursor)))


@router.get(
    "/retrain/{job_id}",
    summary="Show the progress of a retrain",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=JobBody,
    responses=documented(200, examples.JOB, JobNotFound, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def get_retrain(job_id: JobId, store: StoreDep) -> Response:
    """The progress of a retrain; poll it every `Retry-After` seconds while it runs."""
    return _job_response(jobs.get(store.jobs, job_id), 200)


@router.get(
    "/retrain/{job_id}/events",
    summary="Follow a retrain as it happens",
    openapi_extra=needs(Scope.MODELS_READ),
    response_class=StreamingResponse,
    responses=documented(
        200,
        examples.EVENTS,
        JobNotFound,
        TooManyStreams,
        StoreUnavailable,
        invalid=True,
        media="text/event-stream",
    ),
)
@does(Work.STREAM)
async def watch_retrain(job_id: JobId, services: ServicesDep) -> Response:
    """A retrain as server-sent events: `progress` at each change (JobProgress), `end` with the whole retrain."""
    await services.store_threads.run(jobs.get, services.store.jobs, job_id)
    services.streams.require_slot()
    events = services.streams.events(lambda: jobs.get(services.store.jobs, job_id), job_event)
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.post(
    "/retrain/{job_id}/cancel",
    summary="Cancel a retrain",
    openapi_extra=needs(Scope.MODELS_TRAIN),
    status_code=202,
    response_model=JobBody,
    responses=documented(202, examples.JOB, JobNotFound, JobEnded, StoreUnavailable, invalid=True),
)
@does(Work.STORE)
def cancel_retrain(job_id: JobId, store: StoreDep) -> Response:
    """Stop a retrain; it is CANCELLED within a few seconds."""
    return _job_response(jobs.cancel(store.jobs, job_id), 202)


def _started(job: Job) -> ReplayableResponse:
    headers = RETRY_AFTER | {"Location": job_path(job.id)}
    return ReplayableResponse(202, headers, JobBody.of(job).model_dump_json())


def _job_response(job: Job, status: int) -> Response:
    return json_response(JobBody.of(job), status, {} if job.status.ended else RETRY_AFTER)
