"""Promotion and rollback under load, two workers and PostgreSQL: no failure, no mixed answer, users right."""

import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.registry import Registry
from service.store.sql.store import SqlStore
from testkit.server import PATIENCE, Server, serving
from testkit.waiting import eventually

USERS = {
    f"u{number}": {"age": 15 + number % 70, "hobbies": [("gaming", "yoga", "diy", "baking")[number % 4]]}
    for number in range(120)
}
SWITCHES = 6


class Asking:
    """Threads that ask without a pause, each for something else; every answer and every failure is remembered."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.answers: list[tuple[str, str, str]] = []
        self.failures: list[str] = []
        self.stopping = threading.Event()
        asks = (self._segment, self._persona, self._batch, self._segment)
        self.threads = [threading.Thread(target=self._go, args=(ask, seed)) for seed, ask in enumerate(asks)]

    def __enter__(self) -> "Asking":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _go(self, ask: Callable[[httpx.Client, str], None], seed: int) -> None:
        users = random.Random(seed).sample(list(USERS), len(USERS))
        number = 0
        while not self.stopping.is_set():
            # A new connection now and then, so that both workers are asked.
            with httpx.Client(base_url=self.url, timeout=30) as client:
                for _ in range(20):
                    try:
                        ask(client, users[number % len(users)])
                    except (httpx.HTTPError, AssertionError, KeyError) as error:
                        self.failures.append(repr(error))
                    number += 1
                    time.sleep(0.01)

    def _told(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _segment(self, client: httpx.Client, user: str) -> None:
        body = self._told(client.post("/segment", json=USERS[user]))
        self.answers.append((user, body["model_version"], body["persona"]["id"]))

    def _persona(self, client: httpx.Client, user: str) -> None:
        body = self._told(client.get(f"/users/{user}/persona"))
        self.answers.append((user, body["model_version"], body["persona"]["id"]))

    def _batch(self, client: httpx.Client, user: str) -> None:
        asked = [user, *list(USERS)[:5]]
        body = self._told(client.post("/users/personas:batchGet", json={"user_ids": asked}))
        for item in body["items"]:
            self.answers.append((item["user_id"], body["model_version"], item["persona"]["id"]))


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
        with Asking(server) as asking:
            for switch in range(SWITCHES):
                version = (new, old)[switch % 2]
                reason = {"reason": f"switch {switch}", "by": "a test"}
                answer = httpx.post(f"{server.url}/models/{version}/activate", json=reason, timeout=30)
                assert answer.status_code == 200, answer.text
                time.sleep(1.2)
            answer = httpx.post(f"{server.url}/models/{new}/activate", json={"reason": "for good"}, timeout=30)
            assert answer.status_code == 200
            time.sleep(1)
        store = SqlStore(postgres_url)
        try:
            eventually(lambda: not store.users.stale(new, "", 1), PATIENCE)
            kept = {user: found.assignment for user, found in store.users.get_many(list(USERS)).items()}
            moved = store.personas.changes("u0", 100)
        finally:
            store.close()
        activations = httpx.get(f"{server.url}/models/activations").json()["items"]
    right = {version: expected(registry.load(version, Profile).model) for version in (old, new)}
    assert asking.failures == []
    assert len(asking.answers) > 300
    assert {version for _, version, _ in asking.answers} == {old, new}
    mixed = [(user, version) for user, version, persona in asking.answers if right[version][user] != persona]
    assert mixed == []
    assert {user: found.persona_id for user, found in kept.items() if found} == right[new]
    assert [item["reason"] for item in activations[:2]] == ["for good", f"switch {SWITCHES - 1}"]
    assert all(change.cause == "MODEL_CHANGED" for change in moved)
