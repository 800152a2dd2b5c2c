"""The versions of the model: listed, compared, activated."""

from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.artifact import ARRAYS, COMPARISON, PIPELINE, REPORT
from models.storage.comparison import Comparison, adjusted_rand
from models.storage.manifest import Verdict
from models.storage.registry import Registry
from models.storage.writing import write_artifact
from service.app import create_app
from service.security.actor import NO_KEY
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import AssignmentTally
from service.versions.pruning import remove_activations
from testkit.small_model import small_manifest, write_small_model
from testkit.small_scorer import small_scorer
from tests.service.http.routes.activations import REASON, activate
from tests.support.problems import assert_problem
from training.acceptance.comparison import compare, reference_of
from training.data.dataset import from_profiles


@pytest.fixture
def versions(client: TestClient, registry: Registry) -> list[str]:
    """The active version, and one more."""
    return [str(registry.active()), write_small_model(registry.root, seed=1).name]


def test_versions_are_listed_newest_first_with_the_active_one(client: TestClient, versions: list[str]) -> None:
    response = client.get("/models").json()
    assert [item["version"] for item in response["items"]] == versions[::-1]
    assert [item["active"] for item in response["items"]] == [False, True]
    assert response["active"] == versions[0]
    assert response["items"][0]["origin"]["source"] == "simulated"
    assert response["items"][0]["metrics"]["silhouette"] == 0.25


def test_versions_are_listed_page_by_page(client: TestClient, versions: list[str], registry: Registry) -> None:
    versions.append(write_small_model(registry.root, seed=2).name)
    first = client.get("/models?limit=2").json()
    second = client.get("/models", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["version"] for item in [*first["items"], *second["items"]]] == versions[::-1]
    assert second["next_cursor"] is None


def test_unreadable_version_is_listed_with_its_problem(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    (registry.root / versions[1] / "manifest.json").write_text("{}")
    item = client.get("/models").json()["items"][0]
    assert item["version"] == versions[1]
    assert "manifest.json" in item["problem"]


class TalliesNothing(MemoryUsers):
    """Unavailable for counts."""

    def tally(self, model_version: str) -> dict[str, AssignmentTally]:
        raise StoreUnavailable("The database does not answer.")


def test_versions_are_listed_while_the_store_is_unavailable(settings: Settings, registry: Registry) -> None:
    with TestClient(create_app(settings, store=MemoryStore(users=TalliesNothing()))) as client:
        response = client.get("/models").json()
    assert (response["active"], response["suggestion"]) == (registry.active(), None)


def test_version_has_its_verdicts(client: TestClient, registry: Registry) -> None:
    failed = Verdict(name="stability", outcome="failed", sentence="Refits do not agree.")
    version = write_small_model(registry.root, seed=1, verdicts=(failed,)).name
    item = client.get(f"/models/{version}").json()["model"]
    assert (item["outcome"], item["passed"]) == ("failed", False)
    assert item["verdicts"][0]["outcome"] == "failed"
    assert item["verdicts"][0]["sentence"] == "Refits do not agree."


def test_version_with_a_check_that_was_not_made_has_neither_passed_nor_failed(
    client: TestClient, registry: Registry
) -> None:
    unjudged = Verdict(name="stability", outcome="not_judged", sentence="Not judged: stability. One persona.")
    version = write_small_model(registry.root, seed=1, verdicts=(unjudged,)).name
    item = client.get(f"/models/{version}").json()["model"]
    assert (item["outcome"], item["passed"]) == ("not_judged", None)
    assert (item["verdicts"][0]["outcome"], item["verdicts"][0]["passed"]) == ("not_judged", False)


def test_version_has_its_personas(client: TestClient, versions: list[str]) -> None:
    body = client.get(f"/models/{versions[1]}").json()
    assert [persona["id"] for persona in body["personas"]] == ["p_0", "p_1", "p_2"]
    assert body["configuration"] == {"k": 3, "seed": 1}


@pytest.mark.parametrize("version", ["20200101-000000-00000000", "x", "...", "ACTIVE"])
def test_unknown_version_is_not_found(client: TestClient, version: str) -> None:
    for path in ("", "/comparison"):
        assert client.get(f"/models/{version}{path}").status_code == 404
    assert client.post(f"/models/{version}/activate", json=REASON).status_code == 404


def test_promotion_and_rollback_are_the_same_call(client: TestClient, versions: list[str]) -> None:
    first, second = versions
    for version, previous in ((second, first), (first, second)):
        activation = activate(client, version)
        assert (activation["version"], activation["previous"]) == (version, previous)
        assert (activation["by"], activation["on_behalf_of"]) == (NO_KEY, "ops")
        assert client.post("/segment", json={}).json()["model_version"] == version
    items = client.get("/models/activations").json()["items"]
    assert [(item["version"], item["reason"]) for item in items[:2]] == [
        (first, "It moves no user."),
        (second, "It moves no user."),
    ]


def test_activations_are_listed_page_by_page(client: TestClient, versions: list[str]) -> None:
    for version in (versions * 3)[1:]:
        activate(client, version)
    whole = client.get("/models/activations").json()["items"]
    first = client.get("/models/activations?limit=4").json()
    activate(client, versions[0])
    rest = client.get("/models/activations", params={"cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == whole


def test_page_of_activations_whose_begin_is_removed_as_too_old_is_gone(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    for version in (versions * 3)[1:]:
        activate(client, version)
    whole = client.get("/models/activations").json()["items"]
    first = client.get("/models/activations?limit=2").json()
    assert remove_activations(registry, 0.0, 3) == 3
    rest = client.get("/models/activations", params={"cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == whole[:-3]
    assert remove_activations(registry, 0.0, 100) > 0
    response = client.get("/models/activations", params={"cursor": first["next_cursor"]})
    assert "without a cursor" in assert_problem(response, 410, "expired-cursor")["detail"]


def test_active_version_is_not_activated_again(client: TestClient, versions: list[str]) -> None:
    assert activate(client, versions[1]) == activate(client, versions[1])
    assert len(client.get("/models/activations").json()["items"]) == 2


def test_activation_of_a_damaged_version_is_refused_and_changes_nothing(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    (registry.root / versions[1] / ARRAYS).write_bytes(b"damaged")
    response = client.post(f"/models/{versions[1]}/activate", json=REASON)
    assert "left as it is" in assert_problem(response, 409, "activation-refused")["detail"]
    assert registry.active() == versions[0]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "who": "me"}])
def test_activation_needs_a_reason(client: TestClient, versions: list[str], body: dict[str, str]) -> None:
    assert_problem(client.post(f"/models/{versions[1]}/activate", json=body), 422, "invalid-request")


def test_activation_repeated_under_one_idempotency_key_runs_once(client: TestClient, versions: list[str]) -> None:
    first = activate(client, versions[1], **{"Idempotency-Key": "k1"})
    activate(client, versions[0])
    assert activate(client, versions[1], **{"Idempotency-Key": "k1"}) == first
    assert client.get("/models").json()["active"] == versions[0]


def test_comparison_counts_the_stored_users_that_would_move(
    client: TestClient, versions: list[str], registry: Registry
) -> None:
    profiles = [Profile(age=age, hobbies=("value_1",) if age % 2 else ()) for age in range(20, 60)]
    for number, profile in enumerate(profiles):
        client.put(f"/users/u{number}/profile", json=profile.model_dump(mode="json", exclude_none=True))
    body = client.get(f"/models/{versions[1]}/comparison").json()
    old, new = (registry.load(version, Profile).model for version in versions)
    moving = sum(old.assign(profile).persona.id != new.assign(profile).persona.id for profile in profiles)
    assert (body["against"], body["model_version"]) == (versions[0], versions[1])
    assert (body["users"]["compared"], body["users"]["moving"]) == (40, moving)
    assert np.array(body["users"]["personas"]["transitions"]).sum() == 40
    assert body["training"] is None


def test_comparison_without_stored_users_is_of_the_training_data(client: TestClient, registry: Registry) -> None:
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


def test_comparison_of_a_model_with_itself_moves_no_user(client: TestClient, versions: list[str]) -> None:
    client.put("/users/u/profile", json={"age": 30})
    users = client.get(f"/models/{versions[0]}/comparison").json()["users"]
    assert (users["moving"], users["personas"]["adjusted_rand"]) == (0, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_adjusted_rand_index_equals_scikit_learns(seed: int) -> None:
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(seed)
    first, second = rng.integers(4, size=200), rng.integers(3, size=200)
    table = np.zeros((4, 3), np.int64)
    np.add.at(table, (first, second), 1)
    assert adjusted_rand(table) == pytest.approx(adjusted_rand_score(first, second))
