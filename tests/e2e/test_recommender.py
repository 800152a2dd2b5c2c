"""A recommender's night, by the client alone: import, personas, a retrain, the feed, and gifts for a user."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from backpocket_segments import CursorFile, SegmentsClient

from testkit import ROOT
from testkit.access import admin_key_in
from testkit.server import serving

# `RECOMMENDER_USERS=50000` for a night of a middling shop; it takes a few minutes.
USERS = int(os.environ.get("RECOMMENDER_USERS", "3000"))


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    path = tmp_path_factory.mktemp("simulated") / "profiles.jsonl"
    simulate = [sys.executable, "-m", "training", "simulate", "--rows", str(USERS), "--seed", "7"]
    subprocess.run([*simulate, "--out", str(path)], cwd=ROOT, check=True, capture_output=True)
    lines = path.read_text(encoding="utf-8").splitlines()
    return {f"gid://shop/Customer/{number}": json.loads(line) for number, line in enumerate(lines)}


@pytest.fixture
def segments(artifacts: Path, tmp_path: Path) -> Iterator[SegmentsClient]:
    key = admin_key_in(f"sqlite:///{tmp_path}/segments.db")
    with (
        serving(tmp_path, artifacts, UPKEEP_SECONDS="1") as server,
        SegmentsClient(server.url, key) as client,
    ):
        yield client


def personas_of(segments: SegmentsClient, user_ids: list[str]) -> tuple[dict[str, str | None], str]:
    """The persona of each user, and the model that they are by."""
    read = segments.get_personas(user_ids)
    return {user.user_id: user.persona.id if user.persona else None for user in read.items}, read.model_version


def test_a_night_leaves_a_copy_of_all_personas_and_gifts_for_everyone(
    segments: SegmentsClient, profiles: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    cursors = CursorFile(tmp_path / "cursor")
    cursors.save(segments.latest_cursor())
    records = [{"user_id": user_id, "profile": profile} for user_id, profile in profiles.items()]
    invalid = {"user_id": "too young", "profile": {"age": 5}}
    states: list[float] = []
    imported = segments.import_users(
        [*records, invalid], wait=True, poll_seconds=0.2, progress=lambda job: states.append(job.progress)
    )
    assert (imported.rows_stored, imported.rows_refused) == (USERS, 1)
    assert states == sorted(states)
    assert [row.line for row in segments.refused_rows(imported.id)] == [USERS + 1]
    before, model = personas_of(segments, list(profiles))
    assert {user.user_id: user.persona_id for user in segments.export_users()} == before
    assert sum(persona.users or 0 for persona in segments.personas().items) == USERS

    feed = segments.changes(cursor_store=cursors, page_size=1_000)
    added = {change.user_id: change.to_persona_id for change in feed}
    assert added == before

    job = segments.retrain("users", k=4, activate="always", wait=True, poll_seconds=0.2)
    assert job.result is not None
    assert job.result.activated
    feed = segments.changes(cursor_store=cursors, follow=True, poll_seconds=0.2, page_size=1_000)
    change = next(change for change in feed if change.type == "MODEL_CHANGED")
    after, new_model = personas_of(segments, list(profiles))
    assert (change.from_model_version, change.to_model_version) == (model, new_model)
    counted = {(count.from_persona_id, count.to_persona_id): count.users for count in change.counts or ()}
    assert counted == Counter((before[user_id], after[user_id]) for user_id in profiles)

    user_id = next(user_id for user_id, profile in profiles.items() if profile["hobbies"])
    affinities = segments.user_affinities(user_id)
    lows = [gift.lift_interval.low for gift in affinities.items]
    assert lows == sorted(lows, reverse=True)
    probabilities = affinities.probabilities or {}
    assert max(probabilities, key=probabilities.__getitem__) == after[user_id]

    stranger = segments.get_persona("a stranger", fallback=True)
    assert stranger.status == "FALLBACK"
    assert stranger.persona is not None
    assert segments.persona(stranger.persona.id).gift_affinities
