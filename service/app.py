"""The one place that builds the service and wires its parts. Nothing is opened before the app starts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from models.registry import Registry
from service import handlers, openapi, retraining
from service.deps import Services
from service.drift import DriftBounds
from service.events import Streams
from service.launcher import Launcher, ProcessLauncher
from service.metrics import Metrics
from service.middleware import BodyLimit, Observed
from service.model_in_force import ModelInForce
from service.readiness import ReadinessProbe
from service.routes import health, models, pages, personas, retrain, segment, users
from service.settings import Settings
from service.store.base import Store
from service.store.sql import SqlStore
from service.supervision import Limits, Supervisor, Timing
from service.upkeep import Rhythm, Upkeep
from service.version import NAME, VERSION

ROUTERS = (
    segment.router,
    personas.router,
    users.router,
    models.router,
    retrain.router,
    health.router,
    pages.router,
)


def create_app(settings: Settings, *, store: Store | None = None, launcher: Launcher | None = None) -> FastAPI:
    """The service. `store` and `launcher` are for tests; by default they are what the settings say."""
    metrics = Metrics()
    services = _services(settings, metrics, store or SqlStore(settings.full_database_url()), launcher)
    app = FastAPI(
        title=NAME,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=_lifespan(services),
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(BodyLimit, limit=settings.max_body_bytes),
        ],
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    pages.mount_swagger_ui(app)
    routes = [route for router in (app, *ROUTERS) for route in router.routes]
    handlers.install(app, routes)
    app.openapi = lambda: openapi.describe(app, routes)  # type: ignore[method-assign]
    return app


def _services(settings: Settings, metrics: Metrics, store: Store, launcher: Launcher | None) -> Services:
    registry = Registry(settings.artifacts_dir)
    model = ModelInForce(
        registry, metrics, settings.model_poll_seconds, settings.model_retry_seconds, store.get_edits
    )
    supervisor = Supervisor(
        store=store,
        registry=registry,
        launcher=launcher
        or ProcessLauncher(settings.retrain_threads, settings.retrain_nice, settings.retrain_stop_seconds),
        metrics=metrics,
        timing=Timing(settings.job_beat_seconds, settings.job_lease),
        data_dir=settings.data_dir,
        retrain_rows=settings.retrain_rows,
        activated=model.refresh,
        limits=Limits(settings.retrain_seconds, settings.retrain_memory_mb * 10**6),
        bounds=settings.bounds(),
    )
    readiness = ReadinessProbe(model, store, settings.readiness_timeout_seconds)
    upkeep = _upkeep(settings, store, registry, model, metrics, supervisor)
    return Services(
        settings,
        store,
        metrics,
        registry,
        model,
        supervisor,
        upkeep,
        readiness,
        asyncio.Semaphore(1),
        Streams(settings.event_streams, settings.event_seconds),
    )


def _upkeep(
    settings: Settings,
    store: Store,
    registry: Registry,
    model: ModelInForce,
    metrics: Metrics,
    supervisor: Supervisor,
) -> Upkeep:
    return Upkeep(
        store=store,
        registry=registry,
        model=model,
        metrics=metrics,
        rhythm=Rhythm(
            settings.model_poll_seconds,
            settings.upkeep_seconds,
            settings.reassign_batch,
            settings.keep_versions,
            settings.retrain_every,
        ),
        bounds=DriftBounds(settings.suggest_users, settings.suggest_drift, settings.suggest_unknown),
        owner=supervisor.owner,
        retrain=lambda asked: retraining.start(store, settings.data_dir, supervisor.owner, supervisor.run, asked),
    )


def _lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(services.model.start)
        services.supervisor.start()
        services.upkeep.start()
        try:
            yield
        finally:
            await asyncio.to_thread(_close, services)

    return lifespan


def _close(services: Services) -> None:
    patience = services.settings.retrain_stop_seconds + services.settings.job_beat_seconds * 2
    services.supervisor.stop(patience)
    services.upkeep.stop()
    services.model.stop()
    services.readiness.close()
    services.store.close()
