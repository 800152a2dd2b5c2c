"""The one place that builds the service and wires its parts. Nothing is opened before the app starts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from models.registry import Registry
from service import handlers, openapi
from service.deps import Services
from service.launcher import Launcher, ProcessLauncher
from service.metrics import Metrics
from service.middleware import BodyLimit, Observed
from service.model_in_force import ModelInForce
from service.readiness import ReadinessProbe
from service.routes import health, pages, personas, retrain, segment, users
from service.settings import Settings
from service.store.base import Store
from service.store.sql import SqlStore
from service.supervision import Supervisor, Timing
from service.version import NAME, VERSION

ROUTERS = (segment.router, personas.router, users.router, retrain.router, health.router, pages.router)


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
    model = ModelInForce(registry, metrics, settings.model_poll_seconds, settings.model_retry_seconds)
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
    )
    readiness = ReadinessProbe(model, store, settings.readiness_timeout_seconds)
    return Services(settings, store, metrics, model, supervisor, readiness, asyncio.Semaphore(1))


def _lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(services.model.start)
        services.supervisor.start()
        try:
            yield
        finally:
            await asyncio.to_thread(_close, services)

    return lifespan


def _close(services: Services) -> None:
    patience = services.settings.retrain_stop_seconds + services.settings.job_beat_seconds * 2
    services.supervisor.stop(patience)
    services.model.stop()
    services.readiness.close()
    services.store.close()
