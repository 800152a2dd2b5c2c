"""What people write of personas: it follows the id, wins everywhere, and nobody's edit is lost."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.lineage import LineageStep, Passage, RetiredPersona
from models.profile import Profile
from models.storage.reading import read_artifact
from models.storage.registry import Registry
from service.active_model.overrides import with_edits
from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.personas import PersonaOverride
from testkit.small_model import NAMES, small_manifest, write_small_model
from testkit.waiting import eventually
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem


def edit(client: TestClient, persona_id: str = "p_0", **changes: Any) -> dict[str, Any]:
    tag = client.get(f"/personas/{persona_id}").headers["etag"]
    answer = client.patch(f"/personas/{persona_id}", json=changes, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == client.get(f"/personas/{persona_id}").headers["etag"]
    body: dict[str, Any] = answer.json()
    return body


def test_an_edit_shows_everywhere(client: TestClient) -> None:
    persona = client.post("/segment", json={"age": 30}).json()["persona"]["id"]
    body = edit(client, persona, name="Our own", sentence="Those who …", note="For the campaign.", by="marketing")
    assert (body["name"], body["note"], body["edited"]) == (
        "Our own",
        "For the campaign.",
        ["name", "sentence", "note"],
    )
    client.put("/users/u/profile", json={"age": 30})
    assert client.post("/segment", json={"age": 30}).json()["persona"]["name"] == "Our own"
    assert client.get("/users/u/persona").json()["persona"]["name"] == "Our own"
    assert "Our own" in {item["name"] for item in client.get("/personas").json()["items"]}
    assert client.get(f"/personas/{persona}/lineage").json()["name"] == "Our own"


def test_an_edit_follows_the_id_to_the_next_model_and_back(client: TestClient, registry: Registry) -> None:
    edit(client, name="Our own")
    first, second = str(registry.active()), write_small_model(registry.root, seed=1).name
    for version in (second, first):
        client.post(f"/models/{version}/activate", json={"reason": "try"})
        persona = client.get("/personas/p_0").json()
        assert (persona["name"], persona["sentence"]) == ("Our own", f"{NAMES[0]}, made up for a test.")


def test_null_takes_an_edit_back_and_what_is_left_out_stays(client: TestClient) -> None:
    edit(client, name="Our own", note="A note.")
    body = edit(client, name=None)
    assert (body["name"], body["note"], body["edited"]) == (NAMES[0], "A note.", ["note"])


def test_an_edit_must_say_what_it_is_of(client: TestClient) -> None:
    assert_problem(client.patch("/personas/p_0", json={"name": "x"}), 428, "if-match-required")


def test_of_two_edits_of_the_same_state_the_second_is_refused(client: TestClient) -> None:
    tag = client.get("/personas/p_0").headers["etag"]
    assert client.patch("/personas/p_0", json={"name": "a"}, headers={"If-Match": tag}).status_code == 200
    answer = client.patch("/personas/p_0", json={"name": "b"}, headers={"If-Match": tag})
    assert_problem(answer, 412, "persona-changed")
    assert client.get("/personas/p_0").json()["name"] == "a"


def test_a_name_that_another_has_is_refused(client: TestClient) -> None:
    answer = client.patch("/personas/p_0", json={"name": NAMES[1].upper()}, headers={"If-Match": "*"})
    assert_problem(answer, 409, "name-taken")


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 81},
        {"name": "a\nb"},
        {"nmae": "x"},
        {"sentence": 5},
        {"note": "\0"},
        {"by": "a\nb"},
    ],
)
def test_what_does_not_fit_is_refused(client: TestClient, body: dict[str, object]) -> None:
    answer = client.patch("/personas/p_0", json=body, headers={"If-Match": "*"})
    assert_problem(answer, 422, "invalid-request")


def test_a_persona_that_is_not_there_cannot_be_edited(client: TestClient) -> None:
    answer = client.patch("/personas/p_9", json={"name": "x"}, headers={"If-Match": "*"})
    assert_problem(answer, 404, "persona-not-found")


def test_another_worker_tells_the_edit_too(
    client: TestClient, settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    with TestClient(create_app(settings, store=store, launcher=launcher)) as other:
        edit(client, name="Our own")
        eventually(lambda: other.get("/personas/p_0").json()["name"] == "Our own")
    with TestClient(create_app(settings, store=store, launcher=launcher)) as started_later:
        assert started_later.get("/personas/p_0").json()["name"] == "Our own"


def test_a_made_name_gives_way_to_an_edited_one(tmp_path: Path) -> None:
    loaded = read_artifact(write_small_model(tmp_path), Profile)
    written = PersonaOverride(
        persona_id="p_0",
        name=NAMES[1],
        sentence=None,
        note=None,
        revision=1,
        edited_at=loaded.manifest.created_at,
        edited_by="x",
    )
    named = with_edits(loaded, {"p_0": written})
    assert [persona.name for persona in named.manifest.personas] == [NAMES[1], f"{NAMES[1]} 2", NAMES[2]]
    assert named.model.by_id["p_0"].name == NAMES[1]


# --- lineage ---------------------------------------------------------------------------------------


def with_lineage(root: Path) -> str:
    """A second version in which p_0 lives on and p_9 was merged into it."""
    before = small_manifest(0)
    born = tuple(Passage(persona_id=each, name=each, fate="BORN") for each in ("p_0", "p_9"))
    now = (
        Passage(persona_id="p_0", name="p_0", fate="KEPT", match_score=0.9, members_kept=0.95),
        Passage(persona_id="p_9", name="p_9", fate="RETIRED", merged_into="p_0"),
    )
    steps = tuple(
        LineageStep(version=version, created_at=before.created_at, previous=previous, passages=passages)
        for version, previous, passages in (("v1", None, born), ("v2", "v1", now))
    )
    retired = RetiredPersona(id="p_9", name="Gone", sentence="", retired_in="v2", merged_into="p_0")
    return write_small_model(root, seed=1, lineage=steps, retired=(retired,)).name


def test_a_lineage_tells_version_by_version(client: TestClient, registry: Registry) -> None:
    client.post(f"/models/{with_lineage(registry.root)}/activate", json={"reason": "try"})
    body = client.get("/personas/p_0/lineage").json()
    assert body["status"] == "ACTIVE"
    assert [(item["model_version"], item["passage"]["fate"]) for item in body["items"]] == [
        ("v2", "KEPT"),
        ("v1", "BORN"),
    ]
    assert body["items"][0]["passage"]["members_kept"] == 0.95


def test_a_retired_persona_is_in_the_catalogue_as_such(client: TestClient, registry: Registry) -> None:
    client.post(f"/models/{with_lineage(registry.root)}/activate", json={"reason": "try"})
    assert [each["id"] for each in client.get("/personas").json()["retired"]] == ["p_9"]
    body = client.get("/personas/p_9/lineage").json()
    assert (body["status"], body["items"][0]["passage"]["merged_into"]) == ("RETIRED", "p_0")
    assert_problem(client.get("/personas/p_9"), 404, "persona-not-found")


def test_a_model_from_before_there_was_a_lineage_has_its_personas_as_new(client: TestClient) -> None:
    (item,) = client.get("/personas/p_1/lineage").json()["items"]
    assert item["passage"]["fate"] == "BORN"
    assert_problem(client.get("/personas/p_x/lineage"), 404, "persona-not-found")


# --- chosen by hand --------------------------------------------------------------------------------


def other_than(client: TestClient, user_id: str) -> str:
    own = client.get(f"/users/{user_id}/persona").json()["persona"]["id"]
    return next(each for each in ("p_0", "p_1", "p_2") if each != own)


def test_a_persona_chosen_by_hand_stays_with_the_next_model(client: TestClient, registry: Registry) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chosen = other_than(client, "u")
    answer = client.put("/users/u/persona", json={"persona_id": chosen})
    assert (answer.json()["persona"]["id"], answer.json()["manual"]) == (chosen, True)
    version = write_small_model(registry.root, seed=1).name
    client.post(f"/models/{version}/activate", json={"reason": "try"})
    told = client.get("/users/u/persona").json()
    assert (told["persona"]["id"], told["manual"], told["model_version"]) == (chosen, True, version)
    (change,) = client.get("/users/u/persona/changes").json()["items"]
    assert (change["cause"], change["to_persona_id"]) == ("MANUAL", chosen)


def test_what_is_told_beside_a_chosen_persona_is_about_that_one(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30})
    chances = client.post("/segment", json={"age": 30}).json()["probabilities"]
    chosen = other_than(client, "u")
    client.put("/users/u/persona", json={"persona_id": chosen})
    told = client.get("/users/u/persona").json()
    assert told["confidence"] == pytest.approx(chances[chosen])
    assert [told[name] for name in ("runner_up", "margin", "typicality", "is_outlier")] == [None] * 4
    (item,) = client.post("/users/personas:batchGet", json={"user_ids": ["u"]}).json()["items"]
    assert (item["persona"]["id"], item["confidence"]) == (chosen, pytest.approx(chances[chosen]))


def test_a_choice_ends_with_the_profile_or_when_it_is_taken_back(client: TestClient) -> None:
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
    assert causes == ["PROFILE_CHANGED", "MANUAL", "MANUAL", "MANUAL"]


def test_changes_are_told_page_by_page(client: TestClient) -> None:
    client.put("/users/u/profile", json={"age": 30})
    own = client.get("/users/u/persona").json()["persona"]["id"]
    for chosen in (other_than(client, "u"), own) * 2:
        client.put("/users/u/persona", json={"persona_id": chosen})
    whole = client.get("/users/u/persona/changes").json()["items"]
    first = client.get("/users/u/persona/changes?limit=3").json()
    rest = client.get("/users/u/persona/changes", params={"cursor": first["next_cursor"]}).json()
    assert [*first["items"], *rest["items"]] == whole
    assert len(whole) == 4


def test_nobody_and_no_persona_are_not_found(client: TestClient) -> None:
    assert_problem(client.put("/users/x/persona", json={"persona_id": "p_0"}), 404, "user-not-found")
    assert_problem(client.get("/users/x/persona/changes"), 404, "user-not-found")
    client.put("/users/u/profile", json={})
    assert_problem(client.put("/users/u/persona", json={"persona_id": "p_9"}), 404, "persona-not-found")
    answer = client.get("/users/u/persona/changes?cursor=xx")
    assert_problem(answer, 422, "unusable-cursor")
