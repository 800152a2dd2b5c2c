"""`/retrain`: new models, made by a child process while the one in force goes on answering."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from service import retraining
from service.access.scopes import Scope, needs
from service.deps import Cursor, JobId, Limit, ServicesDep, StoreDep
from service.paging import UnusableCursor
from service.retraining import JobEnded, NothingToTrainOn, RetrainRequest, UnusableDataFile
from service.routes import examples
from service.routes.answers import answer
from service.routes.documented import documented
from service.routes.json_route import JsonRoute
from service.schemas import JobBody, JobList, job_address
from service.store.base import Job, JobNotFound, JobRunning, StoreUnavailable

RETRY_AFTER = {"Retry-After": "2"}

router = APIRouter(route_class=JsonRoute, tags=["retrain"])


@router.post(
    "/retrain",
    openapi_extra=needs(Scope.MODELS_TRAIN),
    status_code=202,
    response_model=JobBody,
    responses=documented(
        202, examples.JOB, JobRunning, NothingToTrainOn, UnusableDataFile, StoreUnavailable, body=True
    ),
)
def start_retrain(
    asked: Annotated[RetrainRequest, Body(examples=[examples.RETRAIN_REQUEST])], services: ServicesDep
) -> Response:
    """Train a new model in the background. One at a time: a second one is answered 409."""
    supervisor = services.supervisor
    job = retraining.start(services.store, services.settings.data_dir, supervisor.owner, supervisor.run, asked)
    return answer(JobBody.of(job), 202, RETRY_AFTER | {"Location": job_address(job.id)})


@router.get(
    "/retrain",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=JobList,
    responses=documented(200, examples.JOBS, UnusableCursor, StoreUnavailable, invalid=True),
)
def list_retrains(store: StoreDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The retrains, newest first."""
    return answer(JobList.of(retraining.list_jobs(store, limit, cursor)))


@router.get(
    "/retrain/{job_id}",
    openapi_extra=needs(Scope.MODELS_READ),
    response_model=JobBody,
    responses=documented(200, examples.JOB, JobNotFound, StoreUnavailable, invalid=True),
)
def get_retrain(job_id: JobId, store: StoreDep) -> Response:
    """Where a retrain stands; ask again after `Retry-After` seconds while it runs."""
    return _job_answer(retraining.get(store, job_id), 200)


@router.post(
    "/retrain/{job_id}/cancel",
    openapi_extra=needs(Scope.MODELS_TRAIN),
    status_code=202,
    response_model=JobBody,
    responses=documented(202, examples.JOB, JobNotFound, JobEnded, StoreUnavailable, invalid=True),
)
def cancel_retrain(job_id: JobId, store: StoreDep) -> Response:
    """Stop a retrain; it is CANCELLED within a few seconds."""
    return _job_answer(retraining.cancel(store, job_id), 202)


def _job_answer(job: Job, status: int) -> Response:
    return answer(JobBody.of(job), status, {} if job.status.ended else RETRY_AFTER)
