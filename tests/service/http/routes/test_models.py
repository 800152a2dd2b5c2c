"""The versions of the model over HTTP: listed, compared, activated, and who did it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.artifact import ARRAYS, COMPARISON, PIPELINE, REPORT, LoadedArtifact
from models.storage.comparison import Comparison, adjusted_rand
from models.storage.manifest import Verdict
from models.storage.registry import Registry
from models.storage.writing import write_artifact
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import AssignmentTally, StoredAssignment
from testkit.small_model import small_manifest, write_small_model
from testkit.waiting import eventually
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem
from tests.support.profiles import small_scorer
from training.acceptance.comparison import compare, reference_of
from training.data.dataset import from_profiles

REASON = {"reason": "It moves nobody.", "by": "ops"}


@pytest.fixture
def versions(client: TestClient, registry: Registry) -> list[str]:
    """The one in force, and one more."""
    return [str(registry.active()), write_small_model(registry.root, seed=1).name]


def activate(client: TestClient, version: str, **headers: str) -> dict[str, object]:
    answer = client.post(f"/models/{version}/activate", json=REASON, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


# --- listed ----------------------------------------------------------------------------------------


def test_versions_are_listed_the_newest_first_with_the_one_in_force(
    client: TestClient, versions: list[str]
) -> None:
    answer = client.get("/models").json()
    assert [item["version"] for item in answer["items"]] == versions[::-1]
    assert [item["active"] for item in answer["items"]] == [False, True]
    assert answer["active"] == versions[0]
    assert answer["items"][0]["origin"]["source"] == "simulated"
    assert answer["items"][0]["metrics"]["silhouette"] == 0.25


def test_versions_are_listed_page_by_page(client: TestClient, versions: list[str], registry: Registry) -> None:
    versions.append(write_small_model(registry.root, seed=2).name)
    first = client.get("/models?limit=2").json()
    second = client.get("/models", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["version"] for item in [*first["items"], *second["items"]]] == versions[::-1]
    assert second["next_cursor"] is None


def test_a_version_that_cannot_be_read_is_listed_with_its_problem(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    (registry.root / versions[1] / "manifest.json").write_text("{}")
    item = client.get("/models").json()["items"][0]
    assert item["version"] == versions[1]
    assert "manifest.json" in item["problem"]


class TalliesNothing(MemoryUsers):
    """Does not answer when it is asked to count."""

    def tally(self, model_version: str) -> dict[str, AssignmentTally]:
        raise StoreUnavailable("The database does not answer.")


def test_versions_are_listed_without_the_store(settings: Settings, registry: Registry) -> None:
    with TestClient(create_app(settings, store=MemoryStore(users=TalliesNothing()))) as client:
        answer = client.get("/models").json()
    assert (answer["active"], answer["suggestion"]) == (registry.active(), None)


def test_verdicts_are_told(client: TestClient, registry: Registry) -> None:
    failed = Verdict(name="stability", passed=False, sentence="Refits do not agree.")
    version = write_small_model(registry.root, seed=1, verdicts=(failed,)).name
    item = client.get(f"/models/{version}").json()["model"]
    assert item["passed"] is False
    assert item["verdicts"][0]["sentence"] == "Refits do not agree."


def test_one_version_tells_its_personas(client: TestClient, versions: list[str]) -> None:
    body = client.get(f"/models/{versions[1]}").json()
    assert [persona["id"] for persona in body["personas"]] == ["p_0", "p_1", "p_2"]
    assert body["configuration"] == {"k": 3, "seed": 1}


@pytest.mark.parametrize("version", ["20200101-000000-00000000", "x", "...", "ACTIVE"])
def test_a_version_that_never_was_is_not_found(client: TestClient, version: str) -> None:
    for path in ("", "/comparison"):
        assert client.get(f"/models/{version}{path}").status_code == 404
    assert client.post(f"/models/{version}/activate", json=REASON).status_code == 404


# --- activated ----------------------------------------------------------------------------------


def test_promotion_and_rollback_are_the_same_call(client: TestClient, versions: list[str]) -> None:
    first, second = versions
    for version, previous in ((second, first), (first, second)):
        told = activate(client, version)
        assert (told["version"], told["previous"], told["by"]) == (version, previous, "ops")
        assert client.post("/segment", json={}).json()["model_version"] == version
    items = client.get("/models/activations").json()["items"]
    assert [(item["version"], item["reason"]) for item in items[:2]] == [
        (first, "It moves nobody."),
        (second, "It moves nobody."),
    ]


def test_activations_are_listed_page_by_page(client: TestClient, versions: list[str]) -> None:
    for version in (versions * 3)[1:]:
        activate(client, version)
    whole = client.get("/models/activations").json()["items"]
    first = client.get("/models/activations?limit=4").json()
    activate(client, versions[0])
    rest = client.get("/models/activations", params={"cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == whole


def test_what_is_in_force_already_is_not_put_there_again(client: TestClient, versions: list[str]) -> None:
    assert activate(client, versions[1]) == activate(client, versions[1])
    assert len(client.get("/models/activations").json()["items"]) == 2


def test_a_damaged_version_is_refused_and_nothing_changes(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    (registry.root / versions[1] / ARRAYS).write_bytes(b"damaged")
    answer = client.post(f"/models/{versions[1]}/activate", json=REASON)
    assert "left as it is" in assert_problem(answer, 409, "activation-refused")["detail"]
    assert registry.active() == versions[0]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "who": "me"}])
def test_a_reason_is_needed(client: TestClient, versions: list[str], body: dict[str, str]) -> None:
    assert_problem(client.post(f"/models/{versions[1]}/activate", json=body), 422, "invalid-request")


def test_the_same_key_does_it_once(client: TestClient, versions: list[str]) -> None:
    first = activate(client, versions[1], **{"Idempotency-Key": "k1"})
    activate(client, versions[0])
    assert activate(client, versions[1], **{"Idempotency-Key": "k1"}) == first
    assert client.get("/models").json()["active"] == versions[0]


# --- compared --------------------------------------------------------------------------------------


def test_stored_users_show_how_many_would_move(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    profiles = [Profile(age=age, hobbies=("value_1",) if age % 2 else ()) for age in range(20, 60)]
    for number, profile in enumerate(profiles):
        client.put(f"/users/u{number}/profile", json=profile.model_dump(mode="json", exclude_none=True))
    body = client.get(f"/models/{versions[1]}/comparison").json()
    old, new = (registry.load(version, Profile).model for version in versions)
    moving = sum(old.assign(each).persona.id != new.assign(each).persona.id for each in profiles)
    assert (body["against"], body["model_version"]) == (versions[0], versions[1])
    assert (body["users"]["compared"], body["users"]["moving"]) == (40, moving)
    assert np.array(body["users"]["personas"]["transitions"]).sum() == 40
    assert body["training"] is None


def test_without_stored_users_the_training_data_is_told(client: TestClient, registry: Registry) -> None:
    loaded = registry.load_active(Profile)
    sample = from_profiles([Profile(age=30), Profile(age=60)])
    reference = reference_of(sample, "profiles of a test", simulated=True)
    comparison = compare(loaded, loaded, sample, reference, by_id=True)
    folder = written_with(registry.root, comparison)
    body = client.get(f"/models/{folder.name}/comparison").json()
    assert body["users"] is None
    assert Comparison.model_validate(body["training"]) == comparison
    assert len(body["training"]["personas"]["matches"]) == 3


def written_with(root: Path, comparison: Comparison) -> Path:
    others = {
        PIPELINE: lambda path: path.write_bytes(b"x"),
        REPORT: lambda path: path.write_text("{}"),
        COMPARISON: lambda path: path.write_text(comparison.model_dump_json()),
    }
    return write_artifact(root, small_manifest(2), small_scorer(2), others)


def test_a_model_compared_with_itself_moves_nobody(client: TestClient, versions: list[str]) -> None:
    client.put("/users/u/profile", json={"age": 30})
    users = client.get(f"/models/{versions[0]}/comparison").json()["users"]
    assert (users["moving"], users["personas"]["adjusted_rand"]) == (0, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_the_adjusted_rand_index_is_scikit_learns(seed: int) -> None:
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    first, second = rng.integers(4, size=200), rng.integers(3, size=200)
    table = np.zeros((4, 3), np.int64)
    np.add.at(table, (first, second), 1)
    assert adjusted_rand(table) == pytest.approx(adjusted_rand_score(first, second))


# --- a suggestion ----------------------------------------------------------------------------------


@pytest.fixture
def quick(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> Iterator[TestClient]:
    """A service whose upkeep is often."""
    changed = settings.model_copy(update={"upkeep_seconds": 0.05, "suggest_users": 10, "reassign_batch": 7})
    with TestClient(create_app(changed, store=store, launcher=launcher)) as client:
        yield client


def metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


def keep_users(store: MemoryStore, loaded: LoadedArtifact, personas: list[str], unknown: int = 0) -> None:
    for number, persona in enumerate(personas):
        made = StoredAssignment(
            persona_id=persona,
            model_version=loaded.manifest.version,
            assigned_at=loaded.manifest.created_at,
            answered_count=10,
            unknown_count=unknown,
        )
        store.users.put(f"u{number}", "{}", loaded.manifest.created_at, made)


def test_users_like_those_of_the_training_suggest_nothing(
    quick: TestClient, store: MemoryStore, registry: Registry
) -> None:
    keep_users(store, registry.load_active(Profile), ["p_0"] * 6 + ["p_1"] * 4 + ["p_2"] * 2)
    suggestion = quick.get("/models").json()["suggestion"]
    assert (suggestion["suggested"], suggestion["reasons"], suggestion["users"]) == (False, [], 12)


def test_drift_suggests_a_retrain_and_starts_none(
    quick: TestClient, store: MemoryStore, registry: Registry, launcher: FakeLauncher
) -> None:
    keep_users(store, registry.load_active(Profile), ["p_2"] * 12)
    suggestion = quick.get("/models").json()["suggestion"]
    assert suggestion["suggested"]
    assert "of other personas than in the training data" in suggestion["reasons"][0]
    assert suggestion["drift"] == pytest.approx(5 / 6, abs=1e-3)
    eventually(lambda: metric(quick, "segments_retrain_suggested") == 1)
    assert launcher.orders == []


def test_unknown_values_suggest_a_retrain(quick: TestClient, store: MemoryStore, registry: Registry) -> None:
    keep_users(store, registry.load_active(Profile), ["p_0"] * 6 + ["p_1"] * 4 + ["p_2"] * 2, unknown=3)
    suggestion = quick.get("/models").json()["suggestion"]
    assert "does not know 30.0% of the values" in suggestion["reasons"][0]


def test_what_users_tell_is_counted_where_they_are_kept(quick: TestClient) -> None:
    body = {"hobbies": ["value_1", "never heard of", "nor this"], "occasion": "value_2"}
    quick.put("/users/u/profile", json=body)
    assert quick.get("/models").json()["suggestion"]["unknown_share"] == 0.5


# --- users are brought up to date ------------------------------------------------------------------


def test_stored_users_follow_the_model_in_force_without_being_asked(
    quick: TestClient, store: MemoryStore, registry: Registry
) -> None:
    ages = range(20, 60)
    for age in ages:
        quick.put(f"/users/u{age}/profile", json={"age": age})
    version = write_small_model(registry.root, seed=1).name
    activate(quick, version)
    model = registry.load(version, Profile).model
    eventually(lambda: not store.users.stale(version, "", 1))
    for age in ages:
        user = store.users.get(f"u{age}")
        assert user is not None
        assert user.assignment is not None
        assert user.assignment.persona_id == model.assign(Profile(age=age)).persona.id
    assert metric(quick, "segments_users_reassigned_total") >= 40


def test_a_changed_persona_is_kept_with_its_cause(client: TestClient, registry: Registry, app: FastAPI) -> None:
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
    (change,) = client.get("/users/u/persona/changes").json()["items"]
    assert change["cause"] == "MODEL_CHANGED"
    assert change["from_model_version"] == old.version
    assert change["to_persona_id"] == new.assign(Profile(age=age)).persona.id


# --- old versions ----------------------------------------------------------------------------------


def test_old_versions_go_but_never_the_one_in_force_nor_the_one_before(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    made = [write_small_model(tmp_path, seed=seed).name for seed in range(6)]
    registry.activate(made[1])
    registry.activate(made[0])
    assert registry.prune(2) == [made[2], made[3]]
    assert registry.versions() == [made[0], made[1], made[4], made[5]]
    assert registry.prune(2) == []
    assert [path.name for path in tmp_path.glob(".removed-*")] == []


def test_the_service_removes_old_versions(
    settings: Settings, store: MemoryStore, launcher: FakeLauncher, registry: Registry
) -> None:
    for seed in range(1, 5):
        write_small_model(registry.root, seed=seed)
    few = settings.model_copy(update={"keep_versions": 1, "upkeep_seconds": 0.05})
    with TestClient(create_app(few, store=store, launcher=launcher)):
        eventually(lambda: len(registry.versions()) == 2)
    assert registry.active() in registry.versions()
