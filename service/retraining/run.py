"""One retrain from its start to its end."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.errors import SegmentsError
from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.manifest import Reading
from models.storage.registry import Activation, Registry
from service.active_model.active_model import active_version
from service.retraining.activation import decide_activation
from service.retraining.export import Exports
from service.retraining.heartbeat import Ending, Heartbeat, Interrupted, Timing
from service.retraining.jobs import RetrainRequest, data_file
from service.retraining.launcher import Child, Ended, FitOrder, Launcher, Step
from service.store.ports.jobs import Job, JobStatus, JobStore
from service.store.ports.users import UserStore
from service.users.representatives import representatives

EXPORT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a retrain may take: seconds, and bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, kw_only=True)
class RetrainContext:
    """What all retrains of this worker use.

    `owner`: this process, in the store. `simulated_rows`: where a request names no number. `thresholds`: of the
    acceptance checks, by name. `on_activated`: called after an activation, so that this worker follows at once.
    """

    jobs: JobStore
    users: UserStore
    registry: Registry
    launcher: Launcher
    timing: Timing
    limits: Limits
    data_dir: Path
    owner: str
    simulated_rows: int
    on_activated: Callable[[Activation], None]
    thresholds: Mapping[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def exports(self) -> Exports:
        """The files of exported profiles."""
        return Exports(self.data_dir)


class RetrainRun:
    """One job while it runs: data out, child process watched, model activated."""

    def __init__(self, context: RetrainContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._request = RetrainRequest.model_validate(job.request)
        self._heartbeat = Heartbeat(context.jobs, job, context.owner, context.timing, context.stopping)
        self._started_at = time.monotonic()

    def run(self) -> Ending:
        """Run the job; how it ends. Raises `JobLost` where nothing about it may be written any more."""
        try:
            self._heartbeat.send()
            child = self._context.launcher.launch(self._order())
            try:
                ended = self._watch(child)
            finally:
                child.stop()
            return self._conclude(ended)
        except Interrupted as interruption:
            return interruption.ending
        except SegmentsError as error:
            return Ending(JobStatus.FAILED, str(error))
        finally:
            with suppress(OSError):
                self._context.exports.remove(self._job.id)

    def _order(self) -> FitOrder:
        context, request = self._context, self._request
        order = FitOrder(out=context.registry.root, k=request.k, seed=request.seed, thresholds=context.thresholds)
        match request.source:
            case "simulated":
                return replace(order, rows=request.rows or context.simulated_rows)
            case "users":
                self._heartbeat.report("exporting the stored profiles", 0.0)
                file = context.exports.write(self._job.id, self._stored_profiles())
                return replace(order, data=file, origin="users")
            case "file":
                return replace(
                    order,
                    data=data_file(context.data_dir, request.path or "", or_folder=True),
                    mapping=self._mapping_file(),
                )

    def _mapping_file(self) -> Path | None:
        """The mapping that the request names, or a file of the one that it holds."""
        mapping = self._request.mapping
        if isinstance(mapping, dict):
            return self._context.exports.write_mapping(self._job.id, mapping)
        return None if mapping is None else data_file(self._context.data_dir, mapping)

    def _stored_profiles(self) -> Iterator[list[str]]:
        for batch in representatives(self._context.users, EXPORT_BATCH, self._request.seed):
            self._heartbeat.send_when_due()
            yield batch

    def _watch(self, child: Child) -> Ended:
        while True:
            event = child.next_event(self._context.timing.heartbeat / 2)
            if isinstance(event, Ended):
                return event
            if isinstance(event, Step):
                self._heartbeat.report(event.stage, event.share)
            if (excess := self._excess(child)) is not None:
                return self._stop(child, excess)
            self._heartbeat.send_when_due()

    def _excess(self, child: Child) -> str | None:
        """The limit that the child exceeds, in a sentence."""
        limits = self._context.limits
        if time.monotonic() - self._started_at > limits.seconds:
            return f"Training took longer than {limits.seconds:g} s (setting RETRAIN_SECONDS) and was stopped."
        if (child.memory() or 0) > limits.memory:
            return (
                f"Training took more than {limits.memory // 10**6:,} MB of memory (setting RETRAIN_MEMORY_MB) "
                "and was stopped; fewer rows need less."
            )
        return None

    def _stop(self, child: Child, excess: str) -> Ended:
        """Stop the child; its last lines, with the excess as its error."""
        child.stop()
        while (event := child.next_event(self._context.timing.lease)) is not None:
            if isinstance(event, Ended):
                return Ended(None, excess, event.last_lines)
        return Ended(None, excess)

    def _conclude(self, ended: Ended) -> Ending:
        if ended.version is None:
            last_output = [self._without_data_dir(line) for line in ended.last_lines]
            error = self._without_data_dir(ended.error or "")
            return Ending(JobStatus.FAILED, error, {"last_output": last_output})
        loaded, activated, reason = self._activate_if_accepted(ended.version)
        result = {"model_version": ended.version, "activated": activated, "reason": reason}
        if (reading := loaded.manifest.origin.reading) is not None:
            result["about_data"] = self._about_data(reading)
        return Ending(JobStatus.SUCCEEDED, result=result)

    def _about_data(self, reading: Reading) -> list[str]:
        """How the file was read, in sentences."""
        used = f"{reading.used_columns} of the file's {reading.columns} columns were used."
        is_file = self._request.source == "file"
        return [*([used] if is_file else []), *map(self._without_data_dir, reading.notes)]

    def _activate_if_accepted(self, version: str) -> tuple[LoadedArtifact, bool, str]:
        context = self._context
        self._heartbeat.report("verifying the model", 1.0)
        # Verified whole before any worker follows it, and activated only while the job is still this worker's.
        loaded = context.registry.load(version, Profile)
        self._heartbeat.confirm()
        activated, reason = decide_activation(self._request, loaded, active_version(context.registry))
        if activated:
            self._heartbeat.report("activating the model", 1.0)
            actor = self._job.requested_by or f"retrain {self._job.id[:8]}"
            context.on_activated(context.registry.activate(version, actor, reason, self._request.by))
        return loaded, activated, reason

    def _without_data_dir(self, text: str) -> str:
        """The text with paths relative to the data folder: where that lies does not concern a client."""
        return text.replace(f"{self._context.data_dir.resolve()}{os.sep}", "")
