"""Who may activate a model, and whom the record names: the key, whatever a body says."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.app import create_app
from service.retraining.launcher import Ended
from service.security.scopes import Scope
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.access import bearer, key_with, prefix
from tests.service.http.routes.retrains import FAILED_CHECK, SIMULATED, end, train
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem

ALWAYS = {**SIMULATED, "activate": "always", "by": "the director"}


@pytest.fixture
def keys(store: MemoryStore) -> dict[str, str]:
    """The texts of a key that may train and read, and of one that may promote as well."""
    train_and_read = (Scope.MODELS_TRAIN, Scope.MODELS_READ)
    return {
        "trainer": key_with(store.keys, *train_and_read),
        "promoter": key_with(store.keys, *train_and_read, Scope.MODELS_PROMOTE, Scope.PERSONAS_WRITE),
    }


@pytest.fixture
def closed(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry, keys: dict[str, str]
) -> Iterator[TestClient]:
    with TestClient(create_app(settings, store=store, launcher=launcher)) as client:
        client.headers.update(bearer(keys["promoter"]))
        yield client


def test_training_alone_does_not_allow_to_activate_whatever_the_checks_say(
    closed: TestClient, store: MemoryStore, keys: dict[str, str]
) -> None:
    refused = closed.post("/retrain", json=ALWAYS, headers=bearer(keys["trainer"]))
    assert "'models:promote'" in assert_problem(refused, 403, "missing-scope")["detail"]
    assert store.jobs.latest(1) == []


@pytest.mark.parametrize("activate", ["auto", "never"])
def test_training_alone_allows_what_the_checks_decide(
    closed: TestClient, keys: dict[str, str], activate: str
) -> None:
    body = {**SIMULATED, "activate": activate}
    assert closed.post("/retrain", json=body, headers=bearer(keys["trainer"])).status_code == 202


def test_record_of_a_forced_activation_names_the_key(
    closed: TestClient, launcher: FakeLauncher, registry: Registry, keys: dict[str, str]
) -> None:
    job = closed.post("/retrain", json=ALWAYS)
    actor = f"key {prefix(keys['promoter'])} (test)"
    assert job.json()["requested_by"] == actor
    launcher.children[-1].say(Ended(train(registry, verdicts=(FAILED_CHECK,))))
    end(closed, job.headers["location"])
    (latest, *_) = closed.get("/models/activations").json()["items"]
    assert (latest["by"], latest["on_behalf_of"]) == (actor, "the director")


def test_record_of_an_activation_by_hand_names_the_key(
    closed: TestClient, registry: Registry, keys: dict[str, str]
) -> None:
    body = {"reason": "A trial.", "by": "the director"}
    activation = closed.post(f"/models/{train(registry)}/activate", json=body).json()
    assert activation["by"] == f"key {prefix(keys['promoter'])} (test)"
    assert activation["on_behalf_of"] == "the director"
