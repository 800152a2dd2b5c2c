"""The supervisor of imports, and how they are started, by the settings."""

from models.storage.signature import KEY_FILE
from service.importing.launcher import ImportLauncher, ProcessImportLauncher
from service.importing.supervisor import ImportContext, ImportSupervisor
from service.observability.metrics import Metrics
from service.retraining.heartbeat import Timing
from service.settings import Settings
from service.store.ports.jobs import JobStore


def import_supervisor(
    settings: Settings, jobs: JobStore, metrics: Metrics, owner: str, launcher: ImportLauncher
) -> ImportSupervisor:
    """The supervisor of this worker's imports. `owner`: this process, in the store."""
    context = ImportContext(
        jobs=jobs,
        launcher=launcher,
        timing=Timing(settings.job_beat_seconds, settings.job_lease),
        data_dir=settings.data_dir,
        max_bytes=settings.max_import_bytes,
        owner=owner,
    )
    return ImportSupervisor(context, metrics)


def import_launcher_of(settings: Settings) -> ProcessImportLauncher:
    """What starts imports: the child opens the same store and registry, whatever file the settings come from."""
    environment = {
        "DATABASE_URL": settings.full_database_url(),
        "ARTIFACTS_DIR": str(settings.artifacts_dir.resolve()),
        "DATA_DIR": str(settings.data_dir.resolve()),
    }
    if settings.artifact_key_file is not None:
        environment[KEY_FILE] = str(settings.artifact_key_file.resolve())
    return ProcessImportLauncher(
        nice=settings.retrain_nice, stop_seconds=settings.retrain_stop_seconds, environment=environment
    )
