"""The lineage of personas over HTTP: version by version, retired ones included."""

from pathlib import Path

from starlette.testclient import TestClient

from models.lineage import LineageStep, Passage, RetiredPersona
from models.storage.registry import Registry
from testkit.small_model import small_manifest, write_small_model
from tests.support.problems import assert_problem


def with_lineage(root: Path) -> str:
    """A second version in which p_0 lives on and p_9 was merged into it."""
    before = small_manifest(0)
    born = tuple(Passage(persona_id=persona, name=persona, fate="BORN") for persona in ("p_0", "p_9"))
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


def test_lineage_lists_the_versions_of_a_persona(client: TestClient, registry: Registry) -> None:
    client.post(f"/models/{with_lineage(registry.root)}/activate", json={"reason": "try"})
    body = client.get("/personas/p_0/lineage").json()
    assert body["status"] == "ACTIVE"
    assert [(item["model_version"], item["passage"]["fate"]) for item in body["items"]] == [
        ("v2", "KEPT"),
        ("v1", "BORN"),
    ]
    assert body["items"][0]["passage"]["members_kept"] == 0.95


def test_retired_persona_is_listed_as_retired(client: TestClient, registry: Registry) -> None:
    client.post(f"/models/{with_lineage(registry.root)}/activate", json={"reason": "try"})
    assert [persona["id"] for persona in client.get("/personas").json()["retired"]] == ["p_9"]
    body = client.get("/personas/p_9/lineage").json()
    assert (body["status"], body["items"][0]["passage"]["merged_into"]) == ("RETIRED", "p_0")
    assert_problem(client.get("/personas/p_9"), 404, "persona-not-found")


def test_model_without_a_lineage_shows_its_personas_as_born(client: TestClient) -> None:
    (item,) = client.get("/personas/p_1/lineage").json()["items"]
    assert item["passage"]["fate"] == "BORN"
    assert_problem(client.get("/personas/p_x/lineage"), 404, "persona-not-found")
