"""Overrides of personas: they follow the id, win everywhere, and none is lost to another."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from models.profile import Profile
from models.storage.persona_texts import with_texts
from models.storage.reading import read_artifact
from models.storage.registry import Registry
from service.app import create_app
from service.security.actor import NO_KEY
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.personas import PersonaOverride
from service.store.sql.migrate import migrate
from testkit.small_model import GIVER_TEXTS, NAMES, write_small_model
from testkit.waiting import eventually
from tests.support.launcher import FakeLauncher
from tests.support.problems import assert_problem


def patch_persona(client: TestClient, persona_id: str = "p_0", **changes: Any) -> dict[str, Any]:
    tag = client.get(f"/personas/{persona_id}").headers["etag"]
    answer = client.patch(f"/personas/{persona_id}", json=changes, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == client.get(f"/personas/{persona_id}").headers["etag"]
    body: dict[str, Any] = answer.json()
    return body


def patch(client: TestClient, persona_id: str, tag: str, **changes: str) -> httpx2.Response:
    return client.patch(f"/personas/{persona_id}", json=changes, headers={"If-Match": tag})


@pytest.fixture(params=["sqlite", "postgres"])
def sql_client(
    request: pytest.FixtureRequest,
    settings: Settings,
    launcher: FakeLauncher,
    registry: Registry,
    tmp_path: Path,
) -> Iterator[TestClient]:
    """Asks a service with a database."""
    url = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    migrate(url)
    changed = settings.model_copy(update={"database_url": url})
    with TestClient(create_app(changed, launcher=launcher)) as client:
        yield client


def test_text_of_a_person_is_the_same_in_every_voice(client: TestClient) -> None:
    patch_persona(client, sentence="Those who …")
    to_giver = client.get("/personas/p_0?voice=giver").json()
    assert to_giver["sentence"] == "Those who …"
    assert to_giver["traits"][0]["sentence"] == GIVER_TEXTS.traits[0]
    assert to_giver.items() <= client.get("/personas?voice=giver").json()["items"][0].items()


def test_persona_can_be_edited_as_it_was_read_in_either_voice(client: TestClient) -> None:
    for voice in ("giver", "analyst"):
        tag = client.get(f"/personas/p_0?voice={voice}").headers["etag"]
        assert patch(client, "p_0", tag, name=f"Read by the {voice}").status_code == 200
        assert patch(client, "p_0", tag, name="Read before").status_code == 412


def test_override_is_shown_everywhere(client: TestClient) -> None:
    persona = client.post("/segment", json={"age": 30}).json()["persona"]["id"]
    body = patch_persona(
        client, persona, name="Our own", sentence="Those who …", note="For the campaign.", by="marketing"
    )
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


def test_override_follows_the_id_to_the_next_model_and_back(client: TestClient, registry: Registry) -> None:
    patch_persona(client, name="Our own")
    first, second = str(registry.active()), write_small_model(registry.root, seed=1).name
    for version in (second, first):
        client.post(f"/models/{version}/activate", json={"reason": "try"})
        persona = client.get("/personas/p_0").json()
        assert (persona["name"], persona["sentence"]) == ("Our own", f"{NAMES[0]}, made up for a test.")


def test_null_removes_an_override_and_other_fields_stay(client: TestClient) -> None:
    patch_persona(client, name="Our own", note="A note.")
    body = patch_persona(client, name=None)
    assert (body["name"], body["note"], body["edited"]) == (NAMES[0], "A note.", ["note"])


def test_patch_without_if_match_is_refused(client: TestClient) -> None:
    assert_problem(client.patch("/personas/p_0", json={"name": "x"}), 428, "if-match-required")


def test_second_patch_of_the_same_state_is_refused(client: TestClient) -> None:
    tag = client.get("/personas/p_0").headers["etag"]
    assert client.patch("/personas/p_0", json={"name": "a"}, headers={"If-Match": tag}).status_code == 200
    answer = client.patch("/personas/p_0", json={"name": "b"}, headers={"If-Match": tag})
    assert_problem(answer, 412, "persona-changed")
    assert client.get("/personas/p_0").json()["name"] == "a"


def test_name_of_another_persona_is_refused(client: TestClient) -> None:
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
        {"name": "a\u202eb"},
        {"name": "a\u200b"},
        {"name": "\u3164"},
        {"name": "a\u2028b"},
        {"name": "a\x9bb"},
        {"by": "a\u2066b"},
        {"note": "a\x1bb"},
    ],
)
def test_invalid_patch_is_refused(client: TestClient, body: dict[str, object]) -> None:
    answer = client.patch("/personas/p_0", json=body, headers={"If-Match": "*"})
    assert_problem(answer, 422, "invalid-request")


def send_together(*requests: Callable[[], httpx2.Response]) -> list[int]:
    """The statuses of requests that are sent at the same time, sorted."""
    start = threading.Barrier(len(requests))

    def send(request: Callable[[], httpx2.Response]) -> int:
        start.wait()
        return request().status_code

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(send, requests))


def test_one_of_several_patches_of_the_same_state_succeeds(sql_client: TestClient) -> None:
    for _ in range(3):
        tag = sql_client.get("/personas/p_0").headers["etag"]
        patches = [partial(patch, sql_client, "p_0", tag, note=f"{tag} {number}") for number in range(6)]
        assert send_together(*patches) == [200, *[412] * 5]


def test_one_of_several_personas_gets_a_name(sql_client: TestClient) -> None:
    for number in range(3):
        tags = {name: sql_client.get(f"/personas/{name}").headers["etag"] for name in ("p_0", "p_1", "p_2")}
        patches = [partial(patch, sql_client, name, tag, name=f"Twin {number}") for name, tag in tags.items()]
        assert send_together(*patches) == [200, 409, 409]


@pytest.mark.parametrize("twin", ["zoe\u0308", "ZO\u00cb", "\uff3ao\u00eb"])
def test_name_that_looks_like_another_is_refused(client: TestClient, twin: str) -> None:
    assert patch_persona(client, name="Zoe\u0308")["name"] == "Zo\u00eb"
    assert_problem(patch(client, "p_1", "*", name=twin), 409, "name-taken")


def test_name_of_a_persona_that_only_another_model_has_is_refused(client: TestClient, store: MemoryStore) -> None:
    elsewhere = PersonaOverride(
        persona_id="p_9",
        name="Elsewhere",
        sentence=None,
        note=None,
        revision=1,
        edited_at=datetime(2026, 11, 1, tzinfo=UTC),
        edited_by="x",
    )
    store.personas.change_override(lambda _: elsewhere)
    assert_problem(patch(client, "p_1", "*", name="elsewhere"), 409, "name-taken")


def test_record_of_an_override_names_the_actor_and_the_name_in_the_body_as_a_note(
    client: TestClient, store: MemoryStore
) -> None:
    patch_persona(client, name="Ours", by="marketing")
    assert store.personas.overrides()["p_0"].edited_by == f"{NO_KEY}, for marketing"


def test_missing_persona_cannot_be_overridden(client: TestClient) -> None:
    answer = client.patch("/personas/p_9", json={"name": "x"}, headers={"If-Match": "*"})
    assert_problem(answer, 404, "persona-not-found")


def test_other_workers_show_the_override(
    client: TestClient, settings: Settings, store: MemoryStore, launcher: FakeLauncher
) -> None:
    with TestClient(create_app(settings, store=store, launcher=launcher)) as other:
        patch_persona(client, name="Our own")
        eventually(lambda: other.get("/personas/p_0").json()["name"] == "Our own")
    with TestClient(create_app(settings, store=store, launcher=launcher)) as started_later:
        assert started_later.get("/personas/p_0").json()["name"] == "Our own"


def test_generated_name_gives_way_to_an_overridden_one(tmp_path: Path) -> None:
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
    named = with_texts(loaded, {"p_0": written})
    assert [persona.name for persona in named.manifest.personas] == [NAMES[1], f"{NAMES[1]} 2", NAMES[2]]
    assert named.model.by_id["p_0"].name == NAMES[1]
