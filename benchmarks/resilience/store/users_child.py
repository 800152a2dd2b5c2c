"""Works on users until it is killed: `python -m benchmarks.resilience.store.users_child WORK URL ARTIFACTS`.

After each transaction that has returned it prints what it did: that is acknowledged.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from models.profile import Profile
from models.storage.artifact import LoadedArtifact
from models.storage.registry import Registry
from service.http.schemas.segment import validate_profile
from service.segmenting.segment_json import SegmentEncoder
from service.store.sql.store import SqlStore
from service.users.batch_upsert import BatchAssigner, SubmittedUser, assign_users, store_users
from service.users.personas import Reading, reassign

BATCH = 200
PROFILES = [{"age": 13 + number % 80, "hobbies": ["gaming"]} for number in range(BATCH)]


def main() -> None:
    """Do the work that the arguments name."""
    work, url, artifacts = sys.argv[1:]
    registry = Registry(Path(artifacts))
    models = [registry.load(version, Profile) for version in sorted(registry.versions())]
    _WORK[work](SqlStore(url), models)


def _upsert(store: SqlStore, models: list[LoadedArtifact]) -> None:
    """Each batch has new users, named after the time: all of them are stored, or none."""
    assigner = BatchAssigner(SegmentEncoder(models[0]), validate_profile)
    for _ in count():
        now = datetime.now(UTC)
        batch = f"batch-{now.timestamp():.6f}"
        users = [SubmittedUser(f"{batch}-{number:03d}", profile) for number, profile in enumerate(PROFILES)]
        print(f"begun {batch}", flush=True)
        store_users(store.users, users, assign_users(assigner, users, now), now)
        print(f"done {batch}", flush=True)


def _reassign(store: SqlStore, models: list[LoadedArtifact]) -> None:
    """The same users by one model and the other, in turn."""
    for number in count():
        loaded = models[number % len(models)]
        ids = [user.user_id for user in store.users.stale(loaded.manifest.version, "", BATCH)]
        reassign(store.users, loaded, ids, Reading(datetime.now(UTC)))
        print(f"done {len(ids)}", flush=True)


def _erase(store: SqlStore, _: list[LoadedArtifact]) -> None:
    while batch := store.users.assignments_after("", BATCH):
        for user in batch:
            print(f"begun {user.user_id}", flush=True)
            store.rights.erase(user.user_id, datetime.now(UTC))
            print(f"done {user.user_id}", flush=True)


_WORK: dict[str, Callable[[SqlStore, list[LoadedArtifact]], None]] = {
    "upsert": _upsert,
    "reassign": _reassign,
    "erase": _erase,
}

if __name__ == "__main__":
    main()
