"""A giver's recipients: completed profiles, and the persona by the mean of their probabilities."""

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.registry import Registry
from service.store.memory.store import MemoryStore
from service.users.representatives import representatives
from service.users.stored_assignment import completed
from tests.support.problems import assert_problem

OLD, YOUNG = {"age": 70}, {"age": 20}


def put(client: TestClient, recipient_id: str, profile: object, user_id: str = "u") -> dict[str, object]:
    response = client.put(f"/users/{user_id}/recipients/{recipient_id}/profile", json=profile)
    assert response.status_code in (200, 201), response.text
    body: dict[str, object] = response.json()
    return body


def persona(client: TestClient, user_id: str = "u") -> dict[str, object]:
    body: dict[str, object] = client.get(f"/users/{user_id}/persona").json()
    return body


def test_recipient_is_completed_with_what_the_giver_said_of_themselves() -> None:
    own = Profile(age=30, occupation="nurse", hobbies=("gaming",), occasion="birthday")
    whole = completed(Profile(relationship="mother", occupation="teacher"), own)
    assert whole == Profile(relationship="mother", occupation="teacher", age=30)
    assert completed(Profile(recipient_age=58), None) == Profile(recipient_age=58)


def test_recipients_are_counted_with_the_unknown_values_that_they_bring(client: TestClient) -> None:
    client.put("/users/u/profile", json={"occupation": "dragon tamer"})
    put(client, "r", {"hobbies": ["underwater chess"]})
    text = client.get("/metrics").text
    assert 'segments_profiles_assigned_total{way="recipient"} 1.0' in text
    assert 'segments_unknown_values_total{field="occupation"} 1.0' in text
    assert 'segments_unknown_values_total{field="hobbies"} 1.0' in text


def test_persona_of_recipients_is_that_of_the_mean_of_probabilities(client: TestClient) -> None:
    profiles = [{"age": 20}, {"age": 45, "occasion": "birthday"}, {"age": 70}]
    shares = [client.post("/segment", json=profile).json()["probabilities"] for profile in profiles]
    put(client, "a", profiles[0])
    put(client, "b", profiles[1])
    client.put("/users/u/profile", json=profiles[2]).raise_for_status()
    body = persona(client)
    mean = {key: sum(share[key] for share in shares) / 3 for key in shares[0]}
    best = max(mean, key=mean.__getitem__)
    assert (body["basis"], body["recipients"], body["status"]) == ("RECIPIENTS", ["a", "b"], "PRESENT")
    assert body["persona"] == {"id": best, "name": client.get(f"/personas/{best}").json()["name"]}
    assert body["confidence"] == pytest.approx(mean[best])


def test_recipient_has_a_persona_of_their_own(client: TestClient) -> None:
    put(client, "mum", {"occasion": "birthday"})
    client.put("/users/u/profile", json=OLD).raise_for_status()
    expected = client.post("/segment", json={**OLD, "occasion": "birthday"}).json()
    assert client.get("/users/u/recipients/mum/persona").json()["assignment"] == expected


def test_recipients_are_listed_page_by_page_and_removed(client: TestClient) -> None:
    for recipient_id in ("c", "a", "b%2Fb"):
        put(client, recipient_id, YOUNG)
    first = client.get("/users/u/recipients?limit=2").json()
    rest = client.get("/users/u/recipients", params={"cursor": first["next_cursor"]}).json()
    assert [item["recipient_id"] for item in [*first["items"], *rest["items"]]] == ["a", "b/b", "c"]
    assert client.delete("/users/u/recipients/b%2Fb/profile").status_code == 204
    assert_problem(client.delete("/users/u/recipients/b%2Fb/profile"), 404, "recipient-not-found")
    assert persona(client)["recipients"] == ["a", "c"]


def test_profile_of_a_recipient_is_returned_as_it_was_sent(client: TestClient) -> None:
    put(client, "a", {"hobbies": ["Board  Games"], "recipient_age": 58})
    body = client.get("/users/u/recipients/a/profile").json()
    assert (body["profile"]["hobbies"], body["profile"]["recipient_age"]) == (["Board  Games"], 58)
    assert body["revision"] == 1


def test_user_goes_with_the_last_recipient_unless_something_is_left(client: TestClient) -> None:
    put(client, "a", YOUNG)
    client.delete("/users/u/recipients/a/profile")
    assert_problem(client.get("/users/u/persona"), 404, "user-not-found")
    put(client, "a", YOUNG)
    client.put("/users/u/profile", json=OLD)
    client.delete("/users/u/recipients/a/profile")
    assert persona(client)["basis"] == "OWN_PROFILE"


def test_missing_users_and_recipients_are_not_found(client: TestClient) -> None:
    assert_problem(client.get("/users/x/recipients"), 404, "user-not-found")
    client.put("/users/u/profile", json=OLD)
    assert client.get("/users/u/recipients").json()["items"] == []
    assert_problem(client.get("/users/u/recipients/a/profile"), 404, "recipient-not-found")
    assert_problem(client.get("/users/u/recipients/a/persona"), 404, "recipient-not-found")


def test_recipients_without_an_answer_are_a_fallback(client: TestClient) -> None:
    put(client, "a", {})
    put(client, "b", {"hobbies": ["something that no model knows"]})
    body = persona(client)
    assert (body["basis"], body["status"]) == ("FALLBACK", "FALLBACK")


def test_user_with_too_many_recipients_is_refused_another(client: TestClient, store: MemoryStore) -> None:
    for number in range(200):
        store.users.put_recipient("u", f"{number}", "{}", datetime.now(UTC))
    response = client.put("/users/u/recipients/one-more/profile", json={})
    assert_problem(response, 409, "too-many-recipients")


def test_choice_by_hand_stands_until_a_recipient_changes(client: TestClient) -> None:
    put(client, "a", YOUNG)
    own = persona(client)["persona"]
    others = [item["id"] for item in client.get("/personas").json()["items"] if {"id": item["id"]} != own]
    chosen = next(one for one in others if isinstance(own, dict) and one != own["id"])
    client.put("/users/u/persona", json={"persona_id": chosen}).raise_for_status()
    assert (persona(client)["manual"], persona(client)["recipients"]) == (True, ["a"])
    put(client, "a", YOUNG)
    assert (persona(client)["manual"], persona(client)["persona"]) == (False, own)


def test_giver_counts_once_in_training_by_a_profile_that_the_seed_draws(
    client: TestClient, store: MemoryStore
) -> None:
    for number in range(40):
        user_id = f"u{number}"
        client.put(f"/users/{user_id}/profile", json={"age": 30})
        put(client, "a", {"occasion": "birthday"}, user_id)
        put(client, "b", {"occasion": "wedding"}, user_id)
    client.put("/users/objector/profile", json={"age": 30})
    store.users.opt_out("objector", datetime.now(UTC))
    drawn = {seed: [text for batch in representatives(store.users, 7, seed) for text in batch] for seed in (0, 1)}
    assert {len(texts) for texts in drawn.values()} == {40}
    assert drawn[0] != drawn[1]
    assert [text for batch in representatives(store.users, 1_000, 0) for text in batch] == drawn[0]
    kinds = {'{"age":30}', '{"age":30,"occasion":"birthday"}', '{"age":30,"occasion":"wedding"}'}
    assert set(drawn[0]) == kinds


def test_users_persona_follows_the_next_model(client: TestClient, registry: Registry) -> None:
    put(client, "a", YOUNG)
    assert persona(client)["model_version"] == registry.active()
