"""POST /users:batchUpsert."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.store.memory.store import MemoryStore
from tests.support.problems import assert_problem

KNOWN = {"age": 30, "hobbies": ["value_0"], "budget_range": "low"}
UNKNOWN = {"age": 41, "hobbies": ["value_1", "underwater chess"], "occupation": "n/a"}


def upsert(client: TestClient, *users: Any) -> dict[str, Any]:
    response = client.post("/users:batchUpsert", json={"users": list(users)})
    assert response.status_code == 207, response.text
    body: dict[str, Any] = response.json()
    return body


def user(user_id: Any, profile: Any) -> dict[str, Any]:
    return {"user_id": user_id, "profile": profile}


def statuses(body: dict[str, Any]) -> list[int]:
    return [item["status"] for item in body["items"]]


def test_batch_stores_what_single_writes_store(client: TestClient, store: MemoryStore) -> None:
    profiles = [KNOWN, UNKNOWN, {}, {"hobbies": []}, {"age": 30.0}, {"occasion": "birthday", "age": None}] * 10
    upsert(client, *(user(f"batch-{number}", profile) for number, profile in enumerate(profiles)))
    for number, profile in enumerate(profiles):
        assert client.put(f"/users/single-{number}/profile", json=profile).status_code == 201
        batch, single = store.users.get(f"batch-{number}"), store.users.get(f"single-{number}")
        assert batch is not None
        assert single is not None
        assert batch.assignment is not None
        assert single.assignment is not None
        for name in ("persona_id", "runner_up_id", "basis", "answered_count", "unknown_count", "model_version"):
            assert getattr(batch.assignment, name) == getattr(single.assignment, name), (name, profile)
        for name in ("confidence", "margin", "settled", "typicality"):
            assert getattr(batch.assignment, name) == pytest.approx(getattr(single.assignment, name), nan_ok=True)
        shown = [client.get(f"/users/{user_id}/persona").json() for user_id in (batch.user_id, single.user_id)]
        assert shown[0]["persona"] == shown[1]["persona"]


def test_item_says_what_is_stored(client: TestClient) -> None:
    client.put("/users/old/profile", json=KNOWN)
    body = upsert(client, user("new", KNOWN), user("old", UNKNOWN))
    assert [(item["user_id"], item["status"], item["revision"]) for item in body["items"]] == [
        ("new", 201, 1),
        ("old", 200, 2),
    ]
    persona = client.get("/users/new/persona").json()
    assert {name: body["items"][0][name] for name in ("persona", "basis", "confidence")} == {
        name: persona[name] for name in ("persona", "basis", "confidence")
    }
    assert body["model_version"] == persona["model_version"]


def test_last_profile_of_a_user_counts(client: TestClient, store: MemoryStore) -> None:
    body = upsert(client, user("u", {"age": 20}), user("u", {"age": 60}))
    assert [(item["status"], item["revision"]) for item in body["items"]] == [(201, 1), (200, 2)]
    stored = store.users.get("u")
    assert stored is not None
    assert stored.profile_json == '{"age":60}'


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (user("u", {"age": 5}), "/users/1/profile/age"),
        (user("u", {"agee": 5}), "/users/1/profile/agee"),
        (user("u", [1]), "/users/1/profile"),
        (user("tab\t", {}), "/users/1/user_id"),
        (user("", {}), "/users/1/user_id"),
        (user(7, {}), "/users/1/user_id"),
        ({"profile": {}}, "/users/1/user_id"),
        ({"user_id": "u"}, "/users/1/profile"),
        ({"user_id": "u", "profile": {}, "more": 1}, "/users/1/more"),
        ("u", "/users/1"),
    ],
)
def test_invalid_user_fails_no_other(client: TestClient, store: MemoryStore, value: Any, pointer: str) -> None:
    body = upsert(client, user("before", KNOWN), value, user("after", KNOWN))
    assert statuses(body) == [201, 422, 201]
    assert pointer in [error["pointer"] for error in body["items"][1]["errors"]]
    assert body["items"][1]["persona"] is None
    assert store.users.count() == 2


def test_value_that_cannot_be_looked_up_spoils_no_other(client: TestClient, store: MemoryStore) -> None:
    profiles: list[dict[str, Any]] = [{"hobbies": [[n]]} if n == 70 else {"age": 14 + n % 80} for n in range(100)]
    body = upsert(client, *(user(f"u-{n}", profile) for n, profile in enumerate(profiles)))
    assert statuses(body) == [422 if n == 70 else 201 for n in range(100)]
    stored = store.users.get_many([f"u-{n}" for n in range(100)])
    assert {user_id: json.loads(one.profile_json or "") for user_id, one in stored.items()} == {
        f"u-{n}": profile for n, profile in enumerate(profiles) if n != 70
    }


def test_erased_user_is_refused(client: TestClient, store: MemoryStore) -> None:
    upsert(client, user("u", KNOWN))
    store.rights.erase("u", datetime.now(UTC))
    body = upsert(client, user("v", KNOWN), user("u", KNOWN))
    assert statuses(body) == [201, 409]
    assert store.users.get("u") is None


def test_user_who_objects_is_stored_without_a_persona(client: TestClient, store: MemoryStore) -> None:
    store.users.opt_out("u", datetime.now(UTC))
    item = upsert(client, user("u", KNOWN))["items"][0]
    assert (item["status"], item["persona"], item["basis"]) == (200, None, None)
    stored = store.users.get("u")
    assert stored is not None
    assert stored.profile_json is not None
    assert stored.assignment is None


def test_profiles_are_stored_while_no_model_is_active(modelless: TestClient, store: MemoryStore) -> None:
    body = upsert(modelless, user("u", KNOWN), user("v", {"age": 1}))
    assert statuses(body) == [201, 422]
    assert body["model_version"] is None
    assert store.users.count() == 1


def test_more_than_a_thousand_users_are_refused(client: TestClient) -> None:
    response = client.post("/users:batchUpsert", json={"users": [user(str(n), {}) for n in range(1_001)]})
    assert_problem(response, 422, "invalid-request")


def test_body_of_a_thousand_whole_profiles_is_accepted(client: TestClient, store: MemoryStore) -> None:
    profile = KNOWN | {"favourite_items": [f"thing {n}" for n in range(20)]}
    body = upsert(client, *(user(f"user-{n:0200d}", profile) for n in range(1_000)))
    assert set(statuses(body)) == {201}
    assert store.users.count() == 1_000
