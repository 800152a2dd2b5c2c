"""A retrain from its start to its end, by the worker that took the request; and the end of jobs left behind.

The supervisor gives a sign of life to the store while the child runs. When it cannot for as long as the lease,
others will take the job for dead, so it ends the child and puts nothing in force. The reaper, in every worker,
marks jobs FAILED whose supervisor is gone.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from models.errors import SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.registry import Registry
from service.active_model.active_model import active_version
from service.background.periodic_task import PeriodicTask
from service.observability.metrics import Metrics
from service.retraining.export import Exports
from service.retraining.jobs import RetrainRequest, data_file
from service.retraining.launcher import Child, Ended, FitOrder, Launcher, Step
from service.store.ports.errors import StoreError
from service.store.ports.jobs import Job, JobNotFound, JobStatus, JobStore
from service.store.ports.users import StoredUser, UserStore

log = logging.getLogger("service.supervision")

EXPORT_BATCH = 1_000
MAX_STEPS = 100
LEFT_BEHIND = "The process that ran this retrain gave no sign of life any more; start it again."
STOPPED = "The service was stopped before the retrain had ended; start it again."
CANCELLED = "Cancelled as asked."


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: between signs of life, and without one until a job counts as dead."""

    beat: float
    lease: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a retrain may take: seconds, and bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends."""

    status: JobStatus
    error: str | None = None
    result: dict[str, Any] | None = None


class _Lost(Exception):
    """The job is not ours any more: ended by somebody else, or out of reach for the length of the lease."""


class _Interrupted(Exception):
    """The job is to end now."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


@dataclass
class Supervisor:
    """Runs the jobs of this worker, each in a thread, and reaps those that other workers left behind."""

    jobs: JobStore
    users: UserStore
    registry: Registry
    launcher: Launcher
    metrics: Metrics
    timing: Timing
    data_dir: Path
    retrain_rows: int
    # Called once a model was put in force: whoever reads that its job succeeded is answered by it here.
    activated: Callable[[], None]
    limits: Limits
    bounds: Mapping[str, str] = field(default_factory=dict)
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}")
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _reaper: PeriodicTask = field(init=False)

    def __post_init__(self) -> None:
        self._reaper = PeriodicTask(
            name="retrain-reaper", interval=self.timing.lease / 5, work=self.reap, log=log, immediately=True
        )

    @property
    def exports(self) -> Exports:
        """Where stored profiles are exported to."""
        return Exports(self.data_dir)

    def start(self) -> None:
        """Start reaping."""
        self._reaper.start()

    def stop(self, patience: float) -> None:
        """End what runs, and return when it has ended or after `patience` seconds."""
        self._stopping.set()
        deadline = time.monotonic() + patience
        self._reaper.stop(patience)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run(self, job: Job) -> None:
        """Run a job to its end, in the background."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self.supervise, args=(job,), name=f"retrain-{job.id[:8]}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def supervise(self, job: Job) -> None:
        """Run a job to its end. Never raises."""
        try:
            ending = _Run(self, job).to_the_end()
        except _Lost:
            log.warning("a retrain was lost to its lease", extra={"fields": {"job": job.id}})
            return
        except Exception as error:
            log.exception("a retrain failed", extra={"fields": {"job": job.id}})
            ending = Ending(JobStatus.FAILED, f"Something went wrong here ({type(error).__name__}).")
        self._finish(job, ending)

    def reap(self) -> None:
        """Mark FAILED what nobody runs any more, and remove the files that it left."""
        now = datetime.now(UTC)
        for job in self.jobs.expire(now - timedelta(seconds=self.timing.lease), now, LEFT_BEHIND):
            self.metrics.retrains.labels(JobStatus.FAILED).inc()
            log.error("a retrain was left behind", extra={"fields": {"job": job.id}})
        self.exports.sweep(self._has_ended)

    @property
    def stopping(self) -> bool:
        """Whether the service is being stopped."""
        return self._stopping.is_set()

    def _has_ended(self, job_id: str) -> bool:
        try:
            return self.jobs.get(job_id).status.ended
        except JobNotFound:
            return True

    def _finish(self, job: Job, ending: Ending) -> None:
        """Keep the ending; a store that is away for longer than the lease will find the job expired."""
        deadline = time.monotonic() + self.timing.lease
        while True:
            try:
                self.jobs.finish(job.id, ending.status, datetime.now(UTC), ending.error, ending.result)
                break
            except StoreError:
                if time.monotonic() > deadline:
                    log.exception("the end of a retrain could not be kept")
                    return
                time.sleep(self.timing.beat)
        self.metrics.retrains.labels(ending.status).inc()
        log.info("a retrain ended", extra={"fields": {"job": job.id, "status": ending.status}})


class _Run:
    """One job while it runs."""

    def __init__(self, supervisor: Supervisor, job: Job) -> None:
        self._by = supervisor
        self._job = job
        self._request = RetrainRequest.model_validate(job.request)
        self._stage, self._share = "starting", 0.0
        self._steps: list[dict[str, Any]] = []
        self._beaten_at = self._began_at = time.monotonic()

    def to_the_end(self) -> Ending:
        try:
            self._beat()
            child = self._by.launcher.launch(self._order())
            try:
                ended = self._watch(child)
            finally:
                child.stop()
            return self._conclude(ended)
        except _Interrupted as interruption:
            return interruption.ending
        except SegmentsError as error:
            return Ending(JobStatus.FAILED, str(error))
        finally:
            with suppress(OSError):
                self._by.exports.remove(self._job.id)

    def _order(self) -> FitOrder:
        request = self._request
        order = FitOrder(self._by.registry.root, request.k, request.seed, bounds=self._by.bounds)
        match request.source:
            case "simulated":
                return replace(order, rows=request.rows or self._by.retrain_rows)
            case "users":
                self._stage = "exporting the stored profiles"
                return replace(order, data=self._by.exports.write(self._job.id, self._users()), origin="users")
            case "file":
                return replace(order, data=data_file(self._by.data_dir, request.path or ""))

    def _users(self) -> Iterator[list[StoredUser]]:
        for batch in self._by.users.iterate(EXPORT_BATCH):
            self._beat_when_due()
            yield batch

    def _watch(self, child: Child) -> Ended:
        while True:
            event = child.next_event(self._by.timing.beat / 2)
            if isinstance(event, Ended):
                return event
            if isinstance(event, Step):
                self._stage, self._share = event.stage, event.share
                self._note_step()
            if (excess := self._excess(child)) is not None:
                return self._stopped(child, excess)
            self._beat_when_due()

    def _excess(self, child: Child) -> str | None:
        """What the child takes too much of, in a sentence."""
        limits = self._by.limits
        if time.monotonic() - self._began_at > limits.seconds:
            return f"Training took longer than {limits.seconds:g} s (setting RETRAIN_SECONDS) and was stopped."
        if (child.memory() or 0) > limits.memory:
            return (
                f"Training took more than {limits.memory // 10**6:,} MB of memory (setting RETRAIN_MEMORY_MB) "
                "and was stopped; fewer rows need less."
            )
        return None

    def _stopped(self, child: Child, excess: str) -> Ended:
        """Stop the child; its last lines with our sentence."""
        child.stop()
        while (event := child.next_event(self._by.timing.lease)) is not None:
            if isinstance(event, Ended):
                return Ended(None, excess, event.last_lines)
        return Ended(None, excess)

    def _note_step(self) -> None:
        """Keep the named steps, each with how far the whole was when it was last heard of."""
        if not self._steps or self._steps[-1]["name"] != self._stage:
            self._steps = [*self._steps, {"name": self._stage, "at": datetime.now(UTC).isoformat()}][-MAX_STEPS:]
        self._steps[-1]["progress"] = round(self._share, 4)

    def _beat_when_due(self) -> None:
        if self._by.stopping:
            raise _Interrupted(Ending(JobStatus.FAILED, STOPPED))
        if time.monotonic() - self._beaten_at >= self._by.timing.beat:
            self._beat()

    def _beat(self) -> None:
        """Give a sign of life, and look whether the job is still to be done, and by us."""
        now = time.monotonic()
        self._note_step()
        try:
            job = self._by.jobs.heartbeat(
                self._job.id, self._by.owner, datetime.now(UTC), self._stage, self._share, self._steps
            )
        except JobNotFound as error:
            raise _Lost from error
        except StoreError as error:
            if now - self._beaten_at > self._by.timing.lease:
                raise _Lost from error
            return
        self._beaten_at = now
        if job.status.ended:
            raise _Lost
        if job.cancel_requested:
            raise _Interrupted(Ending(JobStatus.CANCELLED, CANCELLED))

    def _conclude(self, ended: Ended) -> Ending:
        if ended.version is None:
            last_output = [self._without_folder(line) for line in ended.last_lines]
            return Ending(JobStatus.FAILED, self._without_folder(ended.error or ""), {"last_output": last_output})
        self._stage, self._share = "putting the model in force", 1.0
        # Verified whole before anybody follows it, and only while the job is still ours.
        loaded = self._by.registry.load(ended.version, Profile)
        self._must_still_be_ours()
        activated, reason = decide(self._request, loaded, active_version(self._by.registry))
        if activated:
            who = self._request.by or f"retrain {self._job.id[:8]}"
            self._by.registry.activate(ended.version, who, reason)
            self._by.activated()
        return Ending(
            JobStatus.SUCCEEDED,
            result={"model_version": ended.version, "activated": activated, "reason": reason},
        )

    def _without_folder(self, said: str) -> str:
        """Where our data lies is nothing for whoever asked: paths are told as they are asked for, below it."""
        return said.replace(f"{self._by.data_dir.resolve()}{os.sep}", "")

    def _must_still_be_ours(self) -> None:
        before = self._beaten_at
        while True:
            self._beat()
            if self._beaten_at != before:
                return
            time.sleep(self._by.timing.beat)


def decide(request: RetrainRequest, loaded: LoadedArtifact, active: str | None) -> tuple[bool, str]:
    """Whether a new model is put in force, and the sentence that says why. `active`: the version in force."""
    failed = " ".join(v.sentence for v in loaded.manifest.verdicts if not v.passed)
    previous = loaded.manifest.previous
    if previous is not None and previous != active:
        failed = f"{failed} It was judged beside {previous}, which is not in force any more.".strip()
    who = f" by {request.by}" if request.by else ""
    match request.activate:
        case "never":
            return False, f"It waits for review, as was asked{who} (activate: never)."
        case "always":
            despite = f", although a check failed: {failed}" if failed else "."
            return True, f"It was put in force, as was asked{who} (activate: always){despite}"
        case "auto" if failed:
            return False, f"It waits for review, because a check failed: {failed}"
        case _:
            return True, "It was put in force: every check passed."
