"""Runs the retrains of this worker, and fails those whose worker is gone."""

from service.observability.metrics import Metrics
from service.retraining import jobs
from service.retraining.heartbeat import Ending
from service.retraining.job_supervisor import JobSupervisor, Supervised
from service.retraining.jobs import RetrainRequest
from service.retraining.run import RetrainContext, RetrainRun
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind


class Supervisor(JobSupervisor):
    """Supervises retrains."""

    def __init__(self, context: RetrainContext, metrics: Metrics) -> None:
        self._context = context
        super().__init__(
            Supervised(
                kind=JobKind.RETRAIN,
                jobs=context.jobs,
                owner=context.owner,
                timing=context.timing,
                stopping=context.stopping,
                ended=metrics.retrains,
            )
        )

    def start_retrain(self, request: RetrainRequest, actor: str, claim: Claim | None = None) -> Job:
        """Start a retrain in the background; its job.

        `actor`: who requests it, for the record; `claim`: of the request's idempotency key.
        Raises `UnusableDataFile`, `NothingToTrainOn`, `JobRunning`, `ClaimLost` or `StoreUnavailable`: nothing has
        started.
        """
        context = self._context
        queued = jobs.queued(request, context.owner, actor)
        job = jobs.start(context.jobs, context.users, context.data_dir, queued, claim)
        self.run_in_background(job)
        return job

    def run(self, job: Job) -> Ending:
        """See `JobSupervisor`."""
        return RetrainRun(self._context, job).run()

    def sweep(self) -> None:
        """See `JobSupervisor`."""
        self._context.exports.sweep(lambda job_id: self.has_ended(job_id) is not False)
