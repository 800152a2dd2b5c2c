"""Metrics: collectors that belong to one app, each in its own registry.

Under several workers prometheus_client keeps every process's numbers in files of one folder
(`PROMETHEUS_MULTIPROC_DIR`, which `service.commands.serve` makes before the workers start), and a scrape merges
them.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS = frozenset({"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The metrics of the service. Labels are bounded: routes by template, never a user, value or version."""

    def __init__(self) -> None:
        # It would add a series for every counter, which has no more to say than the start of the process.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._add_request_metrics(self.registry)
        self._add_model_metrics(self.registry)
        self._add_user_metrics(self.registry)
        # Looking up a series by its labels costs more than counting.
        self._series = cache(self._find_series)
        self._assigned_way = cache(self.assigned.labels)

    def _add_request_metrics(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "segments_http_requests",
            "Requests with a response.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "segments_http_request_duration_seconds",
            "Time from a request's head to the end of its response; of those in one micro-batch, of all.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "segments_http_requests_in_flight",
            "Requests under way.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.assigned = Counter(
            "segments_profiles_assigned",
            "Profiles given a persona, by the way they came.",
            ("way",),
            registry=registry,
        )
        self.unknown_values = Counter(
            "segments_unknown_values",
            "Values that the active model does not know, by field.",
            ("field",),
            registry=registry,
        )

    def _add_model_metrics(self, registry: CollectorRegistry) -> None:
        self.model_swaps = Counter(
            "segments_model_swaps", "Times that a worker loaded a newly active model.", registry=registry
        )
        self.model_refusals = Counter(
            "segments_model_refusals",
            "Times that a worker refused the version named by ACTIVE.",
            registry=registry,
        )
        self.model_created = Gauge(
            "segments_model_created_timestamp_seconds",
            "When the active model was trained; the oldest among the workers.",
            multiprocess_mode="livemin",
            registry=registry,
        )
        self.model_simulated = Gauge(
            "segments_model_simulated",
            "1 while a model trained on simulated profiles is active in any worker.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.retrains = Counter("segments_retrains", "Retrains ended, by how.", ("status",), registry=registry)
        self.imports = Counter(
            "segments_imports", "Imports of files of users ended, by how.", ("status",), registry=registry
        )
        self.records_removed = Counter(
            "segments_records_removed",
            "Persona changes, retrains and activations removed because of their age.",
            ("kind",),
            registry=registry,
        )

    def _add_user_metrics(self, registry: CollectorRegistry) -> None:
        self.users_reassigned = Counter(
            "segments_users_reassigned",
            "Stored users reassigned by a newer model in the background.",
            registry=registry,
        )
        self.persona_drift = Gauge(
            "segments_persona_drift_ratio",
            "Share of stored users of other personas than in the training data.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.unknown_share = Gauge(
            "segments_unknown_values_ratio",
            "Share of stored users' values that the active model does not know.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.retrain_suggested = Gauge(
            "segments_retrain_suggested",
            "1 while drift or unknown values exceed their thresholds.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.store_failures = Counter(
            "segments_store_failures", "Requests that failed because the store was away.", registry=registry
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request with its response."""
        bounded_method = method if method in _METHODS else "OTHER"
        count, duration = self._series(bounded_method, route, status)
        count.inc()
        duration.observe(seconds)

    def observe_assignment(self, way: str, unknown_values: Mapping[str, int], profiles: int = 1) -> None:
        """Count assigned profiles, and by field the values in them that the model does not know."""
        self._assigned_way(way).inc(profiles)
        for field, count in unknown_values.items():
            self.unknown_values.labels(field).inc(count)

    def _find_series(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self.requests.labels(method, route, str(status)), self.request_seconds.labels(method, route)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format, those of all workers added up."""
        folder = os.environ.get(MULTIPROCESS)
        if not folder:
            return generate_latest(self.registry)
        forget_dead_workers(Path(folder))
        merged = CollectorRegistry()
        MultiProcessCollector(merged, folder)  # type: ignore[no-untyped-call]
        return generate_latest(merged)


def forget_dead_workers(folder: Path) -> None:
    """Drop the gauges of workers that were killed; what they counted stays counted."""
    for pid in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}:
        if pid.isdigit() and not _alive(int(pid)):
            with suppress(FileNotFoundError):
                mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
