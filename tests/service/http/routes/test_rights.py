"""What is held of a user, erasure, tombstones, and objections."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.users import StoredAssignment
from testkit.waiting import eventually
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem

USER = "gid%3A%2F%2Fshop%2FCustomer%2F4711"
USER_ID = "gid://shop/Customer/4711"
OWN, RECIPIENT = {"age": 34, "hobbies": ["Secret Hobby"]}, {"recipient_age": 58, "hobbies": ["Other Secret"]}


@pytest.fixture
def user(client: TestClient) -> str:
    """The path of a user with a profile, a recipient and a history."""
    client.put(f"/users/{USER}/profile", json=OWN).raise_for_status()
    client.put(f"/users/{USER}/recipients/mum/profile", json=RECIPIENT).raise_for_status()
    return f"/users/{USER}"


def feed(client: TestClient) -> list[tuple[str, str]]:
    return [(item["user_id"], item["cause"]) for item in client.get("/users/changes").json()["items"]]


def trail(store: MemoryStore) -> list[str]:
    return [entry.action for entry in reversed(store.audit.latest(100))]


# --- what is held -----------------------------------------------------------------------------------


def test_everything_that_is_held_of_a_user_is_shown(client: TestClient, user: str) -> None:
    persona = client.get(f"{user}/persona").json()
    body = client.get(user).json()
    assert (body["user_id"], body["profile"], body["revision"]) == (USER_ID, OWN, 2)
    (recipient,) = body["recipients"]
    assert (recipient["recipient_id"], recipient["profile"], recipient["revision"]) == ("mum", RECIPIENT, 1)
    assert body["assignment"]["persona_id"] == persona["persona"]["id"]
    assert (body["assignment"]["basis"], body["assignment"]["confidence"]) == ("RECIPIENTS", persona["confidence"])
    assert body["persona_name"] == persona["persona"]["name"]
    assert body["history"] == client.get(f"{user}/persona/changes").json()["items"] != []
    assert body["objection"] == {"user_id": USER_ID, "opted_out": False, "since": None}


def test_export_is_the_same_as_a_file_without_the_id_in_its_name(client: TestClient, user: str) -> None:
    shown, exported = client.get(user), client.get(f"{user}/export")
    assert exported.json() == shown.json()
    assert exported.headers["content-disposition"] == 'attachment; filename="user-data.json"'
    assert {response.headers["cache-control"] for response in (shown, exported)} == {"no-store"}


def test_what_is_held_is_shown_without_a_model(modelless: TestClient) -> None:
    modelless.put("/users/u/profile", json=OWN).raise_for_status()
    body = modelless.get("/users/u").json()
    assert (body["profile"], body["assignment"], body["persona_name"]) == (OWN, None, None)


def test_long_history_is_shown_whole(modelless: TestClient, store: MemoryStore) -> None:
    now = datetime.now(UTC)
    for number in range(1_100):
        assignment = StoredAssignment(persona_id=f"p_{number % 2}", model_version="v", assigned_at=now)
        store.users.put("u", "{}", now, assignment)
    history = modelless.get("/users/u").json()["history"]
    assert len({change["id"] for change in history}) == len(history) == 1_100


@pytest.mark.parametrize("path", ["/users/nobody", "/users/nobody/export"])
def test_stranger_is_not_found(client: TestClient, store: MemoryStore, path: str) -> None:
    assert_problem(client.get(path), 404, "user-not-found")
    assert trail(store) == []


# --- erasure ----------------------------------------------------------------------------------------


def test_erased_user_is_nowhere(client: TestClient, store: MemoryStore, user: str) -> None:
    client.put("/users/other/profile", json={"age": 30}).raise_for_status()
    persona_id = client.get(f"{user}/persona").json()["persona"]["id"]
    assert client.delete(user).status_code == 204
    for path in (user, f"{user}/export", f"{user}/persona", f"{user}/recipients", f"{user}/persona/changes"):
        assert_problem(client.get(path), 404, "user-not-found")
    items = client.post("/users/personas:batchGet", json={"user_ids": [USER_ID]}).json()["items"]
    assert [item["status"] for item in items] == ["NOT_FOUND"]
    members = client.get(f"/personas/{persona_id}/users").json()["items"]
    assert USER_ID not in [member["user_id"] for member in members]
    assert USER_ID not in client.get("/users:export").text
    assert sum(item["users"] for item in client.get("/personas").json()["items"]) == 1
    assert feed(client) == [("other", "PROFILE_CHANGED"), (USER_ID, "ERASED")]
    assert "Secret" not in repr(store)


def test_erasure_can_be_repeated_and_of_a_stranger_is_the_same(client: TestClient, user: str) -> None:
    assert [client.delete(path).status_code for path in (user, user, "/users/nobody")] == [204] * 3
    assert [one for one in feed(client) if one[1] == "ERASED"] == [(USER_ID, "ERASED")]


def test_erased_user_is_refused_until_the_tombstone_is_removed(client: TestClient, user: str) -> None:
    client.delete(user)
    writes = (
        client.put(f"{user}/profile", json={"age": 30}),
        client.put(f"{user}/recipients/mum/profile", json={}),
        client.put(f"{user}/objection"),
    )
    for response in writes:
        assert "/tombstone" in assert_problem(response, 409, "user-erased")["detail"]
    batch = client.post("/users:batchUpsert", json={"users": [{"user_id": USER_ID, "profile": {}}]})
    assert batch.json()["items"][0]["status"] == 409
    assert [client.delete(f"{user}/tombstone").status_code for _ in range(2)] == [204, 204]
    assert client.put(f"{user}/profile", json={"age": 30}).status_code == 201


def test_no_notice_is_written_where_none_is_to_stay(settings: Settings, store: MemoryStore) -> None:
    app = create_app(settings.model_copy(update={"keep_erasure_notices_days": 0}), store=store)
    with TestClient(app) as client:
        client.put("/users/u/profile", json=OWN)
        assert client.delete("/users/u").status_code == 204
        assert feed(client) == []


def test_erased_user_is_out_of_the_next_training(
    client: TestClient, store: MemoryStore, launcher: FakeLauncher, user: str
) -> None:
    now = datetime.now(UTC)
    for number in range(1_000):
        store.users.put(f"u{number}", '{"hobbies": ["another"]}', now, None)
    client.delete(user)
    client.post("/retrain", json={"source": "users"}).raise_for_status()
    eventually(lambda: launcher.orders != [])
    data = launcher.orders[0].data
    assert data is not None
    text = data.read_text()
    assert (text.count("another"), "Secret" in text) == (1_000, False)


# --- objections -------------------------------------------------------------------------------------


def test_objection_is_seen_by_every_reader(client: TestClient, store: MemoryStore, user: str) -> None:
    persona_id = client.get(f"{user}/persona").json()["persona"]["id"]
    body = client.put(f"{user}/objection").json()
    assert (body["user_id"], body["opted_out"]) == (USER_ID, True)
    assert client.put(f"{user}/objection").json() == body
    assert body["since"] == client.get(f"{user}/persona/changes").json()["items"][0]["changed_at"]
    persona = client.get(f"{user}/persona").json()
    assert (persona["status"], persona["persona"], persona["recipients"]) == ("OPTED_OUT", None, [])
    (item,) = client.post("/users/personas:batchGet", json={"user_ids": [USER_ID]}).json()["items"]
    assert (item["status"], item["persona"], item["confidence"]) == ("OPTED_OUT", None, None)
    assert_problem(client.get(f"{user}/recipients/mum/persona"), 409, "user-opted-out")
    assert_problem(client.put(f"{user}/persona", json={"persona_id": persona_id}), 409, "user-opted-out")
    assert client.get(f"/personas/{persona_id}/users").json()["items"] == []
    (row,) = (json.loads(line) for line in client.get("/users:export").text.splitlines())
    assert (row["status"], row["persona_id"]) == ("OPTED_OUT", None)
    assert feed(client)[-1] == (USER_ID, "OPTED_OUT")
    assert store.users.tally(persona["model_version"]) == {}
    assert client.get(user).json()["objection"] == body


def test_profile_of_a_user_who_objects_is_stored_and_not_assigned(client: TestClient) -> None:
    assert client.put("/users/u/objection").json() == {"user_id": "u", "opted_out": True, "since": None}
    for profile in ({"age": 30}, {"hobbies": ["a value that no model knows"]}):
        body = client.put("/users/u/profile", json=profile).json()
        assert (body["persona"], body["assigned_at"]) == (None, None)
    assert client.get("/users/u/persona").json()["status"] == "OPTED_OUT"


def test_withdrawn_objection_gives_the_persona_back(client: TestClient, user: str) -> None:
    before = client.get(f"{user}/persona").json()
    client.put(f"{user}/objection")
    for _ in range(2):
        withdrawn = client.delete(f"{user}/objection")
        assert (withdrawn.status_code, withdrawn.json()["opted_out"]) == (200, False)
    after = client.get(f"{user}/persona").json()
    assert (after["persona"], after["status"]) == (before["persona"], "PRESENT")
    assert client.delete("/users/nobody/objection").json()["opted_out"] is False
    assert_problem(client.get("/users/nobody"), 404, "user-not-found")


# --- audit trail and log ----------------------------------------------------------------------------


def test_trail_has_each_act_upon_a_user_once_and_neither_id_nor_answers(
    client: TestClient, store: MemoryStore, user: str
) -> None:
    client.get(user)
    client.get(f"{user}/export")
    for _ in range(2):
        client.put(f"{user}/objection")
    for _ in range(2):
        client.delete(f"{user}/objection")
    client.delete(user)
    for _ in range(2):
        client.delete(f"{user}/tombstone")
    assert trail(store) == [
        "users.read",
        "users.export",
        "users.objection.record",
        "users.objection.withdraw",
        "users.erase",
        "users.tombstone.remove",
    ]
    text = client.get("/audit").text
    assert {entry.subject for entry in store.audit.latest(10)} == {store.rights.subject(USER_ID)}
    assert [secret for secret in (USER_ID, "4711", "Secret", "mum") if secret in text] == []


def test_log_holds_neither_ids_nor_answers(
    client: TestClient, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    requests: list[tuple[str, str]] = [
        ("GET", user),
        ("GET", f"{user}/export"),
        ("PUT", f"{user}/objection"),
        ("DELETE", f"{user}/objection"),
        ("DELETE", user),
        ("DELETE", f"{user}/tombstone"),
    ]
    for method, path in requests:
        assert client.request(method, path).status_code < 300
    own: list[Any] = [record for record in caplog.records if record.name.startswith("service")]
    text = repr([(record.getMessage(), record.__dict__.get("fields")) for record in own])
    assert "/users/{user_id}/tombstone" in text
    assert [secret for secret in ("4711", "Secret", "mum") if secret in text] == []


def test_unfit_id_is_refused_with_its_reason(client: TestClient) -> None:
    for method in ("GET", "DELETE"):
        problem = assert_problem(client.request(method, "/users/a%09b"), 422, "invalid-request")
        assert "U+0009" in json.dumps(problem)
