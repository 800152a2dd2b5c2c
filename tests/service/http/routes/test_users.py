"""PUT /users/{id}/profile, GET /users/{id}/persona and POST /users/personas:batchGet."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.registry import Registry
from service.app import create_app
from service.http.responses import to_json
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.personas import ChangeCause
from service.store.ports.users import AssignmentUpdate, StoredUser
from service.users.personas import Reading, get_personas_nowait
from service.users.stored_assignment import read_profile
from testkit.small_model import copy_old_model, write_small_model
from testkit.waiting import eventually
from tests.support.problems import assert_problem

READING = Reading(datetime.now(UTC))


class ReadOnlyAssignments(MemoryUsers):
    """Stores profiles, and no renewed assignments."""

    def update_assignments(
        self,
        updates: Sequence[AssignmentUpdate],
        cause: ChangeCause = ChangeCause.MODEL_CHANGED,
        seconds: float | None = None,
    ) -> int:
        raise StoreUnavailable("The database does not answer.")


def activate_another(client: TestClient, registry: Registry) -> str:
    """Activate a second model, and wait until the service uses it."""
    version = write_small_model(registry.root, seed=3).name
    registry.activate(version)
    eventually(lambda: client.get("/personas").json()["model_version"] == version)
    return version


def stored(store: MemoryStore, user_id: str) -> StoredUser:
    user = store.users.get(user_id)
    assert user is not None
    return user


def test_profile_is_stored_and_assigned(client: TestClient) -> None:
    response = client.put("/users/u-1/profile", json={"age": 30})
    assert response.status_code == 201
    assert response.json()["revision"] == 1
    assert response.json()["persona"] == client.post("/segment", json={"age": 30}).json()["persona"]


def test_second_profile_replaces_the_first(client: TestClient, store: MemoryStore) -> None:
    client.put("/users/u-1/profile", json={"age": 30})
    response = client.put("/users/u-1/profile", json={"age": 31})
    assert (response.status_code, response.json()["revision"]) == (200, 2)
    assert stored(store, "u-1").profile_json == '{"age":31}'


def test_profile_is_stored_as_it_was_sent(client: TestClient, store: MemoryStore) -> None:
    sent = {"hobbies": ["Board Games", "b"], "age": None, "occupation": "nul: \u0000, ü, 🎁"}
    client.put("/users/u-1/profile", json=sent)
    assert json.loads(stored(store, "u-1").profile_json or "") == sent


def test_profile_is_stored_without_a_model(modelless: TestClient) -> None:
    response = modelless.put("/users/u-1/profile", json={"age": 30})
    assert (response.status_code, response.json()["persona"]) == (201, None)
    assert response.json()["warnings"][0]["code"] == "NO_MODEL"
    assert_problem(modelless.get("/users/u-1/persona"), 503, "no-model")


def test_persona_of_a_user_has_the_confidence_of_the_profile(client: TestClient) -> None:
    sent = {"age": 30, "hobbies": ["value_1"]}
    put = client.put("/users/u-1/profile", json=sent).json()
    segmented = client.post("/segment", json=sent).json()
    names = ("confidence", "runner_up", "margin", "typicality", "is_outlier")
    response = client.get("/users/u-1/persona").json()
    assert (
        [response[name] for name in names] == [put[name] for name in names] == [segmented[name] for name in names]
    )
    assert put["probabilities"] == segmented["probabilities"]
    [item, _] = client.post("/users/personas:batchGet", json={"user_ids": ["u-1", "nobody"]}).json()["items"]
    assert item["confidence"] == segmented["confidence"]


def test_persona_of_a_user_is_the_assigned_one(client: TestClient) -> None:
    put = client.put("/users/u-1/profile", json={"age": 30}).json()
    response = client.get("/users/u-1/persona")
    assert response.status_code == 200
    assert response.json()["persona"] == put["persona"]
    assert response.json()["revision"] == 1


def test_user_without_a_profile_is_not_found(client: TestClient) -> None:
    assert "PUT" in assert_problem(client.get("/users/u-9/persona"), 404, "user-not-found")["detail"]


def test_assignment_by_an_older_model_is_renewed_and_stored(
    client: TestClient, registry: Registry, store: MemoryStore
) -> None:
    client.put("/users/u-1/profile", json={"age": 30, "hobbies": ["value_1"]})
    version = activate_another(client, registry)
    response = client.get("/users/u-1/persona").json()
    model = registry.load(version, Profile).model
    assert response["model_version"] == version
    assert response["persona"]["id"] == model.assign(Profile(age=30, hobbies=("value_1",))).persona.id
    assignment = stored(store, "u-1").assignment
    assert assignment is not None
    assert assignment.model_version == version


def test_renewed_assignment_is_returned_even_if_it_cannot_be_stored(
    settings: Settings, registry: Registry
) -> None:
    with TestClient(create_app(settings, store=MemoryStore(users=ReadOnlyAssignments()))) as client:
        client.put("/users/u-1/profile", json={})
        version = activate_another(client, registry)
        assert client.get("/users/u-1/persona").json()["model_version"] == version


class CountingUsers(MemoryUsers):
    """Counts how often whole users are read, and assignments written."""

    read = 0
    written = 0

    def get_many(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        self.read += len(user_ids)
        return super().get_many(user_ids)

    def update_assignments(
        self,
        updates: Sequence[AssignmentUpdate],
        cause: ChangeCause = ChangeCause.MODEL_CHANGED,
        seconds: float | None = None,
    ) -> int:
        self.written += len(updates)
        return super().update_assignments(updates, cause, seconds)


def remove_confidence(store: MemoryStore, user_id: str) -> None:
    """Remove from a user's assignment what older versions did not store."""
    user = stored(store, user_id)
    assert user.assignment is not None
    bare = replace(user.assignment, confidence=None, runner_up_id=None, margin=None, typicality=None)
    store.users._users[user_id] = replace(user, assignment=bare)


def test_current_assignment_is_read_without_the_profile(settings: Settings, registry: Registry) -> None:
    users = CountingUsers()
    store = MemoryStore(users=users)
    with TestClient(create_app(settings, store=store)) as client:
        client.put("/users/u/profile", json={"age": 30})
        client.get("/users/u/persona")
        client.post("/users/personas:batchGet", json={"user_ids": ["u"]})
    assert (users.read, users.written) == (0, 0)


def test_assignment_stored_without_its_confidence_is_renewed_once(settings: Settings, registry: Registry) -> None:
    users = CountingUsers()
    store = MemoryStore(users=users)
    with TestClient(create_app(settings, store=store)) as client:
        client.put("/users/u/profile", json={"age": 30})
        whole = stored(store, "u").assignment
        before = client.get("/users/u/persona").json()
        remove_confidence(store, "u")
        again = [client.get("/users/u/persona").json() for _ in range(2)]
        assert again[0] == again[1] == {**before, "assigned_at": again[0]["assigned_at"]}
        assert len(client.get("/users/u/persona/changes").json()["items"]) == 1
    made = stored(store, "u").assignment
    assert made is not None
    assert whole is not None
    assert replace(made, assigned_at=whole.assigned_at) == whole
    assert users.written == 1


def test_assignment_by_a_model_without_confidence_is_not_renewed(settings: Settings) -> None:
    registry, users = Registry(settings.artifacts_dir), CountingUsers()
    registry.activate(copy_old_model(registry.root, 1).name)
    with TestClient(create_app(settings, store=MemoryStore(users=users))) as client:
        client.put("/users/u/profile", json={"age": 30})
        assert client.get("/users/u/persona").json()["confidence"] is None
    assert users.written == 0


def test_choice_stored_without_its_confidence_stays_a_choice(client: TestClient, store: MemoryStore) -> None:
    client.put("/users/u/profile", json={"age": 30})
    own = client.get("/users/u/persona").json()["persona"]["id"]
    chosen = next(persona["id"] for persona in client.get("/personas").json()["items"] if persona["id"] != own)
    response = client.put("/users/u/persona", json={"persona_id": chosen}).json()
    remove_confidence(store, "u")
    again = client.get("/users/u/persona").json()
    assert again == {**response, "assigned_at": again["assigned_at"]}


def test_non_blocking_read_has_current_assignments_alone(
    client: TestClient, registry: Registry, store: MemoryStore
) -> None:
    client.put("/users/u/profile", json={"age": 30})
    response = client.get("/users/u/persona").json()
    loaded = registry.load(registry.active() or "", Profile)
    now = get_personas_nowait(store.users, loaded, ["u", "nobody"], READING)
    assert {name: json.loads(to_json(persona)) for name, persona in now.items()} == {"u": response}
    remove_confidence(store, "u")
    assert get_personas_nowait(store.users, loaded, ["u"], READING) == {}


def test_batch_of_users_is_in_the_order_of_the_request(client: TestClient) -> None:
    for user_id in ("a", "b"):
        client.put(f"/users/{user_id}/profile", json={"age": 30})
    response = client.post("/users/personas:batchGet", json={"user_ids": ["b", "x", "a", "b"]})
    items = response.json()["items"]
    assert [(item["user_id"], item["status"]) for item in items] == [
        ("b", "PRESENT"),
        ("x", "NOT_FOUND"),
        ("a", "PRESENT"),
        ("b", "PRESENT"),
    ]
    assert items[1]["persona"] is None
    assert items[0] == items[3]


def test_batch_of_users_is_by_the_active_model_alone(client: TestClient, registry: Registry) -> None:
    for number in range(20):
        client.put(f"/users/u{number}/profile", json={"age": 20 + number})
    version = activate_another(client, registry)
    ids = [f"u{number}" for number in range(20)]
    response = client.post("/users/personas:batchGet", json={"user_ids": ids}).json()
    singles = [client.get(f"/users/{user_id}/persona").json()["persona"] for user_id in ids]
    assert response["model_version"] == version
    assert [item["persona"] for item in response["items"]] == singles


@pytest.mark.parametrize(
    ("user_id", "fault"),
    [
        ("%00", "Character 1 is U+0000, a control character; ids hold none."),
        ("abc%09", "Character 4 is U+0009, a control character; ids hold none."),
        ("a%2Fb%C2%85", "Character 4 is U+0085, a control character; ids hold none."),
        ("a" * 257, "user_id has at most 256 characters."),
    ],
)
def test_user_id_that_cannot_be_one_is_refused_with_the_reason(
    client: TestClient, user_id: str, fault: str
) -> None:
    for response in (client.get(f"/users/{user_id}/persona"), client.put(f"/users/{user_id}/profile", json={})):
        (error,) = assert_problem(response, 422, "invalid-request")["errors"]
        assert (error["place"], error["pointer"], error["detail"]) == ("path", "/user_id", fault)


# Those of Auth0, Firebase, Shopify (two), telephone numbers, and what nobody expects.
REAL_IDS = (
    *("u-1", "auth0|64f0", "-MxAbc", "gid://shop/Customer/731", "Z2lkOi8vc2hv==", "U2hv==", "+4915123456", "_x1"),
    *(
        "_a/b",
        "_a%2Fb",
        "_a%252Fb",
        "%",
        "%%",
        "100%25",
        "/",
        "//",
        "a b",
        " ",
        "é",
        "e\u0301",
        "שלום",
        "\u202ex",
        "💡" * 256,
    ),
    *("a;b,c", "?", "#", "&=", "..x", "personas:batchGet", "\ufffd", "\ufeff", "\U000e0001"),
)


def assert_round_trip(client: TestClient, user_id: str) -> None:
    """The user is stored by path, and found by path and in a body."""
    for encoded in (quote(user_id, safe="+:@|="), "".join(f"%{byte:02x}" for byte in user_id.encode())):
        stored = client.put(f"/users/{encoded}/profile", json={"age": 30})
        assert (stored.status_code, stored.json()["user_id"]) in ((201, user_id), (200, user_id))
        single = client.get(f"/users/{encoded}/persona")
        assert (single.status_code, single.json()["user_id"]) == (200, user_id)
        assert client.head(f"/users/{encoded}/persona").status_code == 200
    (item,) = client.post("/users/personas:batchGet", json={"user_ids": [user_id]}).json()["items"]
    assert (item["user_id"], item["persona"]) == (user_id, single.json()["persona"])


@pytest.mark.parametrize("user_id", REAL_IDS)
def test_ids_of_real_systems_round_trip(client: TestClient, user_id: str) -> None:
    assert_round_trip(client, user_id)


ANY_ID = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("/%25Ff.+~"), min_size=1, max_size=256
).filter(lambda text: text not in (".", ".."))


@limits(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(user_id=ANY_ID)
def test_any_id_round_trips(client: TestClient, user_id: str) -> None:
    assert_round_trip(client, user_id)


@pytest.mark.parametrize("path", ["/users/%FF/persona", "/users/%C3/persona", "/users/%ED%A0%80/persona", "/%80"])
def test_path_that_is_not_utf_8_is_malformed(client: TestClient, path: str) -> None:
    problem = assert_problem(client.get(path), 400, "malformed-request")
    assert problem["detail"].startswith("The path is not UTF-8")


def test_other_method_and_other_path_with_an_encoded_slash(client: TestClient) -> None:
    response = client.post("/users/gid%3A%2F%2Fa/persona")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"
    assert_problem(client.get("/users/a%2Fpersona"), 404, "user-not-found")


@pytest.mark.parametrize("user_id", ["a b", "é😀", "a?b#c", "100%", "gid://shop/7", "it's:(1)"])
def test_problem_names_the_path_as_a_uri_has_it(client: TestClient, user_id: str) -> None:
    path = f"/users/{quote(user_id, safe=chr(39) + ':()')}/persona"
    assert client.get(path).json()["instance"] == path


def test_log_has_the_route_and_never_the_id(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="service.access")
    client.get("/users/gid%3A%2F%2FshopCustomer/persona")
    (record,) = (record for record in caplog.records if record.name == "service.access")
    assert vars(record)["fields"]["route"] == "/users/{user_id}/persona"
    assert "shopCustomer" not in str(vars(record))


def test_batch_of_users_is_limited_and_its_ids_are_validated(client: TestClient) -> None:
    many = client.post("/users/personas:batchGet", json={"user_ids": ["a"] * 1_001})
    assert_problem(many, 422, "invalid-request")
    wrong = client.post("/users/personas:batchGet", json={"user_ids": ["fine", "not\nfine"]})
    (error,) = assert_problem(wrong, 422, "invalid-request")["errors"]
    assert error["pointer"] == "/user_ids/1"
    assert error["detail"] == "Character 4 is U+000A, a control character; ids hold none."


def test_stored_answer_that_is_no_longer_valid_counts_as_missing() -> None:
    text = '{"age": 300, "hobbies": ["a"], "gone": 1}'
    assert read_profile(text) == Profile(hobbies=("a",))
    assert read_profile("null") == read_profile("[1]") == Profile()
