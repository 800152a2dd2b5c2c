"""Personas that people choose for users, and the changes of a user's persona."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.registry import Registry
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from testkit.small_model import small_manifest, small_personas, write_small_model
from testkit.small_scorer import small_scorer
from tests.support.problems import assert_problem
from training.acceptance.golden_predictions import golden_predictions


def other_than(client: TestClient, user_id: str) -> str:
    own = client.get(f"/users/{user_id}/persona").json()["persona"]["id"]
    return next(persona for persona in ("p_0", "p_1", "p_2") if persona != own)


def test_chosen_persona_stays_with_the_next_model(client: TestClient, registry: Registry) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chosen = other_than(client, "u")
    answer = client.put("/users/u/persona", json={"persona_id": chosen})
    assert (answer.json()["persona"]["id"], answer.json()["manual"]) == (chosen, True)
    version = write_small_model(registry.root, seed=1).name
    client.post(f"/models/{version}/activate", json={"reason": "try"})
    body = client.get("/users/u/persona").json()
    assert (body["persona"]["id"], body["manual"], body["model_version"]) == (chosen, True, version)
    change, _first = client.get("/users/u/persona/changes").json()["items"]
    assert (change["cause"], change["to_persona_id"]) == ("MANUAL", chosen)


def write_model_without(registry: Registry, persona_id: str) -> str:
    """A model that has another persona in place of one; its version."""
    personas = tuple(
        persona.model_copy(update={"id": "p_9"}) if persona.id == persona_id else persona
        for persona in small_personas()
    )
    model = SegmentModel(small_manifest(2).version, small_scorer(2), personas)
    golden = golden_predictions(model, Profile, 2)
    return write_small_model(registry.root, seed=2, personas=personas, golden=golden).name


@pytest.mark.parametrize("read_between", [True, False], ids=["read", "not read"])
def test_chosen_persona_outlives_a_model_that_does_not_have_it(
    client: TestClient, store: MemoryStore, registry: Registry, read_between: bool
) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chosen, first = other_than(client, "u"), registry.required()
    client.put("/users/u/persona", json={"persona_id": chosen})
    trial = write_model_without(registry, chosen)
    client.post(f"/models/{trial}/activate", json={"reason": "try"})
    if read_between:
        body = client.get("/users/u/persona").json()
        assert body["model_version"] == trial
        assert (body["persona"]["id"] != chosen, body["manual"]) == (True, False)
    client.post(f"/models/{first}/activate", json={"reason": "back"})
    body = client.get("/users/u/persona").json()
    assert (body["persona"]["id"], body["manual"], body["model_version"]) == (chosen, True, first)


def test_choice_that_a_trial_does_not_have_ends_when_it_is_released(
    client: TestClient, registry: Registry
) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chosen, first = other_than(client, "u"), registry.required()
    client.put("/users/u/persona", json={"persona_id": chosen})
    trial = write_model_without(registry, chosen)
    client.post(f"/models/{trial}/activate", json={"reason": "try"})
    client.delete("/users/u/persona")
    client.post(f"/models/{first}/activate", json={"reason": "back"})
    assert client.get("/users/u/persona").json()["manual"] is False


@pytest.mark.parametrize("path", ["/users/u/persona", "/users:export", "/personas/p_0/users"])
def test_worker_that_lags_behind_leaves_the_assignments_of_others(
    settings: Settings, registry: Registry, store: MemoryStore, path: str
) -> None:
    late = create_app(settings.model_copy(update={"model_poll_seconds": 60.0}), store=store)
    with TestClient(late) as client:
        client.put("/users/u/profile", json={"age": 30})
        user = store.users.get("u")
        assert user is not None
        assert user.assignment is not None
        assert client.get(path).status_code == 200
        registry.activate(write_small_model(registry.root, seed=1).name)
        by_another = replace(user.assignment, persona_id="p_0", model_version=registry.required())
        store.users.put("u", '{"age": 30}', user.profile_updated_at, by_another)
        assert client.get(path).status_code == 200
        assert client.get("/users/u/persona").json()["model_version"] == user.assignment.model_version
    after = store.users.get("u")
    assert after is not None
    assert after.assignment == by_another


def test_chosen_persona_of_an_empty_profile_is_no_fallback(client: TestClient) -> None:
    client.put("/users/u/profile", json={})
    assert client.get("/users/u/persona").json()["status"] == "FALLBACK"
    chosen = client.put("/users/u/persona", json={"persona_id": other_than(client, "u")}).json()
    assert (chosen["status"], chosen["basis"], chosen["manual"]) == ("PRESENT", "FALLBACK", True)
    # What to offer goes by the probabilities, which know of no choice.
    assert client.get("/users/u/affinities").json()["status"] == "FALLBACK"


def test_chosen_persona_has_its_own_confidence_and_nothing_of_the_models_persona(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chances = client.post("/segment", json={"age": 30}).json()["probabilities"]
    chosen = other_than(client, "u")
    client.put("/users/u/persona", json={"persona_id": chosen})
    body = client.get("/users/u/persona").json()
    assert body["confidence"] == pytest.approx(chances[chosen])
    assert [body[name] for name in ("runner_up", "margin", "typicality", "is_outlier")] == [None] * 4
    (item,) = client.post("/users/personas:batchGet", json={"user_ids": ["u"]}).json()["items"]
    assert (item["persona"]["id"], item["confidence"]) == (chosen, pytest.approx(chances[chosen]))


def test_choice_ends_with_the_profile_or_when_it_is_released(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30})
    own = client.get("/users/u/persona").json()["persona"]["id"]
    chosen = other_than(client, "u")
    client.put("/users/u/persona", json={"persona_id": chosen})
    released = client.delete("/users/u/persona").json()
    assert (released["persona"]["id"], released["manual"]) == (own, False)
    client.put("/users/u/persona", json={"persona_id": chosen})
    client.put("/users/u/profile", json={"age": 30})
    assert client.get("/users/u/persona").json()["persona"]["id"] == own
    causes = [item["cause"] for item in client.get("/users/u/persona/changes").json()["items"]]
    assert causes == ["PROFILE_CHANGED", "MANUAL", "MANUAL", "MANUAL", "PROFILE_CHANGED"]


def test_changes_are_listed_page_by_page(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30})
    own = client.get("/users/u/persona").json()["persona"]["id"]
    for chosen in (other_than(client, "u"), own) * 2:
        client.put("/users/u/persona", json={"persona_id": chosen})
    whole = client.get("/users/u/persona/changes").json()["items"]
    first = client.get("/users/u/persona/changes?limit=3").json()
    rest = client.get("/users/u/persona/changes", params={"cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == whole
    assert len(whole) == 5


def test_missing_user_and_missing_persona_are_not_found(client: TestClient) -> None:
    assert_problem(client.put("/users/x/persona", json={"persona_id": "p_0"}), 404, "user-not-found")
    assert_problem(client.get("/users/x/persona/changes"), 404, "user-not-found")
    client.put("/users/u/profile", json={})
    assert_problem(client.put("/users/u/persona", json={"persona_id": "p_9"}), 404, "persona-not-found")
    answer = client.get("/users/u/persona/changes?cursor=xx")
    assert_problem(answer, 422, "unusable-cursor")


def choose_in_turn(client: TestClient, user_id: str, times: int) -> None:
    client.put(f"/users/{user_id}/profile", json={"age": 30})
    for _ in range(times):
        chosen = other_than(client, user_id)
        client.put(f"/users/{user_id}/persona", json={"persona_id": chosen}).raise_for_status()


def test_page_of_changes_whose_begin_is_removed_as_too_old_is_gone(client: TestClient, store: MemoryStore) -> None:
    choose_in_turn(client, "u", 5)
    whole = client.get("/users/u/persona/changes").json()["items"]
    first = client.get("/users/u/persona/changes?limit=2").json()
    after = {"cursor": first["next_cursor"]}
    assert store.personas.remove_changes(-1.0, 1) == 1
    rest = client.get("/users/u/persona/changes", params=after).json()
    assert ([*first["items"], *rest["items"]], rest["next_cursor"]) == (whole[:-1], None)
    assert store.personas.remove_changes(-1.0, 100) == 4
    response = client.get("/users/u/persona/changes", params=after)
    assert "without a cursor" in assert_problem(response, 410, "expired-cursor")["detail"]
    assert client.get("/users/u/persona/changes").json()["items"] == whole[:1]


def test_cursor_of_another_user_is_gone(client: TestClient) -> None:
    for user_id in ("u", "other"):
        choose_in_turn(client, user_id, 3)
    cursor = client.get("/users/other/persona/changes?limit=1").json()["next_cursor"]
    assert_problem(client.get("/users/u/persona/changes", params={"cursor": cursor}), 410, "expired-cursor")
