"""GET /audit, and what writes the trail."""

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service import audit
from service.app import create_app
from service.audit import Action
from service.retraining.launcher import Ended
from service.security.actor import NO_KEY
from service.security.scopes import Scope
from service.settings import Settings
from service.store.memory.audit import MemoryAudit
from service.store.memory.store import MemoryStore
from service.store.ports.audit import AuditEntry
from service.store.ports.errors import StoreUnavailable
from testkit.access import bearer, key_with, prefix
from tests.service.http.routes.retrains import SIMULATED, end, train
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem


@pytest.fixture
def closed(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> Iterator[TestClient]:
    """A client with an admin's key; `registry` has an active model."""
    key = key_with(store.keys, Scope.ADMIN)
    with TestClient(create_app(settings, store=store, launcher=launcher)) as client:
        client.headers.update(bearer(key))
        yield client


def own_actor(client: TestClient) -> str:
    return f"key {prefix(client.headers['authorization'].removeprefix('Bearer '))} (test)"


def trail(client: TestClient) -> list[tuple[str, str, str]]:
    return [(one["actor"], one["action"], one["subject"]) for one in client.get("/audit").json()["items"]]


def test_trail_is_listed_latest_first_page_by_page(client: TestClient, store: MemoryStore) -> None:
    for number in range(5):
        audit.record(store, "me", Action.USERS_IMPORTED, f"job {number}", rows=number)
    first = client.get("/audit?limit=2").json()
    rest = client.get("/audit", params={"cursor": first["next_cursor"]}).json()
    assert [item["details"]["rows"] for item in [*first["items"], *rest["items"]]] == [4, 3, 2, 1, 0]
    assert rest["next_cursor"] is None
    assert_problem(client.get("/audit?cursor=xx"), 422, "unusable-cursor")


def test_activation_and_rollback_are_recorded_once_each(closed: TestClient, registry: Registry) -> None:
    first, second = registry.required(), train(registry)
    for version in (second, second, first):
        closed.post(f"/models/{version}/activate", json={"reason": "a trial", "by": "the director"})
    actor = own_actor(closed)
    assert trail(closed) == [(actor, "models.activate", first), (actor, "models.activate", second)]


def test_retrain_and_its_activation_are_recorded(
    closed: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    job = closed.post("/retrain", json=SIMULATED | {"activate": "always"}, headers={"Idempotency-Key": "k"})
    closed.post("/retrain", json=SIMULATED | {"activate": "always"}, headers={"Idempotency-Key": "k"})
    version = train(registry)
    launcher.children[-1].say(Ended(version))
    end(closed, job.headers["location"])
    actor = own_actor(closed)
    assert trail(closed) == [
        (actor, "models.activate", version),
        (actor, "models.retrain", job.json()["id"]),
    ]


def test_edit_of_a_persona_is_recorded_without_its_texts(closed: TestClient) -> None:
    tag = {"If-Match": closed.get("/personas/p_0").headers["etag"]}
    closed.patch("/personas/p_0", json={"name": "Our best", "by": "the director"}, headers=tag).raise_for_status()
    (entry,) = closed.get("/audit").json()["items"]
    assert (entry["action"], entry["subject"]) == ("personas.edit", "p_0")
    assert (entry["actor"], entry["details"]) == (own_actor(closed), {"fields": ["name"]})


@pytest.mark.parametrize(
    ("path", "action", "subject"),
    [("/users:export", "users.export_all", ""), ("/personas/p_0/users:export", "users.export_members", "p_0")],
)
def test_download_of_many_users_is_recorded(closed: TestClient, path: str, action: str, subject: str) -> None:
    assert closed.get(f"{path}?format=csv").status_code == 200
    (entry,) = closed.get("/audit").json()["items"]
    assert (entry["actor"], entry["action"], entry["subject"]) == (own_actor(closed), action, subject)
    assert entry["details"] == {"format": "csv"}


def test_refused_acts_are_not_recorded(closed: TestClient, registry: Registry) -> None:
    closed.post("/models/none/activate", json={"reason": "x"})
    closed.patch("/personas/p_0", json={"name": "x"}, headers={"If-Match": '"old"'})
    closed.post("/retrain", json={"source": "nothing"})
    closed.get("/personas/none/users:export")
    assert trail(closed) == []


class BrokenAudit(MemoryAudit):
    """A trail that cannot be written."""

    def record(self, entry: AuditEntry) -> None:
        raise StoreUnavailable("The database does not respond.")


def test_act_stands_and_the_log_has_the_entry_where_the_trail_cannot_be_written(
    settings: Settings, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.audit = BrokenAudit()
    app: FastAPI = create_app(settings, store=store)
    with TestClient(app) as client:
        client.put("/users/her-id/profile", json={"age": 30})
        assert client.delete("/users/her-id").status_code == 204
        assert_problem(client.get("/users/her-id"), 404, "user-not-found")
    (record,) = [record for record in caplog.records if record.name == "service.audit"]
    fields = record.__dict__["fields"]
    assert (record.levelno, fields["action"], fields["by"]) == (logging.ERROR, "users.erase", NO_KEY)
    assert fields["subject"] == store.rights.subject("her-id")
    assert "her-id" not in record.getMessage() + repr(fields)
