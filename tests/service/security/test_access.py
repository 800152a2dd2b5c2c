"""Access: every route refuses every request without the right key."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.http.guarded_route import GuardedRoute, require_guarded
from service.http.json_bodies import JsonRoute
from service.security.scopes import Scope
from service.settings import Settings
from service.store.memory.keys import MemoryKeys
from service.store.memory.store import MemoryStore
from service.store.ports.errors import StoreUnavailable
from testkit.access import NEVER_MADE, bearer, key_with, prefix
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem

PUBLIC_PATHS = {"/", "/livez", "/readyz", "/docs", "/static/docs.js"}
# What is no route of ours, and open: the document, and the files of Swagger UI.
OTHERS = {"/openapi.json", "/static/docs"}


def routes_of(app: FastAPI) -> list[GuardedRoute]:
    return [route for route in app.state.all_routes if isinstance(route, GuardedRoute)]


APP = create_app(Settings(_env_file=None), store=MemoryStore())
GUARDED = [route for route in routes_of(APP) if route.path not in PUBLIC_PATHS]
IDS = [f"{min(route.methods or ())} {route.path}" for route in GUARDED]


@pytest.fixture
def closed(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> Iterator[TestClient]:
    """A service that others can reach, with an admin's key made."""
    key_with(store.keys, Scope.ADMIN)
    exposed = settings.model_copy(update={"host": "0.0.0.0", "key_poll_seconds": 0.05})
    app = create_app(exposed, store=store, launcher=launcher)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, route: GuardedRoute, headers: dict[str, str] | None = None) -> httpx2.Response:
    """A request that the route would do something for, by the example of its document."""
    method, path = min(route.methods or ()), re.sub(r"{\w+}", "somebody", route.path)
    operation: dict[str, Any] = APP.openapi()["paths"].get(route.path, {}).get(method.lower(), {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = body.get("schema", {}).get("examples") or [body.get("example")]
    return client.request(method, path, json=examples[0] if body else None, headers=headers)


def test_every_route_declares_its_scope_and_only_these_are_public() -> None:
    assert {route.path for route in routes_of(APP) if route.required_scope is None} == PUBLIC_PATHS
    others = [route for route in APP.state.all_routes if not isinstance(route, GuardedRoute)]
    assert {path for route in others if (path := getattr(route, "path", None))} == OTHERS


def test_openapi_document_has_the_scope_of_each_route() -> None:
    for route in GUARDED:
        operation = APP.openapi()["paths"][route.path][min(route.methods or ()).lower()]
        assert operation["security"] == [{"bearer": [route.required_scope]}, {"header": [route.required_scope]}]
        assert {"401", "403", "429"} <= set(operation["responses"])
    assert set(APP.openapi()["components"]["securitySchemes"]) == {"bearer", "header"}


@pytest.mark.parametrize("route_class", [GuardedRoute, JsonRoute])
def test_route_without_a_declared_scope_cannot_be_built(route_class: type[APIRoute]) -> None:
    router = APIRouter(route_class=route_class)
    with pytest.raises(LookupError, match=r"/new: declare openapi_extra=needs"):
        router.get("/new")(lambda: None)


def test_route_of_another_class_is_refused() -> None:
    router = APIRouter()
    router.get("/new")(lambda: None)
    with pytest.raises(LookupError, match=r"/new: its router needs route_class"):
        require_guarded(router.routes)


def _narrow(keys: MemoryKeys, route: GuardedRoute) -> str:
    others = [scope for scope in Scope if scope not in (route.required_scope, Scope.ADMIN)]
    return key_with(keys, *others)


def _revoked(keys: MemoryKeys, _: GuardedRoute) -> str:
    key = key_with(keys, Scope.ADMIN)
    keys.revoke(prefix(key), datetime.now(UTC))
    return key


def _wrong_secret(keys: MemoryKeys, _: GuardedRoute) -> str:
    key = key_with(keys, Scope.ADMIN)
    return key[:-1] + ("0" if key[-1] != "0" else "1")


WAYS: dict[str, tuple[Callable[[MemoryKeys, GuardedRoute], str], int]] = {
    "nothing": (lambda _, __: "", 401),
    "never made": (lambda _, __: NEVER_MADE, 401),
    "wrong secret": (_wrong_secret, 401),
    "a word": (lambda _, __: "sesame", 401),
    "longer": (lambda keys, _: key_with(keys, Scope.ADMIN) + "0", 401),
    "cut": (lambda keys, _: key_with(keys, Scope.ADMIN)[:-1], 401),
    "its prefix": (lambda keys, _: key_with(keys, Scope.ADMIN)[:13], 401),
    "capitals": (lambda keys, _: key_with(keys, Scope.ADMIN).upper(), 401),
    "expired": (lambda keys, _: key_with(keys, Scope.ADMIN, ended_ago=timedelta(seconds=1)), 401),
    "revoked": (_revoked, 401),
    "too narrow": (_narrow, 403),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("route", GUARDED, ids=IDS)
def test_request_without_the_right_key_is_refused_and_changes_nothing(
    closed: TestClient, store: MemoryStore, launcher: FakeLauncher, route: GuardedRoute, way: str
) -> None:
    make, status = WAYS[way]
    key = make(store.keys, route)
    closed.app.state.services.keyring.refresh()  # type: ignore[attr-defined]
    for headers in (bearer(key), {"X-API-Key": key}) if key else ({},):
        response = ask(closed, route, headers)
        problem = assert_problem(response, status, "unauthenticated" if status == 401 else "missing-scope")
        assert response.headers["www-authenticate"].startswith('Bearer realm="segments"')
        assert not key or key not in response.text
        assert status == 401 or f"'{route.required_scope}'" in problem["detail"]
    assert (store.users.count(), store.jobs.latest(10), launcher.orders) == (0, [], [])


@pytest.mark.parametrize("route", GUARDED, ids=IDS)
def test_route_responds_to_its_scope_alone_and_to_admin(
    closed: TestClient, store: MemoryStore, route: GuardedRoute
) -> None:
    assert route.required_scope is not None
    for key in (key_with(store.keys, route.required_scope), key_with(store.keys, Scope.ADMIN)):
        closed.app.state.services.keyring.refresh()  # type: ignore[attr-defined]
        assert ask(closed, route, bearer(key)).status_code not in (401, 403)
        assert ask(closed, route, {"X-API-Key": key}).status_code not in (401, 403)


@pytest.mark.parametrize("path", sorted(PUBLIC_PATHS | {"/openapi.json", "/static/docs/swagger-ui.css"}))
def test_public_route_needs_no_key(closed: TestClient, path: str) -> None:
    assert closed.get(path).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": NEVER_MADE},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-API-Key": ""},
        {"X-API-Key": "\xff" * 53},
        {"Cookie": f"key={NEVER_MADE}"},
    ],
)
def test_malformed_headers_are_no_keys(closed: TestClient, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert_problem(closed.get("/personas", headers=raw), 401, "unauthenticated")


def test_key_in_the_url_is_ignored(closed: TestClient, store: MemoryStore) -> None:
    key = key_with(store.keys, Scope.ADMIN)
    assert closed.get(f"/personas?key={key}&access_token={key}").status_code == 401


def test_key_is_checked_before_the_body_is_read(closed: TestClient) -> None:
    response = closed.post("/segment", content=b"[" * 100, headers={"Content-Type": "text/plain"})
    assert_problem(response, 401, "unauthenticated")


def test_loopback_service_is_open_until_the_first_key_exists(client: TestClient, store: MemoryStore) -> None:
    keyring = client.app.state.services.keyring  # type: ignore[attr-defined]
    assert client.get("/personas").status_code == 200
    key = key_with(store.keys, Scope.PERSONAS_READ)
    keyring.refresh()
    assert client.get("/personas").status_code == 401
    assert client.get("/personas", headers=bearer(key)).status_code == 200
    store.keys.revoke(prefix(key), datetime.now(UTC))
    keyring.refresh()
    assert client.get("/personas").status_code == 401


def test_exposed_service_without_keys_is_closed(
    settings: Settings, store: MemoryStore, registry: Registry
) -> None:
    exposed = settings.model_copy(update={"host": "0.0.0.0"})
    with TestClient(create_app(exposed, store=store)) as client:
        assert client.get("/personas").status_code == 401
    with TestClient(create_app(exposed.model_copy(update={"insecure": True}), store=store)) as client:
        assert client.get("/personas").status_code == 200


class LosableKeys(MemoryKeys):
    """A store of keys that can be lost."""

    lost = False

    def change_count(self) -> int:
        if self.lost:
            raise StoreUnavailable("The database does not response.")
        return super().change_count()


class LosableStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.keys = LosableKeys()


def test_keys_read_last_stay_valid_while_the_store_is_away(settings: Settings, registry: Registry) -> None:
    store = LosableStore()
    assert isinstance(store.keys, LosableKeys)
    key = key_with(store.keys, Scope.SEGMENT_ASSIGN)
    with TestClient(create_app(settings, store=store)) as client:
        store.keys.lost = True
        client.app.state.services.keyring.refresh()  # type: ignore[attr-defined]
        assert client.post("/segment", json={}, headers=bearer(key)).status_code == 200
        assert client.post("/segment", json={}).status_code == 401


def test_request_is_refused_while_keys_were_never_read(settings: Settings, registry: Registry) -> None:
    store = LosableStore()
    assert isinstance(store.keys, LosableKeys)
    store.keys.lost = True
    with TestClient(create_app(settings, store=store), raise_server_exceptions=False) as client:
        response = client.post("/segment", json={})
        assert_problem(response, 503, "store-unavailable")
        assert int(response.headers["retry-after"]) > 0
        assert client.get("/livez").status_code == 200
        store.keys.lost = False
        client.app.state.services.keyring.refresh()  # type: ignore[attr-defined]
        assert client.post("/segment", json={}).status_code == 200


def test_last_use_of_a_key_is_stored_when_the_service_stops(settings: Settings, registry: Registry) -> None:
    store = MemoryStore()
    used, idle = (key_with(store.keys, Scope.PERSONAS_READ) for _ in range(2))
    with TestClient(create_app(settings, store=store)) as client:
        client.get("/personas", headers=bearer(used))
    last_used = {key.prefix: key.last_used_at for key in store.keys.all()}
    assert last_used[prefix(used)] is not None
    assert last_used[prefix(idle)] is None


def test_key_over_its_rate_is_limited_and_other_keys_are_not(
    settings: Settings, store: MemoryStore, registry: Registry
) -> None:
    often, seldom = (key_with(store.keys, Scope.PERSONAS_READ) for _ in range(2))
    hasty = settings.model_copy(update={"key_rate": 0.01})
    with TestClient(create_app(hasty, store=store)) as client:
        assert client.get("/personas", headers=bearer(often)).status_code == 200
        response = client.get("/personas", headers=bearer(often))
        assert_problem(response, 429, "rate-exceeded")
        assert 0 < int(response.headers["retry-after"]) <= 100
        assert client.get("/personas", headers=bearer(seldom)).status_code == 200
