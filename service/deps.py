"""What routes are given, as annotated aliases."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from models.artifact import LoadedArtifact
from service.access.keyring import Keyring
from service.limits import Lane, Turns
from service.metrics import Metrics
from service.model_in_force import ModelInForce
from service.readiness import ReadinessProbe
from service.schemas import MAX_PAGE, USER_ID
from service.settings import Settings
from service.store.base import Store
from service.supervision import Supervisor


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that one app is made of, wired by `service.app`.

    `watched_store`: the same store over connections of its own, for keys and health. `long_work`: held by what
    computes for long in a thread; two at once would only take turns. `store_lane`: what is answered over the
    store, so that a store that hangs holds up nothing else.
    """

    settings: Settings
    store: Store
    watched_store: Store
    metrics: Metrics
    model: ModelInForce
    supervisor: Supervisor
    readiness: ReadinessProbe
    long_work: Turns
    keyring: Keyring
    store_lane: Lane


# `async` here, because FastAPI would send a plain function to a thread.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]


async def _model(services: ServicesDep) -> LoadedArtifact:
    return services.model.require()


async def _store(services: ServicesDep) -> Store:
    return services.store


async def _metrics(services: ServicesDep) -> Metrics:
    return services.metrics


ModelDep = Annotated[LoadedArtifact, Depends(_model)]
StoreDep = Annotated[Store, Depends(_store)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]

UserId = Annotated[
    str,
    Path(pattern=USER_ID, description="Your own id of the user: letters, digits and `._~:@+-`, at most 128."),
]
PersonaId = Annotated[str, Path(max_length=200, description="A persona's id, as answers name it.")]
JobId = Annotated[str, Path(max_length=200, description="A retrain's id.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most items of the page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before; none for the first.")
]
