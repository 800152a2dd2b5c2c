"""Jobs of the service: retrains, and waiting for a job to end."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from backpocket_segments.calls import Call, Pause, Steps
from backpocket_segments.errors import JobFailed
from backpocket_segments.operations.users import idempotency_key
from backpocket_segments.results.jobs import ENDED, ImportJob, Job

J = TypeVar("J", Job, ImportJob)
POLL_SECONDS = 2.0


def retrain(
    source: Literal["users", "simulated", "file"] = "users",
    *,
    path: str | None = None,
    mapping: str | Mapping[str, Any] | None = None,
    rows: int | None = None,
    k: int | Literal["auto"] = "auto",
    seed: int = 0,
    activate: Literal["auto", "never", "always"] = "auto",
    wait: bool = False,
    progress: Callable[[Job], None] | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> Steps[Job]:
    """Train a new model in the background. Raises `AlreadyRunning`.

    With `wait` the job is watched to its end, and `progress` called with each state; a model that trained well and
    did not pass its checks is no failure (`result.activated`). Raises `JobFailed` then.
    """
    body: dict[str, object] = {"source": source, "k": k, "seed": seed, "activate": activate}
    body |= {
        name: value for name, value in (("path", path), ("mapping", mapping), ("rows", rows)) if value is not None
    }
    job = yield from Call(
        method="POST", route="/retrain", result=Job, json=body, headers=idempotency_key()
    ).result_of()
    if not wait:
        return job
    return (yield from wait_for(job, "/retrain/{job_id}", progress, poll_seconds))


def get_retrain(job_id: str) -> Steps[Job]:
    """The progress of a retrain. Raises `NotFound`."""
    return Call(method="GET", route="/retrain/{job_id}", path={"job_id": job_id}, result=Job).result_of()


def get_import(import_id: str) -> Steps[ImportJob]:
    """The progress of an import. Raises `NotFound`."""
    return Call(method="GET", route="/imports/{job_id}", path={"job_id": import_id}, result=ImportJob).result_of()


def wait_for(job: J, route: str, progress: Callable[[J], None] | None, poll_seconds: float) -> Steps[J]:
    """The job when it has ended. Raises `JobFailed` where that was without success."""
    while True:
        if progress is not None:
            progress(job)
        if job.status in ENDED:
            break
        yield Pause(poll_seconds)
        job = yield from Call(method="GET", route=route, path={_name(route): job.id}, result=type(job)).result_of()
    if job.status != "SUCCEEDED":
        raise JobFailed(job)
    return job


def _name(route: str) -> str:
    """The name of the one id in a route."""
    return route.partition("{")[2].partition("}")[0]
