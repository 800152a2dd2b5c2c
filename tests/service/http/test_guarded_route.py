"""Every route declares its work, and the store bulkhead covers what it must."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.container import Services
from service.http.guarded_route import GuardedRoute, Work
from service.http.json_bodies import JsonRoute
from service.observability.logs import request_id
from service.security.scopes import PUBLIC
from service.settings import Settings
from service.store.memory.store import MemoryStore
from tests.service.http.routes.test_imports import LINES, NDJSON, ImportLauncher
from tests.support.launcher import FakeLauncher

WORK = {
    Work.MEMORY: {
        "GET /personas",
        "GET /",
        "GET /docs",
        "GET /livez",
        "GET /metrics",
        "GET /personas/{persona_id}",
        "GET /personas/{persona_id}/affinities",
        "GET /personas/{persona_id}/lineage",
        "GET /readyz",
        "GET /static/docs.js",
        "GET /vocabulary",
    },
    Work.STORE: {
        "DELETE /users/{user_id}",
        "DELETE /users/{user_id}/objection",
        "DELETE /users/{user_id}/persona",
        "DELETE /users/{user_id}/recipients/{recipient_id}/profile",
        "DELETE /users/{user_id}/tombstone",
        "GET /audit",
        "GET /imports",
        "GET /imports/{job_id}",
        "GET /imports/{job_id}/refused",
        "GET /models",
        "GET /models/activations",
        "GET /models/{version}",
        "GET /personas/history",
        "GET /personas/movements",
        "GET /personas/{persona_id}/users",
        "GET /retrain",
        "GET /retrain/{job_id}",
        "GET /users/changes",
        "GET /users/{user_id}",
        "GET /users/{user_id}/affinities",
        "GET /users/{user_id}/export",
        "GET /users/{user_id}/persona",
        "GET /users/{user_id}/persona/changes",
        "GET /users/{user_id}/recipients",
        "GET /users/{user_id}/recipients/{recipient_id}/persona",
        "GET /users/{user_id}/recipients/{recipient_id}/profile",
        "PATCH /personas/{persona_id}",
        "POST /imports/{job_id}/cancel",
        "POST /models/{version}/activate",
        "POST /retrain",
        "POST /retrain/{job_id}/cancel",
        "POST /users/personas:batchGet",
        "POST /users:batchUpsert",
        "PUT /users/{user_id}/objection",
        "PUT /users/{user_id}/persona",
        "PUT /users/{user_id}/profile",
        "PUT /users/{user_id}/recipients/{recipient_id}/profile",
    },
    Work.LONG: {
        "GET /models/{version}/comparison",
        "POST /segment",
        "POST /segment/batch",
        "POST /segment/compare",
        "POST /segment/next-question",
    },
    Work.STREAM: {
        "GET /personas/{persona_id}/users:export",
        "GET /retrain/{job_id}/events",
        "GET /users:export",
        "POST /users:import",
    },
}
# These read manifests, which lie in the same storage as the store's folder, and never call the store.
REGISTRY_ALONE = {"GET /models/activations", "GET /models/{version}"}
# These ask the store where a slot is free, and answer without it otherwise.
STORE_IF_FREE = {"GET /personas"}


def name_of(route: GuardedRoute) -> str:
    return f"{min(route.methods or ())} {route.path}"


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    return [route for route in app.state.all_routes if isinstance(route, GuardedRoute)]


def test_each_route_has_its_work(app: FastAPI) -> None:
    declared: dict[Work, set[str]] = {work: set() for work in Work}
    for route in guarded_routes(app):
        declared[route.work].add(name_of(route))
    assert declared == WORK


@pytest.mark.parametrize("route_class", [GuardedRoute, JsonRoute])
def test_route_that_declares_no_work_cannot_be_made(route_class: type[APIRoute]) -> None:
    router = APIRouter(route_class=route_class)
    with pytest.raises(LookupError, match=r"/new: declare @does\(Work"):
        router.get("/new", openapi_extra=PUBLIC)(lambda: None)


class WatchedPort:
    """A port of the store; notes of every call within a request whether it holds a slot of the bulkhead."""

    def __init__(self, port: object, calls: "Calls") -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        self._calls.note()
        return getattr(self._port, name)


class Calls:
    """By the request's id: whether its calls to the store held a slot."""

    services: Services | None = None

    def __init__(self) -> None:
        self.with_slot: dict[str, set[bool]] = {}

    def note(self) -> None:
        # Background tasks have no request id.
        if (own_id := request_id.get()) and self.services is not None:
            self.with_slot.setdefault(own_id, set()).add(self.services.store_bulkhead.in_use > 0)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def watched(settings: Settings, registry: Registry, calls: Calls) -> Iterator[TestClient]:
    """A service whose store is watched, with a user and a retrain that runs."""
    store = MemoryStore()
    store.jobs.idempotency = WatchedPort(store.idempotency, calls)  # type: ignore[assignment]
    for port in ("users", "jobs", "personas", "audit", "rights"):
        setattr(store, port, WatchedPort(getattr(store, port), calls))
    quick = settings.model_copy(update={"event_seconds": 0.1})
    app = create_app(quick, store=store, launcher=FakeLauncher(), import_launcher=ImportLauncher())
    calls.services = app.state.services
    with TestClient(app, raise_server_exceptions=False) as client:
        client.put("/users/u/profile", json={"age": 30}).raise_for_status()
        yield client


def send_example(client: TestClient, route: GuardedRoute, own_id: str) -> int:
    """A request to the route, by the example of the OpenAPI document; its status."""
    app, method = client.app, min(route.methods or ())
    assert isinstance(app, FastAPI)
    job = client.post("/retrain", json={"source": "simulated", "rows": 500})
    job_id = (job.headers.get("location") or "").rpartition("/")[2]
    version = app.state.services.registry.active()
    if "/imports/" in route.path:
        client.post("/users:import", content=LINES, headers=NDJSON)
        job_id = client.get("/imports").json()["items"][0]["id"]
    path = route.path.format(user_id="u", recipient_id="r", persona_id="p_0", job_id=job_id, version=version)
    if "/recipients" in route.path:
        client.put("/users/u/recipients/r/profile", json={"recipient_age": 58}).raise_for_status()
    operation = app.openapi()["paths"].get(route.path, {}).get(method.lower(), {})
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    headers = {"x-request-id": own_id, "if-match": client.get("/personas/p_0").headers["etag"]}
    if any(parameter["name"].lower() == "idempotency-key" for parameter in operation.get("parameters", ())):
        headers["idempotency-key"] = own_id
    body = {**schema["examples"][0]} if "examples" in schema else None
    if body and "persona_id" in body:
        body["persona_id"] = "p_0"
    if path == "/users:import":
        return client.post(path, content=LINES, headers=headers | NDJSON).status_code
    return client.request(method, path, json=body, headers=headers).status_code


def test_only_routes_of_the_store_call_it_and_only_with_a_slot_of_its_bulkhead(
    watched: TestClient, calls: Calls
) -> None:
    app = watched.app
    assert isinstance(app, FastAPI)
    calling = set()
    for number, route in enumerate(guarded_routes(app)):
        own_id = f"route-{number}"
        status = send_example(watched, route, own_id)
        running = status == 409 and route.path in ("/retrain", "/users:import")
        assert status < 300 or running, (name_of(route), status)
        if own_id in calls.with_slot:
            calling.add(name_of(route))
            has_slot = route.work is Work.STORE or name_of(route) in STORE_IF_FREE
            assert calls.with_slot[own_id] == {has_slot}, name_of(route)
    unlimited = {"GET /models/{version}/comparison", *WORK[Work.STREAM]}
    assert calling == WORK[Work.STORE] - REGISTRY_ALONE | STORE_IF_FREE | unlimited
