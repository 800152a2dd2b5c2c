"""What becomes of a retrain: its model is activated or not, or the job fails."""

import pytest
from starlette.testclient import TestClient

from models.storage.manifest import Origin, Reading
from models.storage.registry import Registry
from service.app import create_app
from service.retraining.launcher import Ended
from service.security.actor import NO_KEY
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.waiting import eventually
from tests.service.http.routes.retrains import FAILED_CHECK, SIMULATED, UNJUDGED_CHECK, begin, end, train
from tests.support.launcher import FakeLauncher


def test_model_that_passes_its_checks_is_activated(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    version = train(registry)
    child.say(Ended(version))
    job = end(client, address)
    assert job["status"] == "SUCCEEDED"
    assert job["result"]["model_version"] == version
    assert job["result"]["activated"] is True
    eventually(lambda: client.post("/segment", json={}).json()["model_version"] == version, seconds=2)


def test_worker_that_activates_a_model_uses_it_immediately(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    seldom = settings.model_copy(update={"model_poll_seconds": 60})
    with TestClient(create_app(seldom, store=store, launcher=launcher)) as client:
        address, child = begin(client, launcher)
        version = train(registry)
        child.say(Ended(version))
        assert end(client, address)["status"] == "SUCCEEDED"
        assert client.post("/segment", json={}).json()["model_version"] == version


def test_model_that_fails_a_check_is_not_activated(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    child.say(Ended(train(registry, verdicts=(FAILED_CHECK,))))
    result = end(client, address)["result"]
    assert result["activated"] is False
    assert FAILED_CHECK.sentence in result["reason"]
    assert registry.active() == before


def test_retrain_says_how_its_file_was_read(
    client: TestClient, launcher: FakeLauncher, registry: Registry, settings: Settings
) -> None:
    (settings.data_dir / "people.csv").write_text("Age\n30\n")
    note = f"Refused 1 of 9 rows. They are listed in {settings.data_dir.resolve()}/people.csv.refused.csv."
    reading = Reading(columns=4, used_columns=3, notes=(note,))
    origin = Origin(source="file", simulated=False, description="8.", rows=8, fingerprint="0", reading=reading)
    address, child = begin(client, launcher, source="file", path="people.csv", rows=None)
    child.say(Ended(train(registry, origin=origin)))
    about = end(client, address)["result"]["about_data"]
    assert about == ["3 of the file's 4 columns were used.", note.replace(f"{settings.data_dir.resolve()}/", "")]


def test_check_that_was_not_made_does_not_block_the_activation_and_is_named(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    version = train(registry, verdicts=(UNJUDGED_CHECK,))
    child.say(Ended(version))
    result = end(client, address)["result"]
    assert (result["activated"], registry.active()) == (True, version)
    assert "every check passed" not in result["reason"]
    assert "1 of 1 could not be made: stability." in result["reason"]


def test_activate_always_activates_despite_a_failed_check(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher, activate="always")
    version = train(registry, verdicts=(FAILED_CHECK,))
    child.say(Ended(version))
    result = end(client, address)["result"]
    assert result["activated"] is True
    assert "as was asked" in result["reason"]
    assert registry.active() == version


def test_activate_never_leaves_the_active_model(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    before = registry.active()
    address, child = begin(client, launcher, activate="never")
    child.say(Ended(train(registry)))
    assert end(client, address)["result"]["activated"] is False
    assert registry.active() == before


def test_failed_child_fails_the_job_with_its_message_and_last_output(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    before = registry.active()
    address, child = begin(client, launcher)
    child.say(Ended(None, "All profiles are the same.", ("one", "two")))
    job = end(client, address)
    assert (job["status"], job["error"]) == ("FAILED", "All profiles are the same.")
    assert job["result"]["last_output"] == ["one", "two"]
    assert registry.active() == before


def test_failed_job_does_not_reveal_the_data_folder(
    client: TestClient, launcher: FakeLauncher, settings: Settings
) -> None:
    address, child = begin(client, launcher)
    sentence = f"{settings.data_dir.resolve()}/people.csv holds no rows."
    child.say(Ended(None, sentence, (f"error: {sentence}",)))
    job = end(client, address)
    assert job["error"] == "people.csv holds no rows."
    assert job["result"]["last_output"] == ["error: people.csv holds no rows."]


def test_unreadable_model_fails_the_job(client: TestClient, launcher: FakeLauncher, registry: Registry) -> None:
    address, child = begin(client, launcher)
    version = train(registry)
    (registry.root / version / "arrays.npz").write_bytes(b"damaged")
    child.say(Ended(version))
    job = end(client, address)
    assert job["status"] == "FAILED"
    assert "arrays.npz" in job["error"]
    assert registry.active() != version


@pytest.mark.parametrize("version", ["20200101-000000-00000000", "../..", ""])
def test_child_that_names_an_unknown_model_fails_the_job(
    client: TestClient, launcher: FakeLauncher, version: str
) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(version))
    assert end(client, address)["status"] == "FAILED"


def test_failed_launch_fails_the_job(client: TestClient, launcher: FakeLauncher) -> None:
    launcher.refusal = "Training could not be started: no memory."
    job = end(client, client.post("/retrain", json=SIMULATED).headers["location"])
    assert (job["status"], job["error"]) == ("FAILED", launcher.refusal)


def test_acceptance_thresholds_go_to_the_child(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    strict = settings.model_copy(update={"gate_max_born": 0})
    with TestClient(create_app(strict, store=store, launcher=launcher)) as client:
        begin(client, launcher)
    assert launcher.orders[0].thresholds["max_born"] == "0"
    assert launcher.orders[0].thresholds["max_changed_share"] == "0.3"


def test_forced_activation_records_the_actor_and_the_name_in_the_body_as_a_note(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher, activate="always", by="Anne of ops")
    child.say(Ended(train(registry, verdicts=(FAILED_CHECK,))))
    assert "as was asked for Anne of ops" in end(client, address)["result"]["reason"]
    (latest, *_) = client.get("/models/activations").json()["items"]
    assert (latest["by"], latest["on_behalf_of"]) == (NO_KEY, "Anne of ops")
    assert FAILED_CHECK.sentence in latest["reason"]


def test_model_compared_with_a_version_no_longer_active_is_not_activated(
    client: TestClient, launcher: FakeLauncher, registry: Registry
) -> None:
    address, child = begin(client, launcher)
    child.say(Ended(train(registry, previous="20200101-000000-00000000")))
    result = end(client, address)["result"]
    assert result["activated"] is False
    assert "is not active any more" in result["reason"]
