"""Runs the imports of this worker, and fails those whose worker is gone."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import SegmentsError
from service.importing.formats import Format
from service.importing.jobs import ImportRunning, queued
from service.importing.launcher import ImportLauncher, ImportOrder
from service.importing.uploads import Uploads
from service.observability.metrics import Metrics
from service.retraining.heartbeat import Ending, Heartbeat, Interrupted, Timing
from service.retraining.job_supervisor import JobSupervisor, Supervised
from service.retraining.jobs import data_file
from service.retraining.launcher import Child, Ended, Step
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import Job, JobKind, JobRunning, JobStatus, JobStore

# Seconds after which a file that no job names, and to which nothing is written, was left by a process that died.
_LEFT_AFTER = 600.0


@dataclass(frozen=True, kw_only=True)
class ImportContext:
    """What all imports of this worker use. `owner`: this process, in the store."""

    jobs: JobStore
    launcher: ImportLauncher
    timing: Timing
    data_dir: Path
    max_bytes: int
    owner: str
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def uploads(self) -> Uploads:
        """The uploaded files."""
        return Uploads(self.data_dir, self.max_bytes)


class ImportSupervisor(JobSupervisor):
    """Supervises imports."""

    def __init__(self, context: ImportContext, metrics: Metrics) -> None:
        self._context = context
        super().__init__(
            Supervised(
                kind=JobKind.IMPORT,
                jobs=context.jobs,
                owner=context.owner,
                timing=context.timing,
                stopping=context.stopping,
                ended=metrics.imports,
            )
        )

    @property
    def uploads(self) -> Uploads:
        """The uploaded files."""
        return self._context.uploads

    def check_mapping(self, mapping: str | None) -> None:
        """Raise `UnusableDataFile` unless the mapping is a file below the data folder."""
        self._mapping_file(mapping)

    def start_import(
        self, job_id: str, kind: Format, mapping: str | None, size: int, actor: str, claim: Claim | None = None
    ) -> Job:
        """Start the import of an uploaded file in the background; its job.

        `actor`: who sent the file; `claim`: of the request's idempotency key. Raises `UnusableDataFile`,
        `ImportRunning`, `ClaimLost` or `StoreUnavailable`: nothing has started.
        """
        self._mapping_file(mapping)
        request: dict[str, object] = {"format": kind, "mapping": mapping, "bytes": size}
        try:
            job = self._context.jobs.start(queued(job_id, request, self._context.owner, actor), claim)
        except JobRunning as refusal:
            raise ImportRunning(refusal.job) from refusal
        self.run_in_background(job)
        return job

    def run(self, job: Job) -> Ending:
        """See `JobSupervisor`."""
        try:
            return _ImportRun(self._context, job, self._order(job)).run()
        except SegmentsError as error:
            return Ending(JobStatus.FAILED, str(error))
        finally:
            self.uploads.remove(job.id)

    def sweep(self) -> None:
        """See `JobSupervisor`."""
        self.uploads.sweep(self.has_ended, time.time() - _LEFT_AFTER)

    def _order(self, job: Job) -> ImportOrder:
        kind: Format = job.request["format"]
        return ImportOrder(
            file=self.uploads.file(job.id, kind),
            format=kind,
            mapping=self._mapping_file(job.request["mapping"]),
            refused=self.uploads.refused(job.id),
        )

    def _mapping_file(self, mapping: str | None) -> Path | None:
        return None if mapping is None else data_file(self._context.data_dir, mapping)


class _ImportRun:
    """One import while it runs: the child process, watched."""

    def __init__(self, context: ImportContext, job: Job, order: ImportOrder) -> None:
        self._context, self._order = context, order
        self._heartbeat = Heartbeat(context.jobs, job, context.owner, context.timing, context.stopping)
        self._counts: Mapping[str, Any] | None = None

    def run(self) -> Ending:
        """Run it; how it ends. Raises `JobLost` or `LaunchFailed`."""
        child: Child | None = None
        try:
            self._heartbeat.send()
            child = self._context.launcher.launch(self._order)
            return self._conclude(self._watch(child))
        except Interrupted as interruption:
            if child is not None:
                child.stop()
                self._read_rest(child)
            ending = interruption.ending
            return Ending(ending.status, ending.error, self._result())
        finally:
            if child is not None:
                child.stop()

    def _watch(self, child: Child) -> Ended:
        pause = self._context.timing.heartbeat / 2
        while not isinstance(event := child.next_event(pause), Ended):
            if event is not None:
                self._report(event)
            self._heartbeat.send_when_due()
        return event

    def _report(self, step: Step) -> None:
        self._counts = step.counts or self._counts
        self._heartbeat.report(step.stage, step.share, self._counts)

    def _read_rest(self, child: Child) -> None:
        """What a child that was stopped has stored: it ends the batch that it is at."""
        while (event := child.next_event(self._context.timing.heartbeat)) is not None:
            if isinstance(event, Step):
                self._report(event)
            else:
                self._counts = event.result or self._counts
                return

    def _conclude(self, ended: Ended) -> Ending:
        self._counts = ended.result or self._counts
        if ended.error is None:
            self._heartbeat.report("imported", 1.0, self._counts)
            return Ending(JobStatus.SUCCEEDED, result=self._result())
        error = ended.error.replace(f"{self._context.data_dir.resolve()}/", "")
        return Ending(JobStatus.FAILED, error, self._result())

    def _result(self) -> dict[str, Any] | None:
        return None if self._counts is None else dict(self._counts)
