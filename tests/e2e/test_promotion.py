"""Promotion and rollback under load, two workers and PostgreSQL: no failure, no mixed response, users right."""

import json
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.registry import Registry
from service.store.sql.store import SqlStore
from testkit.server import PATIENCE, Server, serving
from testkit.waiting import eventually
from tests.support.load import ConstantLoad

USERS = {
    f"u{number}": {"age": 15 + number % 70, "hobbies": [("gaming", "yoga", "diy", "baking")[number % 4]]}
    for number in range(120)
}
SWITCHES = 6


class UserLoad:
    """Reads assignments of users under load: by profile, by user, and several users at a time."""

    def __init__(self, server: Server) -> None:
        self.assignments: list[tuple[str, str, str]] = []
        orders = [random.Random(seed).sample(list(USERS), len(USERS)) for seed in range(4)]
        reads = (self._segment, self._persona, self._batch, self._segment)
        actions = [partial(self._read, read, users) for read, users in zip(reads, orders, strict=True)]
        self.running = ConstantLoad(server.url, actions, 0.01)

    def _read(
        self, read: Callable[[httpx.Client, str], None], users: list[str], client: httpx.Client, number: int
    ) -> None:
        read(client, users[number % len(users)])

    def _segment(self, client: httpx.Client, user: str) -> None:
        self._add(user, body_of(client.post("/segment", json=USERS[user])))

    def _persona(self, client: httpx.Client, user: str) -> None:
        self._add(user, body_of(client.get(f"/users/{user}/persona")))

    def _batch(self, client: httpx.Client, user: str) -> None:
        users = [user, *list(USERS)[:5]]
        body = body_of(client.post("/users/personas:batchGet", json={"user_ids": users}))
        for item in body["items"]:
            self._add(item["user_id"], {**item, "model_version": body["model_version"]})

    def _add(self, user: str, assignment: dict[str, Any]) -> None:
        self.assignments.append((user, assignment["model_version"], assignment["persona"]["id"]))


def body_of(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def expected(model: SegmentModel) -> dict[str, str]:
    return {
        user: model.assign(Profile.model_validate_json(json.dumps(body))).persona.id
        for user, body in USERS.items()
    }


def test_promotion_and_rollback_under_load(tmp_path: Path, artifacts: Path, postgres_url: str) -> None:
    registry = Registry(artifacts)
    old = str(registry.active())
    settings = {"WORKERS": "2", "DATABASE_URL": postgres_url, "REASSIGN_BATCH": "25", "UPKEEP_SECONDS": "1"}
    with serving(tmp_path, artifacts, **settings) as server:
        for user, body in USERS.items():
            assert httpx.put(f"{server.url}/users/{user}/profile", json=body).status_code == 201
        job = server.ended(server.retrain(seed=11, k=4, activate="never")["id"])
        new = job["result"]["model_version"]
        load = UserLoad(server)
        with load.running:
            for switch in range(SWITCHES):
                version = (new, old)[switch % 2]
                reason = {"reason": f"switch {switch}", "by": "a test"}
                response = httpx.post(f"{server.url}/models/{version}/activate", json=reason, timeout=30)
                assert response.status_code == 200, response.text
                time.sleep(1.2)
            response = httpx.post(f"{server.url}/models/{new}/activate", json={"reason": "for good"}, timeout=30)
            assert response.status_code == 200
            time.sleep(1)
        store = SqlStore(postgres_url)
        try:
            eventually(lambda: not store.users.stale(new, "", 1), PATIENCE)
            stored = {user: record.assignment for user, record in store.users.get_many(list(USERS)).items()}
            moved = store.personas.changes("u0", 100)
        finally:
            store.close()
        activations = httpx.get(f"{server.url}/models/activations").json()["items"]
    right = {version: expected(registry.load(version, Profile).model) for version in (old, new)}
    assert load.running.failures == []
    assert len(load.assignments) > 300
    assert {version for _, version, _ in load.assignments} == {old, new}
    mixed = [(user, version) for user, version, persona in load.assignments if right[version][user] != persona]
    assert mixed == []
    assert {user: assignment.persona_id for user, assignment in stored.items() if assignment} == right[new]
    assert [item["reason"] for item in activations[:2]] == ["for good", f"switch {SWITCHES - 1}"]
    # But for the first, which came with the profile.
    assert all(change.cause == "MODEL_CHANGED" for change in moved[:-1])
