"""The parts of one service, as `service.app` wires them and routes get them."""

from dataclasses import dataclass

from models.storage.registry import Registry
from service.active_model.active_model import ActiveModel
from service.active_model.readiness import ReadinessProbe
from service.background.maintenance import Maintenance
from service.importing.supervisor import ImportSupervisor
from service.limits import Bulkhead, FifoSemaphore, StoreThreads
from service.observability.metrics import Metrics
from service.retraining.event_stream import EventStreams
from service.retraining.supervisor import Supervisor
from service.security.keyring import Keyring
from service.settings import Settings
from service.store.ports.store import Store
from service.watching.drift import DriftThresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that one app is made of, wired by `service.app`.

    `watched_store`: the same store over connections of its own, for keys and health. `long_work`: taken by
    requests that compute for long, from the parsing of a long body on; two at once would only slow each other
    down, and none holds it while it waits for the store. `comparisons`: one comparison of versions at a time, the
    reading of its users included. `store_threads`: for calls of the store by routes that are coroutines.
    `downloads`: tables that are being sent; `uploads`: files that are being received. `store_bulkhead`: bounds the
    requests over the store, so that a store that hangs holds up no others.
    """

    settings: Settings
    store: Store
    watched_store: Store
    metrics: Metrics
    registry: Registry
    model: ActiveModel
    supervisor: Supervisor
    maintenance: Maintenance
    readiness: ReadinessProbe
    long_work: FifoSemaphore
    comparisons: FifoSemaphore
    store_threads: StoreThreads
    streams: EventStreams
    downloads: Bulkhead
    uploads: Bulkhead
    imports: ImportSupervisor
    keyring: Keyring
    store_bulkhead: Bulkhead
    drift_thresholds: DriftThresholds
