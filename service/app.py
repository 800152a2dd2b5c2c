"""The one place that builds the service and wires its parts. Nothing is opened before the app starts."""

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from uuid import uuid4

from fastapi import FastAPI
from starlette.middleware import Middleware

from models.storage.registry import Activation, Registry
from service.active_model.active_model import ActiveModel
from service.active_model.readiness import ReadinessProbe, WriteCheck
from service.audit import Action, record, record_activation
from service.background.maintenance import Maintenance, MaintenanceJob
from service.background.retention import DAY_SECONDS, Retention, RetentionRule
from service.container import Services
from service.fastpath.dispatcher import FastPath
from service.fastpath.request_batcher import RequestBatcher
from service.fastpath.routes import FAST_ROUTES
from service.http import exception_handlers, openapi
from service.http.guarded_route import require_guarded
from service.http.pages import api_docs
from service.http.path_prefix import PathPrefix
from service.http.routes import (
    audit,
    health,
    imports,
    members,
    models,
    personas,
    recipients,
    retrain,
    rights,
    segment,
    user_batches,
    users,
)
from service.http.server.admission import AdmissionControl
from service.http.server.body_limit import BodyLimit
from service.http.server.connection import EARLY_RESPONDER, REQUEST_QUEUE
from service.http.server.cors import METHODS, REQUEST_HEADERS, RESPONSE_HEADERS, CrossOrigin
from service.http.server.failures import FailureResponses
from service.http.server.head_requests import HeadRequests
from service.http.server.reading import CLIENT_SECONDS, METRICS
from service.http.server.request_head import trusted_names
from service.http.server.request_log import RequestLog
from service.http.server.request_path import EncodedPath
from service.http.server.request_queue import RequestQueue
from service.importing.launcher import ImportLauncher
from service.importing.wiring import import_launcher_of, import_supervisor
from service.limits import Bulkhead, FifoSemaphore, StoreThreads
from service.observability.metrics import Metrics
from service.retraining.event_stream import EventStreams
from service.retraining.heartbeat import Timing
from service.retraining.jobs import RetrainRequest
from service.retraining.launcher import Launcher
from service.retraining.process_launcher import ProcessLauncher
from service.retraining.run import Limits, RetrainContext
from service.retraining.schedule import RetrainSchedule
from service.retraining.supervisor import Supervisor
from service.security.keyring import Keyring
from service.security.open_access import OpenAccess
from service.setting_values import comma_separated
from service.settings import Settings
from service.store.ports.jobs import Job
from service.store.ports.store import Store
from service.store.sql.connections.faults import reason
from service.store.sql.store import SqlStore
from service.users.reassignment import Reassignment
from service.users.rights import expire_users
from service.version import NAME, VERSION
from service.versions.pruning import prune_versions, remove_activations
from service.watching.drift import DriftThresholds, publish_drift

# Calls of the store by event streams and comparisons at a time; comparisons that run or wait.
STORE_THREADS, MAX_COMPARISONS = 8, 4
# Tables that are sent at a time: each takes a core while its client takes it as fast as it is read.
MAX_DOWNLOADS = 4
# Files that are received at a time: each is written to the disk.
MAX_UPLOADS = 4

ROUTERS = (
    segment.router,
    personas.router,
    users.router,
    user_batches.router,
    recipients.router,
    members.router,
    rights.router,
    audit.router,
    models.router,
    retrain.router,
    imports.router,
    health.router,
    api_docs.router,
)


def create_app(
    settings: Settings,
    *,
    store: Store | None = None,
    launcher: Launcher | None = None,
    import_launcher: ImportLauncher | None = None,
) -> FastAPI:
    """The service. `store` and the launchers are for tests; the default is what the settings name."""
    metrics = Metrics()
    launchers = (launcher or _process_launcher(settings), import_launcher or import_launcher_of(settings))
    services = _services(settings, metrics, store, launchers)
    app = FastAPI(
        title=NAME,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan(services),
        middleware=_middleware(settings, metrics),
        # It would export the values of requests, and messages of exceptions.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    api_docs.mount_swagger_ui(app)
    routes = [route for router in (app, *ROUTERS) for route in router.routes]
    require_guarded(routes)
    exception_handlers.install(app, routes)
    app.openapi = lambda: openapi.describe(app, routes, settings.root_path)  # type: ignore[method-assign]
    return app


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """The middleware from the outside in."""
    cors = Middleware(
        CrossOrigin,
        allow_origins=comma_separated(settings.cors_origins),
        allow_methods=METHODS,
        allow_headers=REQUEST_HEADERS,
        expose_headers=RESPONSE_HEADERS,
    )
    return [
        Middleware(EncodedPath),
        *([Middleware(PathPrefix, prefix=settings.root_path)] if settings.root_path else []),
        Middleware(RequestLog, metrics=metrics),
        *([cors] if settings.cors_origins else []),
        Middleware(HeadRequests),
        Middleware(FailureResponses),
        Middleware(
            AdmissionControl,
            hosts=trusted_names(settings.trusted_hosts),
            max_queued=settings.max_in_flight,
            client_seconds=settings.client_seconds,
            request_seconds=settings.request_seconds,
        ),
        Middleware(BodyLimit, limit=settings.max_body_bytes),
    ]


def _services(
    settings: Settings, metrics: Metrics, given: Store | None, launchers: tuple[Launcher, ImportLauncher]
) -> Services:
    store_threads = StoreThreads(STORE_THREADS)
    store = given or SqlStore(settings.full_database_url())
    # Keys and health are read over connections of their own, however busy the others are.
    watched = given or SqlStore(settings.full_database_url(), pool_size=2)
    registry = settings.registry()
    model = ActiveModel(
        registry,
        metrics,
        poll_seconds=settings.model_poll_seconds,
        retry_seconds=settings.model_retry_seconds,
        read_overrides=store.personas.overrides,
    )
    launcher, import_launcher = launchers
    supervisor = _supervisor(settings, store, model, metrics, launcher)
    return Services(
        settings=settings,
        store=store,
        watched_store=watched,
        metrics=metrics,
        registry=registry,
        model=model,
        supervisor=supervisor,
        maintenance=_maintenance(settings, store, model, metrics, supervisor),
        readiness=ReadinessProbe(
            model,
            watched,
            WriteCheck(store.leases, supervisor.owner, reason),
            settings.readiness_timeout_seconds,
        ),
        long_work=FifoSemaphore(settings.max_in_flight),
        comparisons=FifoSemaphore(MAX_COMPARISONS),
        store_threads=store_threads,
        streams=EventStreams(
            max_open=settings.event_streams, max_seconds=settings.event_seconds, threads=store_threads
        ),
        downloads=Bulkhead(MAX_DOWNLOADS),
        uploads=Bulkhead(MAX_UPLOADS),
        imports=import_supervisor(settings, store.jobs, metrics, supervisor.owner, import_launcher),
        keyring=Keyring(watched.keys, settings.key_poll_seconds, settings.key_rate, _open_access(settings)),
        store_bulkhead=Bulkhead(settings.max_store_requests),
        drift_thresholds=_drift_thresholds(settings),
    )


def _open_access(settings: Settings) -> OpenAccess:
    if settings.require_keys or (settings.exposed and not settings.insecure):
        return OpenAccess.NONE
    trusted = trusted_names(settings.trusted_hosts)
    # Admission control refuses all other names then.
    names_checked = bool(trusted) and "*" not in trusted
    return OpenAccess.ALL if settings.insecure or names_checked else OpenAccess.LOCAL


def _supervisor(
    settings: Settings, store: Store, model: ActiveModel, metrics: Metrics, launcher: Launcher
) -> Supervisor:
    context = RetrainContext(
        jobs=store.jobs,
        users=store.users,
        registry=model.registry,
        launcher=launcher,
        timing=Timing(settings.job_beat_seconds, settings.job_lease),
        limits=Limits(settings.retrain_seconds, settings.retrain_memory_mb * 10**6),
        data_dir=settings.data_dir,
        owner=f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}",
        simulated_rows=settings.retrain_rows,
        on_activated=partial(_follow, store, model),
        thresholds=settings.acceptance_thresholds(),
    )
    return Supervisor(context, metrics)


def _follow(store: Store, model: ActiveModel, activation: Activation) -> None:
    """Serve the model that a retrain has activated, and record the activation."""
    model.refresh()
    record_activation(store, activation)


def _process_launcher(settings: Settings) -> ProcessLauncher:
    return ProcessLauncher(
        threads=settings.retrain_threads,
        nice=settings.retrain_nice,
        stop_seconds=settings.retrain_stop_seconds,
        artifact_key_file=settings.artifact_key_file,
        report=settings.retrain_report,
    )


def _maintenance(
    settings: Settings,
    store: Store,
    model: ActiveModel,
    metrics: Metrics,
    supervisor: Supervisor,
) -> Maintenance:
    stopping, interval = threading.Event(), settings.upkeep_seconds
    reassignment = Reassignment(
        users=store.users,
        feed=store.feed,
        leases=store.leases,
        model=model,
        metrics=metrics,
        owner=supervisor.owner,
        batch_size=settings.reassign_batch,
        recheck_seconds=interval,
        stopping=stopping,
    )
    retention = Retention(
        rules=_retention_rules(settings, store, model.registry),
        leases=store.leases,
        metrics=metrics,
        owner=supervisor.owner,
        stopping=stopping,
    )
    measure_drift = partial(publish_drift, store.users, model, metrics, _drift_thresholds(settings))
    prune = partial(prune_versions, model.registry, settings.keep_versions)
    jobs = [
        MaintenanceJob(name="reassignment", work=reassignment.run),
        MaintenanceJob(name="drift", work=measure_drift, interval=interval),
        MaintenanceJob(name="pruning", work=prune, interval=interval),
        MaintenanceJob(name="retention", work=retention.run, interval=interval),
    ]
    if settings.retrain_every is not None:
        start = partial(_start_scheduled, store, supervisor)
        schedule = RetrainSchedule(store.jobs, model, settings.retrain_every, start)
        jobs.append(MaintenanceJob(name="scheduled retrain", work=schedule.run, interval=interval))
    return Maintenance(settings.model_poll_seconds, jobs, stopping)


def _start_scheduled(store: Store, supervisor: Supervisor, request: RetrainRequest, actor: str) -> Job:
    job = supervisor.start_retrain(request, actor)
    record(store, actor, Action.RETRAIN_STARTED, job.id, activate=request.activate)
    return job


def _retention_rules(settings: Settings, store: Store, registry: Registry) -> list[RetentionRule]:
    """A rule for each kind of record that is not stored for ever."""
    kinds: dict[str, tuple[int, Callable[[float, int], int]]] = {
        "persona changes": (settings.keep_changes_days, store.personas.remove_changes),
        "retrains": (settings.keep_jobs_days, store.jobs.remove_ended),
        "activations": (settings.keep_activations_days, partial(remove_activations, registry)),
        "users": (settings.keep_users_days, partial(expire_users, store, settings.keep_erasure_notices_days > 0)),
        "audit entries": (settings.keep_audit_days, store.audit.remove_entries),
    }
    rules = [
        RetentionRule(kind, partial(remove, days * DAY_SECONDS)) for kind, (days, remove) in kinds.items() if days
    ]
    # With 0 none stays, and none is written from now on.
    notice_seconds = settings.keep_erasure_notices_days * DAY_SECONDS
    return [*rules, RetentionRule("erasure notices", partial(store.rights.remove_notices, notice_seconds))]


def _drift_thresholds(settings: Settings) -> DriftThresholds:
    return DriftThresholds(settings.suggest_users, settings.suggest_drift, settings.suggest_unknown)


def _lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, object]]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        await asyncio.to_thread(services.model.start)
        await asyncio.to_thread(services.keyring.start)
        services.supervisor.start()
        services.imports.start()
        services.maintenance.start()
        try:
            # The state that `service.http.server.connection` reads.
            yield {
                CLIENT_SECONDS: services.settings.client_seconds,
                REQUEST_QUEUE: RequestQueue(),
                METRICS: services.metrics,
                EARLY_RESPONDER: RequestBatcher(
                    FastPath(services, FAST_ROUTES), services.settings.request_seconds
                ),
            }
        finally:
            await asyncio.to_thread(_close, services)

    return lifespan


def _close(services: Services) -> None:
    timeout = services.settings.retrain_stop_seconds + services.settings.job_beat_seconds * 2
    services.supervisor.stop(timeout)
    services.imports.stop(timeout)
    services.maintenance.stop()
    services.keyring.stop()
    services.model.stop()
    services.readiness.close()
    services.store_threads.close()
    services.store.close()
    services.watched_store.close()
