"""The affinities of a user: those of the personas, by the user's probabilities."""

import pytest
from starlette.testclient import TestClient

from service.store.memory.store import MemoryStore
from tests.support.problems import assert_problem


def test_affinities_are_weighted_by_the_probabilities_of_the_profile(client: TestClient) -> None:
    profile = {"age": 30}
    client.put("/users/u/profile", json=profile).raise_for_status()
    body = client.get("/users/u/affinities").json()
    assert body["probabilities"] == client.post("/segment", json=profile).json()["probabilities"]
    assert body["status"] == "PRESENT"
    shares = {
        persona_id: {item["value"]: item["share"] for item in items["items"]}
        for persona_id in body["probabilities"]
        if (items := client.get(f"/personas/{persona_id}/affinities").json())
    }
    for item in body["items"]:
        if all(item["value"] in share for share in shares.values()):
            mean = sum(weight * shares[key][item["value"]] for key, weight in body["probabilities"].items())
            assert item["share"] == pytest.approx(mean, abs=2e-3)


def test_affinities_of_recipients_are_weighted_by_their_mean(client: TestClient) -> None:
    client.put("/users/u/recipients/a/profile", json={"age": 20}).raise_for_status()
    client.put("/users/u/recipients/b/profile", json={"age": 70}).raise_for_status()
    one, other = (client.post("/segment", json={"age": age}).json()["probabilities"] for age in (20, 70))
    weights = client.get("/users/u/affinities").json()["probabilities"]
    assert weights == pytest.approx({key: (one[key] + other[key]) / 2 for key in one})


def test_stranger_has_the_affinities_of_an_empty_profile_where_asked_for(client: TestClient) -> None:
    assert_problem(client.get("/users/nobody/affinities"), 404, "user-not-found")
    body = client.get("/users/nobody/affinities?fallback=true").json()
    assert body["status"] == "FALLBACK"
    assert body["probabilities"] == client.post("/segment", json={}).json()["probabilities"]


def test_objector_has_no_affinities(client: TestClient, store: MemoryStore) -> None:
    client.put("/users/u/profile", json={"age": 30}).raise_for_status()
    user = store.users.get("u")
    assert user is not None
    store.users.opt_out("u", user.profile_updated_at)
    assert_problem(client.get("/users/u/affinities"), 409, "user-opted-out")


def test_batch_has_the_gifts_of_each_persona_where_asked_for(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30}).raise_for_status()
    request = {"user_ids": ["u", "nobody"]}
    item, stranger = client.post("/users/personas:batchGet?include=affinities", json=request).json()["items"]
    gifts = client.get(f"/personas/{item['persona']['id']}/affinities").json()["items"][:5]
    assert item["affinities"] == [
        {"category": gift["value"], "share": gift["share"], "lift": gift["lift"]} for gift in gifts
    ]
    assert stranger["affinities"] is None
    plain, _ = client.post("/users/personas:batchGet", json=request).json()["items"]
    assert plain["affinities"] is None
