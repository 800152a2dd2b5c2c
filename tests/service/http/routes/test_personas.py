"""GET /personas, /personas/{id} and /vocabulary."""

from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.registry import Registry
from service.app import create_app
from service.paging import encode_cursor
from service.settings import Settings
from service.store.memory.feed import MemoryFeed
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from testkit.small_model import GIVER_TEXTS, copy_old_model, small_personas, write_small_model
from testkit.small_scorer import KNOWN
from testkit.waiting import eventually
from tests.support.problems import assert_problem


def test_catalogue_lists_every_persona_largest_first(client: TestClient) -> None:
    page = client.get("/personas").json()
    assert [item["name"] for item in page["items"]] == [p.name for p in small_personas()]
    assert page["items"][0]["traits"]
    assert page["items"][0]["gift_affinities"]
    assert page["simulated"] is True
    assert page["next_cursor"] is None


class AwayFeed(MemoryFeed):
    """Has no counts to give, as a database that is away."""

    def users_by_persona(self) -> Mapping[str, int]:
        raise StoreUnavailable("The database does not respond.")


def test_catalogue_counts_the_stored_users(client: TestClient) -> None:
    persona_id = client.put("/users/u/profile", json={"age": 30}).json()["persona"]["id"]
    counts = {item["id"]: item["users"] for item in client.get("/personas").json()["items"]}
    assert counts == {"p_0": 0, "p_1": 0, "p_2": 0} | {persona_id: 1}


def test_catalogue_needs_no_store(settings: Settings, registry: Registry) -> None:
    assert registry.required()
    with TestClient(create_app(settings, store=MemoryStore(users=MemoryUsers(feed=AwayFeed())))) as client:
        response = client.get("/personas")
    assert response.status_code == 200
    assert [item["users"] for item in response.json()["items"]] == [None] * 3


def test_catalogue_is_there_while_too_many_wait_for_the_store(app: FastAPI, client: TestClient) -> None:
    app.state.services.store_bulkhead.in_use = app.state.services.settings.max_store_requests
    assert_problem(client.get("/users/u/affinities"), 503, "overloaded")
    assert [item["users"] for item in client.get("/personas").json()["items"]] == [None] * 3


def test_sentences_speak_to_an_analyst_unless_asked_to_speak_to_the_giver(client: TestClient) -> None:
    own, to_giver = (client.get(f"/personas{query}").json()["items"][0] for query in ("", "?voice=giver"))
    assert own == client.get("/personas?voice=analyst").json()["items"][0]
    assert client.get("/personas/p_0").json().items() <= own.items()
    assert client.get("/personas/p_0?voice=giver").json().items() <= to_giver.items()
    assert (to_giver["sentence"], to_giver["traits"][0]["sentence"]) == (GIVER_TEXTS.sentence, *GIVER_TEXTS.traits)
    assert own["sentence"] == small_personas()[0].sentence
    assert {**to_giver, "sentence": own["sentence"], "traits": own["traits"]} == own


def test_model_without_voices_has_one_wording(settings: Settings) -> None:
    registry = Registry(settings.artifacts_dir)
    registry.activate(copy_old_model(registry.root, 2).name)
    with TestClient(create_app(settings, store=MemoryStore())) as client:
        assert client.get("/personas?voice=giver").json() == client.get("/personas").json()


def test_pages_list_every_persona_once(client: TestClient) -> None:
    ids, cursor = [], None
    while True:
        page = client.get("/personas", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2})
        ids += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert ids == ["p_0", "p_1", "p_2"]


def test_cursor_of_another_model_is_refused(client: TestClient, registry: Registry) -> None:
    cursor = client.get("/personas?limit=1").json()["next_cursor"]
    newer = write_small_model(registry.root, seed=1).name
    registry.activate(newer)
    eventually(lambda: client.get("/personas").json()["model_version"] == newer)
    response = client.get("/personas", params={"cursor": cursor})
    assert "first page" in assert_problem(response, 422, "stale-cursor")["detail"]


@pytest.mark.parametrize("position", ["", "-1", "1.0", "²", "٣"])
def test_cursor_without_a_position_is_refused(client: TestClient, registry: Registry, position: str) -> None:
    cursor = encode_cursor(str(registry.active()), position)
    assert_problem(client.get("/personas", params={"cursor": cursor}), 422, "unusable-cursor")


def test_forged_cursor_is_refused(client: TestClient) -> None:
    for cursor in ("x", "%00", "W10", "é", "!!!!", "WzEsMl0", "bnVsbA"):
        assert_problem(client.get("/personas", params={"cursor": cursor}), 422, "unusable-cursor")


def test_limit_out_of_range_is_refused(client: TestClient) -> None:
    for limit in ("0", "1001", "-1", "x", "1" * 5_000, ""):
        response = client.get("/personas", params={"limit": limit})
        problem = assert_problem(response, 422, "invalid-request")
        assert problem["errors"][0]["place"] == "query"
        assert problem["errors"][0]["pointer"] == "/limit"


def test_persona_equals_its_entry_in_the_catalogue(client: TestClient) -> None:
    (first, *_) = client.get("/personas").json()["items"]
    # Whose ETag guards edits: it must not change with every user.
    in_catalogue = {name: value for name, value in first.items() if name != "users"}
    assert client.get(f"/personas/{first['id']}").json() == in_catalogue


def test_unknown_persona_is_not_found(client: TestClient) -> None:
    assert_problem(client.get("/personas/p_99"), 404, "persona-not-found")


def test_current_representation_gets_304(client: TestClient) -> None:
    for path in ("/personas", "/personas/p_1", "/vocabulary"):
        tag = client.get(path).headers["etag"]
        assert tag.startswith('"')
        for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            response = client.get(path, headers={"If-None-Match": header})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == tag
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_each_page_has_its_own_etag(client: TestClient) -> None:
    assert client.get("/personas").headers["etag"] != client.get("/personas?limit=1").headers["etag"]


def test_vocabulary_has_every_field_of_the_profile(client: TestClient) -> None:
    fields = {field["name"]: field for field in client.get("/vocabulary").json()["fields"]}
    assert list(fields) == list(Profile.model_fields)
    assert fields["hobbies"]["values"] == list(KNOWN)
    assert fields["hobbies"]["max_items"] == 200
    assert fields["budget_range"]["levels"] == ["low", "medium", "high"]
    assert (fields["age"]["minimum"], fields["age"]["maximum"]) == (13, 120)
    assert all(field["description"] and field["title"] for field in fields.values())
    assert [fields[name]["about"] for name in ("age", "recipient_age", "occasion")] == [
        "giver",
        "recipient",
        "gift",
    ]


# --- affinities ------------------------------------------------------------------------------------


def test_affinities_are_those_of_the_gift_fields_unless_a_field_is_named(client: TestClient) -> None:
    gifts = client.get("/personas/p_0/affinities").json()
    assert (gifts["field"], gifts["by"], gifts["withheld"]) == (None, None, 1)
    assert {item["value"] for item in gifts["items"]} == {"value_1", "value_2"}
    stores = client.get("/personas/p_0/affinities?field=store_preference").json()
    assert {item["value"]: item["n"] for item in stores["items"]} == {"online": 40, "shop": 160}
    assert {item["lift"] for item in stores["items"]} == {1.0}
    crossed = client.get("/personas/p_0/affinities?field=store_preference&by=last_gift_category").json()
    assert [(item["value"], item["by_value"]) for item in crossed["items"]] == [
        ("shop", "value_1"),
        ("online", "value_1"),
    ]


def test_affinities_have_a_tag_of_their_own(client: TestClient) -> None:
    response = client.get("/personas/p_0/affinities")
    again = client.get("/personas/p_0/affinities", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/personas/p_0/affinities?field=age").headers["etag"] != response.headers["etag"]


def test_affinities_that_there_are_not(client: TestClient) -> None:
    assert_problem(client.get("/personas/p_9/affinities"), 404, "persona-not-found")
    problem = assert_problem(client.get("/personas/p_0/affinities?field=hobbies"), 422, "no-such-affinities")
    assert "age, store_preference" in problem["detail"]


def test_model_of_before_has_no_affinities(app: FastAPI, settings: Settings) -> None:
    registry = Registry(settings.artifacts_dir)
    registry.activate(copy_old_model(registry.root, 1).name)
    with TestClient(app) as client:
        (persona, *_) = client.get("/personas").json()["items"]
        response = client.get(f"/personas/{persona['id']}/affinities")
        assert "Train again" in assert_problem(response, 409, "affinities-not-counted")["detail"]
