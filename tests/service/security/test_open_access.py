"""Without a key: only to this machine's own names, so that no web site reads from it by rebinding its own."""

import pytest
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.security.scopes import Scope
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.access import bearer, key_with
from tests.support.problems import assert_problem

LOCAL = ["localhost", "localhost:8000", "LocalHost.", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8000"]
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "testserver",
    "192.168.0.1",
    "0.0.0.0",
    "[::]",
    "[fe80::1]",
    "10.0.0.1:127",
    "",
]


@pytest.mark.parametrize("host", LOCAL)
def test_service_without_keys_answers_to_the_names_of_this_machine(client: TestClient, host: str) -> None:
    assert client.get("/personas", headers={"Host": host}).status_code == 200
    assert client.post("/segment", json={}, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_service_without_keys_answers_to_no_other_name(client: TestClient, store: MemoryStore, host: str) -> None:
    for method, path in (("GET", "/personas"), ("POST", "/segment"), ("PUT", "/users/u/profile")):
        response = client.request(method, path, json={}, headers={"Host": host})
        assert_problem(response, 400, "untrusted-host")
    assert store.users.count() == 0


def test_name_that_the_operator_trusts_is_answered_without_keys(
    settings: Settings, store: MemoryStore, registry: Registry
) -> None:
    trusting = settings.model_copy(update={"trusted_hosts": "segments.example"})
    with TestClient(create_app(trusting, store=store)) as client:
        assert client.get("/personas", headers={"Host": "segments.example"}).status_code == 200
        assert_problem(client.get("/personas", headers={"Host": "evil.example"}), 400, "untrusted-host")


def test_trusting_every_name_opens_a_service_without_keys_to_none(
    settings: Settings, store: MemoryStore, registry: Registry
) -> None:
    trusting = settings.model_copy(update={"trusted_hosts": "segments.example, *"})
    with TestClient(create_app(trusting, store=store)) as client:
        assert_problem(client.get("/personas", headers={"Host": "evil.example"}), 400, "untrusted-host")


@pytest.mark.parametrize("host", ["evil.example", "localhost"])
def test_name_does_not_matter_with_a_key(client: TestClient, store: MemoryStore, host: str) -> None:
    key = key_with(store.keys, Scope.PERSONAS_READ)
    client.app.state.services.keyring.refresh()  # type: ignore[attr-defined]
    assert client.get("/personas", headers={"Host": host, **bearer(key)}).status_code == 200
    assert client.get("/personas", headers={"Host": host}).status_code == 401


def test_name_does_not_matter_to_a_service_that_is_open_on_purpose(
    settings: Settings, store: MemoryStore, registry: Registry
) -> None:
    insecure = settings.model_copy(update={"insecure": True, "host": "0.0.0.0"})
    with TestClient(create_app(insecure, store=store)) as client:
        assert client.get("/personas", headers={"Host": "segments.example"}).status_code == 200


@pytest.mark.parametrize("changes", [{}, {"insecure": True}])
def test_service_that_requires_keys_is_closed_when_its_keys_are_lost(
    settings: Settings, registry: Registry, changes: dict[str, object]
) -> None:
    required = settings.model_copy(update={"require_keys": True, **changes})
    with TestClient(create_app(required, store=MemoryStore())) as client:
        assert_problem(client.get("/personas"), 401, "unauthenticated")
        assert client.get("/livez").status_code == 200
