"""What maintenance does for models: suggests a retrain, reassigns stored users, removes old versions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.registry import Registry
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.users import StoredAssignment
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.service.http.routes.activations import activate
from tests.support.launcher import FakeLauncher


@pytest.fixture
def maintained(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> Iterator[TestClient]:
    """A service with frequent maintenance."""
    changed = settings.model_copy(update={"upkeep_seconds": 0.05, "suggest_users": 10, "reassign_batch": 7})
    with TestClient(create_app(changed, store=store, launcher=launcher)) as client:
        yield client


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


def store_users(store: MemoryStore, loaded: LoadedArtifact, personas: list[str], unknown: int = 0) -> None:
    for number, persona in enumerate(personas):
        made = StoredAssignment(
            persona_id=persona,
            model_version=loaded.manifest.version,
            assigned_at=loaded.manifest.created_at,
            answered_count=10,
            unknown_count=unknown,
        )
        store.users.put(f"u{number}", "{}", loaded.manifest.created_at, made)


def test_users_like_the_training_data_suggest_no_retrain(
    maintained: TestClient, store: MemoryStore, registry: Registry
) -> None:
    store_users(store, registry.load_active(Profile), ["p_0"] * 6 + ["p_1"] * 4 + ["p_2"] * 2)
    suggestion = maintained.get("/models").json()["suggestion"]
    assert (suggestion["suggested"], suggestion["reasons"], suggestion["users"]) == (False, [], 12)


def test_drift_suggests_a_retrain_and_starts_none(
    maintained: TestClient, store: MemoryStore, registry: Registry, launcher: FakeLauncher
) -> None:
    store_users(store, registry.load_active(Profile), ["p_2"] * 12)
    suggestion = maintained.get("/models").json()["suggestion"]
    assert suggestion["suggested"]
    assert "of other personas than in the training data" in suggestion["reasons"][0]
    assert suggestion["drift"] == pytest.approx(5 / 6, abs=1e-3)
    eventually(lambda: metric(maintained, "segments_retrain_suggested") == 1)
    assert launcher.orders == []


def test_unknown_values_suggest_a_retrain(maintained: TestClient, store: MemoryStore, registry: Registry) -> None:
    store_users(store, registry.load_active(Profile), ["p_0"] * 6 + ["p_1"] * 4 + ["p_2"] * 2, unknown=3)
    suggestion = maintained.get("/models").json()["suggestion"]
    assert "does not know 30.0 % of the values" in suggestion["reasons"][0]


def test_unknown_values_of_stored_users_are_counted(maintained: TestClient) -> None:
    body = {"hobbies": ["value_1", "never heard of", "nor this"], "occasion": "value_2"}
    maintained.put("/users/u/profile", json=body)
    assert maintained.get("/models").json()["suggestion"]["unknown_share"] == 0.5


def test_maintenance_reassigns_stored_users_after_an_activation(
    maintained: TestClient, store: MemoryStore, registry: Registry
) -> None:
    ages = range(20, 60)
    for age in ages:
        maintained.put(f"/users/u{age}/profile", json={"age": age})
    version = write_small_model(registry.root, seed=1).name
    activate(maintained, version)
    model = registry.load(version, Profile).model
    eventually(lambda: not store.users.stale(version, "", 1))
    for age in ages:
        user = store.users.get(f"u{age}")
        assert user is not None
        assert user.assignment is not None
        assert user.assignment.persona_id == model.assign(Profile(age=age)).persona.id
    assert metric(maintained, "segments_users_reassigned_total") >= 40


def test_persona_change_is_recorded_with_its_cause(client: TestClient, registry: Registry, app: FastAPI) -> None:
    old = registry.load_active(Profile).model
    version = write_small_model(registry.root, seed=1).name
    new = registry.load(version, Profile).model
    (age, *_) = [
        age
        for age in range(13, 121)
        if old.assign(Profile(age=age)).persona.id != new.assign(Profile(age=age)).persona.id
    ]
    client.put("/users/u/profile", json={"age": age})
    activate(client, version)
    client.get("/users/u/persona")
    change, _first = client.get("/users/u/persona/changes").json()["items"]
    assert change["cause"] == "MODEL_CHANGED"
    assert change["from_model_version"] == old.version
    assert change["to_persona_id"] == new.assign(Profile(age=age)).persona.id


def test_pruning_spares_the_active_version_and_the_previous_one(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    made = [write_small_model(tmp_path, seed=seed).name for seed in range(6)]
    registry.activate(made[1])
    registry.activate(made[0])
    assert registry.prune(2) == [made[2], made[3]]
    assert registry.versions() == [made[0], made[1], made[4], made[5]]
    assert registry.prune(2) == []
    assert [path.name for path in tmp_path.glob(".removed-*")] == []


def test_maintenance_removes_old_versions(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    for seed in range(1, 5):
        write_small_model(registry.root, seed=seed)
    few = settings.model_copy(update={"keep_versions": 1, "upkeep_seconds": 0.05})
    with TestClient(create_app(few, store=store, launcher=launcher)):
        eventually(lambda: len(registry.versions()) == 2)
    assert registry.active() in registry.versions()


@pytest.mark.parametrize(("days", "left"), [(1, 1), (0, 3)])
def test_maintenance_removes_changes_that_are_too_old_unless_they_are_for_ever(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry, days: int, left: int
) -> None:
    version, long_ago = registry.required(), datetime.now(UTC) - timedelta(days=3)
    for persona_id in ("p_0", "p_1", "p_2"):
        made = StoredAssignment(persona_id=persona_id, model_version=version, assigned_at=long_ago)
        store.users.put("u", "{}", long_ago, made)
    limited = settings.model_copy(update={"keep_changes_days": days, "keep_versions": 1, "upkeep_seconds": 0.05})
    write_small_model(registry.root, seed=1)
    write_small_model(registry.root, seed=2)
    with TestClient(create_app(limited, store=store, launcher=launcher)):
        # Pruning runs in each round of maintenance, before retention.
        eventually(lambda: len(registry.versions()) == 2)
        eventually(lambda: len(store.personas.changes("u", 10)) == left)
    assert len(store.personas.changes("u", 10)) == left
