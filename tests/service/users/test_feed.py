"""The feed of changes over HTTP, the history of sizes, and the members of a persona."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from models.storage.registry import Registry
from service.store.memory.store import MemoryStore
from service.users import members
from testkit.small_model import write_small_model
from testkit.waiting import eventually
from tests.support.problems import assert_problem


def put(client: TestClient, user_id: str, profile: object) -> str:
    body = client.put(f"/users/{user_id}/profile", json=profile).json()
    persona_id: str = body["persona"]["id"]
    return persona_id


def two_profiles(client: TestClient) -> tuple[dict[str, int], dict[str, int]]:
    """Two profiles of different personas."""
    by_persona = {
        client.post("/segment", json={"age": age}).json()["persona"]["id"]: {"age": age} for age in range(13, 91)
    }
    one, other, *_ = by_persona.values()
    return one, other


def test_feed_tells_who_came_who_changed_and_who_went(client: TestClient) -> None:
    one, other = two_profiles(client)
    first, second = put(client, "u", one), put(client, "u", other)
    put(client, "u", other)
    page = client.get("/users/changes").json()
    assert [(item["type"], item["from_persona_id"], item["to_persona_id"]) for item in page["items"]] == [
        ("USER_ADDED", None, first),
        ("PERSONA_CHANGED", first, second),
    ]
    assert not page["has_more"]
    assert client.get("/users/changes", params={"after": page["next_cursor"]}).json()["items"] == []


def test_feed_is_read_on_from_any_cursor(client: TestClient) -> None:
    for number in range(5):
        put(client, f"u{number}", {"age": 30})
    names, cursor = [], None
    while True:
        page = client.get("/users/changes", params={"limit": 2} | ({"after": cursor} if cursor else {})).json()
        names += [item["user_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert names == [f"u{number}" for number in range(5)]


def test_feed_begins_with_what_comes_after_the_latest(client: TestClient) -> None:
    put(client, "old", {"age": 30})
    start = client.get("/users/changes?start=latest").json()
    assert (start["items"], start["has_more"]) == ([], False)
    put(client, "new", {"age": 30})
    page = client.get("/users/changes", params={"after": start["next_cursor"]}).json()
    assert [item["user_id"] for item in page["items"]] == ["new"]


def test_expired_and_foreign_cursors_are_refused(client: TestClient, store: MemoryStore) -> None:
    start = client.get("/users/changes").json()["next_cursor"]
    for number in range(3):
        put(client, f"u{number}", {"age": 30})
    assert store.personas.remove_changes(-1.0, 2) == 2
    body = assert_problem(client.get("/users/changes", params={"after": start}), 410, "expired-cursor")
    assert "GET /users:export" in body["detail"]
    assert [item["user_id"] for item in client.get("/users/changes").json()["items"]] == ["u2"]
    assert_problem(client.get("/users/changes?after=xx"), 422, "unusable-cursor")


def test_new_model_is_one_entry_with_counts(client: TestClient, registry: Registry) -> None:
    for age in range(20, 60):
        put(client, f"u{age}", {"age": age})
    before, start = registry.active(), client.get("/users/changes?start=latest").json()["next_cursor"]
    version = write_small_model(registry.root, seed=3).name
    registry.activate(version)

    def entries() -> list[dict[str, object]]:
        items: list[dict[str, object]] = client.get("/users/changes", params={"after": start}).json()["items"]
        return items

    eventually(lambda: len(entries()) == 1)
    (entry,) = entries()
    assert (entry["type"], entry["user_id"]) == ("MODEL_CHANGED", None)
    assert (entry["from_model_version"], entry["to_model_version"]) == (before, version)
    counts = entry["counts"]
    assert isinstance(counts, list)
    assert sum(pair["users"] for pair in counts) == 40


def test_catalogue_counts_the_stored_users(client: TestClient) -> None:
    one, other = two_profiles(client)
    first, second = put(client, "a", one), put(client, "b", other)
    put(client, "c", other)
    listed = client.get("/personas")
    counts = {item["id"]: item["users"] for item in listed.json()["items"]}
    assert (counts[first], counts[second], sum(counts.values())) == (1, 2, 3)
    assert client.get("/personas", headers={"if-none-match": listed.headers["etag"]}).status_code == 304
    put(client, "d", other)
    assert client.get("/personas", headers={"if-none-match": listed.headers["etag"]}).status_code == 200


def test_history_adds_up_by_cause(client: TestClient) -> None:
    one, other = two_profiles(client)
    first, second = put(client, "a", one), put(client, "b", other)
    put(client, "a", other)
    client.put("/users/b/persona", json={"persona_id": first}).raise_for_status()
    days = client.get("/personas/history").json()["items"]
    assert len(days) == 31
    assert days[0]["personas"] == []
    today = {item["persona_id"]: item for item in days[-1]["personas"]}
    assert (today[first]["users"], today[second]["users"]) == (1, 1)
    assert today[first]["flows"] == [
        {"cause": "MANUAL", "entered": 1, "left": 0},
        {"cause": "PROFILE_CHANGED", "entered": 1, "left": 1},
    ]
    moves = client.get("/personas/movements").json()["items"]
    assert {"from_persona_id": second, "to_persona_id": first, "cause": "MANUAL", "users": 1} in moves
    assert sum(move["users"] for move in moves) == 4


def test_history_of_the_past_begins_with_the_sizes_of_that_day(client: TestClient, store: MemoryStore) -> None:
    persona_id = put(client, "a", {"age": 30})
    user = store.users.get("a")
    assert user is not None
    long_ago = datetime.now(UTC) - timedelta(days=400)
    store.users.put("b", "{}", long_ago, user.assignment)
    days = client.get(
        "/personas/history", params={"from": (long_ago + timedelta(days=9)).date().isoformat()}
    ).json()
    assert [day["personas"][0]["users"] for day in days["items"]] == [1] * (len(days["items"]) - 1) + [2]
    assert days["items"][0]["personas"][0]["persona_id"] == persona_id


@pytest.mark.parametrize("period", ["from=2026-02-01&to=2026-01-01", "from=2001-01-01&to=2026-01-01"])
def test_unusable_period_is_refused(client: TestClient, period: str) -> None:
    for path in ("/personas/history", "/personas/movements"):
        assert_problem(client.get(f"{path}?{period}"), 422, "unusable-period")


def test_first_days_of_the_calendar_are_refused_or_empty(client: TestClient) -> None:
    assert_problem(client.get("/personas/history?from=0001-01-01&to=0001-01-02"), 422, "unusable-period")
    assert client.get("/personas/history?from=9999-12-30&to=9999-12-31").status_code == 200


def test_members_are_listed_by_id_while_others_come_and_go(client: TestClient) -> None:
    persona_id = put(client, "c", {"age": 30})
    for user_id in ("a", "b", "d"):
        put(client, user_id, {"age": 30})
    first = client.get(f"/personas/{persona_id}/users?limit=2").json()
    put(client, "aa", {"age": 30})
    rest = client.get(f"/personas/{persona_id}/users", params={"cursor": first["next_cursor"]}).json()
    assert [item["user_id"] for item in [*first["items"], *rest["items"]]] == ["a", "b", "c", "d"]
    assert rest["next_cursor"] is None
    assert_problem(client.get("/personas/p_none/users"), 404, "persona-not-found")


def test_members_are_filtered_by_confidence_time_and_answers(client: TestClient) -> None:
    persona_id = put(client, "plain", {"age": 30})
    put(client, "birthday", {"age": 30, "occasion": "Birthday", "budget_range": "low"})
    client.put("/users/giver/recipients/r/profile", json={"age": 30, "occasion": "birthday"}).raise_for_status()

    def names(query: str) -> list[str]:
        items = client.get(f"/personas/{persona_id}/users?{query}").json()["items"]
        return [item["user_id"] for item in items]

    everyone = names("")
    assert "plain" in everyone
    assert set(names("occasion=BIRTHDAY")) == {"birthday", "giver"} & set(everyone)
    assert set(names("occasion=birthday&budget_range=low")) == {"birthday"} & set(everyone)
    assert names("min_confidence=1") == []
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert names(f"assigned_since={later}") == []


def test_stale_users_and_strangers_are_marked(client: TestClient, store: MemoryStore) -> None:
    put(client, "u", {"age": 30})
    user = store.users.get("u")
    assert user is not None
    store.users.put("u", '{"age": 30}', datetime.now(UTC) - timedelta(days=366), user.assignment)
    assert client.get("/users/u/persona").json()["status"] == "STALE"
    assert_problem(client.get("/users/nobody/persona"), 404, "user-not-found")
    stranger = client.get("/users/nobody/persona?fallback=true").json()
    empty = client.post("/segment", json={}).json()
    assert (stranger["status"], stranger["basis"], stranger["persona"]) == (
        "FALLBACK",
        "FALLBACK",
        empty["persona"],
    )
    assert (stranger["assigned_at"], stranger["revision"]) == (None, 0)
    batch = client.post("/users/personas:batchGet", json={"user_ids": ["u", "nobody"], "fallback": True}).json()
    assert [item["status"] for item in batch["items"]] == ["STALE", "FALLBACK"]


def test_objector_is_opted_out_in_every_read(client: TestClient, store: MemoryStore) -> None:
    put(client, "u", {"age": 30})
    store.users.opt_out("u", datetime.now(UTC))
    body = client.get("/users/u/persona").json()
    assert (body["status"], body["persona"], body["confidence"]) == ("OPTED_OUT", None, None)
    again = client.put("/users/u/profile", json={"age": 31}).json()
    assert (again["persona"], again["warnings"][0]["code"]) == (None, "OPTED_OUT")
    assert_problem(client.put("/users/u/persona", json={"persona_id": "p_0"}), 409, "user-opted-out")
    batch = client.post("/users/personas:batchGet", json={"user_ids": ["u"]}).json()
    assert batch["items"][0]["status"] == "OPTED_OUT"


def test_members_are_downloaded_as_json_lines_and_as_csv_without_formulas(client: TestClient) -> None:
    persona_id = put(client, "=cmd()", {"age": 30})
    put(client, "b", {"age": 30, "occasion": "birthday"})
    path = f"/personas/{persona_id}/users:export"
    lines = [json.loads(line) for line in client.get(path).text.splitlines()]
    page = client.get(f"/personas/{persona_id}/users").json()["items"]
    assert [line["user_id"] for line in lines] == [item["user_id"] for item in page]
    assert {line["persona_id"] for line in lines} == {persona_id}
    table = list(csv.DictReader(io.StringIO(client.get(f"{path}?format=csv").text)))
    assert [row["user_id"] for row in table] == ["'=cmd()", *(line["user_id"] for line in lines[1:])]
    assert client.get(f"{path}?min_confidence=1").text == ""
    assert_problem(client.get("/personas/p_none/users:export"), 404, "persona-not-found")


def test_whole_persona_is_downloaded_over_many_batches(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_BATCH", 2)
    persona_id = put(client, "u0", {"age": 30})
    for number in range(1, 6):
        put(client, f"u{number}", {"age": 30})
    lines = client.get(f"/personas/{persona_id}/users:export").text.splitlines()
    assert [json.loads(line)["user_id"] for line in lines] == [f"u{number}" for number in range(6)]
