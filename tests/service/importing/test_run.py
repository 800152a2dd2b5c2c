"""One import: what is stored, counted and refused."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.profile import Profile
from models.storage.registry import Registry
from service.http.schemas.segment import validate_profile
from service.importing.refused import MAX_REASONS, OTHER_REASONS, RefusedRows
from service.importing.rows import Item, RefusedRow, Row, Share
from service.importing.run import Counts, ImportRun
from service.segmenting.segment_json import SegmentEncoder
from service.store.memory.store import MemoryStore
from service.store.memory.users import MemoryUsers
from service.store.ports.errors import StoreUnavailable
from service.store.ports.users import StoredUser, UserErased, UserStore
from service.users.batch_upsert import BatchAssigner
from testkit.small_model import write_small_model

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def assigner(tmp_path_factory: pytest.TempPathFactory) -> BatchAssigner:
    registry = Registry(tmp_path_factory.mktemp("artifacts"))
    loaded = registry.load(write_small_model(registry.root, seed=0).name, Profile)
    return BatchAssigner(SegmentEncoder(loaded), validate_profile)


class Reports:
    """The reports of a run."""

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.counts: list[Counts] = []

    def __call__(self, share: float, counts: Counts) -> None:
        self.shares.append(share)
        self.counts.append(counts)


def run_of(users: UserStore, assigner: BatchAssigner, path: Path | None = None, batch_size: int = 2) -> ImportRun:
    return ImportRun(
        users=users,
        assigner=assigner,
        refused=RefusedRows(path),
        report=Reports(),
        batch_size=batch_size,
        patience=0.0,
    )


def rows(*user_ids: str) -> list[Item]:
    return [Row(line, user_id, {"age": 30}) for line, user_id in enumerate(user_ids, start=1)]


def test_rows_are_stored_and_assigned(assigner: BatchAssigner) -> None:
    store = MemoryStore()
    counts = run_of(store.users, assigner).run(rows("a", "b", "c"))
    assert counts == Counts(read=3, stored=3, refused={})
    assert all(user.assignment for batch in store.users.iterate(10) for user in batch)
    assert sum(store.feed.users_by_persona().values()) == 3


def test_same_file_again_gives_the_same_personas(assigner: BatchAssigner) -> None:
    store = MemoryStore()

    def personas() -> dict[str, str | None]:
        run_of(store.users, assigner).run(rows("a", "b", "c"))
        return {user.user_id: user.persona_id for user in store.users.assignments_after("", 10)}

    assert personas() == personas()


def test_refused_rows_are_listed_by_line_and_reason(assigner: BatchAssigner, tmp_path: Path) -> None:
    store = MemoryStore()
    store.rights.erase("erased", NOW)
    items: list[Item] = [
        Row(1, "ok", {}),
        RefusedRow(2, "The line is not JSON in UTF-8."),
        Row(3, "young", {"age": 5}),
        Row(4, "erased", {}),
        Row(5, "misspelled", {"agee": "secret"}),
    ]
    run = run_of(store.users, assigner, tmp_path / "refused.jsonl")
    with run.refused:
        counts = run.run(items)
    listed = {
        line["line"]: line["reason"]
        for line in map(json.loads, (tmp_path / "refused.jsonl").read_text().splitlines())
    }
    assert (counts.read, counts.stored) == (5, 1)
    assert listed.keys() == {2, 3, 4, 5}
    assert (listed[3], listed[4]) == ("age is at least 13.", "ERASED")
    assert "secret" not in str(listed)
    assert sum(counts.refused.values()) == 4
    assert (tmp_path / "refused.jsonl").stat().st_mode & 0o077 == 0


def test_reasons_beyond_many_are_counted_together() -> None:
    refused = RefusedRows(None)
    for number in range(MAX_REASONS + 5):
        refused.add(RefusedRow(number, f"reason {number}"))
    assert refused.by_reason[OTHER_REASONS] == 5


def test_progress_is_reported_after_each_batch(assigner: BatchAssigner) -> None:
    run = run_of(MemoryStore().users, assigner)
    first, second, third = rows("a", "b", "c")
    run.run([first, Share(0.3), second, third, Share(0.9)])
    assert isinstance(run.report, Reports)
    assert run.report.shares == [0.3, 1.0]
    assert [counts.stored for counts in run.report.counts] == [2, 3]


def test_stopped_run_keeps_what_is_stored(assigner: BatchAssigner) -> None:
    store = MemoryStore()
    run = run_of(store.users, assigner)

    def items() -> Iterator[Item]:
        yield from rows("a", "b", "c")
        run.stopping.set()
        yield from rows("d", "e")

    counts = run.run(items())
    assert (counts.stored, store.users.count()) == (2, 2)


class Unavailable(MemoryUsers):
    """Does not respond to the first writes."""

    failures = 1

    def put_many(self, writes: Sequence[StoredUser]) -> list[StoredUser | UserErased]:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("The database does not answer.")
        return super().put_many(writes)


def test_store_that_does_not_respond_is_tried_again(assigner: BatchAssigner) -> None:
    users = Unavailable()
    run = run_of(users, assigner)
    run.patience = 30.0
    assert run.run(rows("a")).stored == 1


def test_store_that_stays_away_ends_the_run(assigner: BatchAssigner) -> None:
    users = Unavailable()
    users.failures = 1_000
    with pytest.raises(StoreUnavailable):
        run_of(users, assigner).run(rows("a"))


def test_users_are_stored_while_no_model_is_active() -> None:
    store = MemoryStore()
    counts = run_of(store.users, BatchAssigner(None, validate_profile)).run(rows("a"))
    assert counts.stored == 1
    (user,) = store.users.assignments_after("", 10)
    assert user.persona_id is None
