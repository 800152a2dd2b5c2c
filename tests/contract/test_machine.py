"""Random sequences of calls: the store in SQL returns what the store in memory returns."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from service.store.ports.errors import StoreError
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import JobStatus
from service.store.ports.keys import StoredKey
from service.store.ports.personas import PersonaOverride
from service.store.ports.store import Store
from service.store.ports.texts import legible
from service.store.ports.users import AssignmentUpdate, StoredAssignment
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.clocks import SettableClock, memory_store
from tests.contract.support.records import assigned, queued_job

texts = st.text(max_size=12)
user_ids = st.sampled_from(["a", "B", "ä", "😀", "nul\0", ""]) | texts
job_ids = st.sampled_from(["a", "B", "c"])
owners = st.sampled_from(["me", "you"])
times = st.integers(0, 1000).map(lambda n: datetime(2026, 11, 1, tzinfo=UTC) + n * timedelta(milliseconds=1))
few_times = st.integers(0, 2).map(lambda n: datetime(2026, 11, 1, tzinfo=UTC) + n * timedelta(milliseconds=400))
durations = st.integers(0, 1_000).map(lambda n: n / 1_000)
names = st.sampled_from(["x", "y"])
versions = st.sampled_from(["v", "w"])
counts = st.integers(0, 9)
assignments = st.builds(
    assigned, st.sampled_from(["p", "q"]), versions, times, answered_count=counts, unknown_count=counts
)
overrides = st.builds(
    PersonaOverride,
    persona_id=st.sampled_from(["p", "q"]),
    name=st.none() | texts.map(legible),
    sentence=st.none(),
    note=st.none(),
    revision=st.integers(1, 3),
    edited_at=times,
    edited_by=owners,
)
keys = st.builds(
    StoredKey,
    prefix=names,
    digest=owners,
    name=owners,
    scopes=st.sampled_from([(), ("users:read", "personas:read")]),
    created_at=times,
    expires_at=st.none() | times,
)
claims = st.builds(Claim, names, few_times)
updates = st.builds(AssignmentUpdate, user_ids, st.integers(1, 3), assignments)
results = st.none() | st.dictionaries(texts, st.integers() | texts | st.lists(st.booleans()), max_size=3)


class Stores(RuleBasedStateMachine):
    """The same calls of both stores."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="segments-machine-"))
        url = f"sqlite:///{self.folder}/segments.db"
        migrate(url)
        self.clock = SettableClock()
        self.stores: tuple[Store, Store] = memory_store(self.clock), SqlStore(url, clock=self.clock.in_sql)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    def both(self, call: Callable[[Store], object]) -> None:
        in_memory, in_sql = (outcome(call, store) for store in self.stores)
        assert in_sql == in_memory

    @rule(user_id=user_ids, text=texts, at=times, assignment=st.none() | assignments)
    def put(self, user_id: str, text: str, at: datetime, assignment: StoredAssignment | None) -> None:
        self.both(lambda store: store.users.put(user_id, text, at, assignment))

    @rule(ids=st.lists(user_ids, max_size=5))
    def get_many(self, ids: list[str]) -> None:
        self.both(lambda store: [store.users.get(user_id) for user_id in ids])
        self.both(lambda store: store.users.get_many(ids))
        self.both(lambda store: store.users.assignments(ids))

    @rule(batch=st.lists(updates, max_size=5))
    def update_assignments(self, batch: list[AssignmentUpdate]) -> None:
        self.both(lambda store: store.users.update_assignments(batch))

    @rule(version=versions, after=user_ids, limit=st.integers(1, 4))
    def stale(self, version: str, after: str, limit: int) -> None:
        self.both(lambda store: store.users.stale(version, after, limit))
        self.both(lambda store: store.users.tally(version))

    @rule(user_id=user_ids)
    def changes(self, user_id: str) -> None:
        # Ids differ where one call changes several users.
        self.both(lambda store: [replace(change, id=0) for change in store.personas.changes(user_id, 100)])

    @rule(override=overrides)
    def change_override(self, override: PersonaOverride) -> None:
        self.both(lambda store: store.personas.change_override(lambda _: override))
        self.both(lambda store: store.personas.overrides())

    @rule(at=times | few_times)
    def set_clock(self, at: datetime) -> None:
        self.clock.at = at

    @rule(name=names, owner=owners, seconds=durations)
    def take_lease(self, name: str, owner: str, seconds: float) -> None:
        self.both(lambda store: store.leases.take(name, owner, seconds))

    @rule(name=names, owner=owners, state=results)
    def save_state(self, name: str, owner: str, state: dict[str, Any] | None) -> None:
        self.both(lambda store: store.leases.save_state(name, owner, state or {}))

    @rule(key=names, digest=owners, lifetime=durations, abandoned_after=durations)
    def claim(self, key: str, digest: str, lifetime: float, abandoned_after: float) -> None:
        self.both(lambda store: store.idempotency.claim(key, digest, lifetime, abandoned_after))

    @rule(claim=claims, body=texts)
    def complete(self, claim: Claim, body: str) -> None:
        self.both(lambda store: store.idempotency.complete(claim, 200, {"a": "b"}, legible(body)))

    @rule(claim=claims)
    def release(self, claim: Claim) -> None:
        self.both(lambda store: store.idempotency.release(claim))

    @rule(key=keys)
    def add_key(self, key: StoredKey) -> None:
        self.both(lambda store: store.keys.add(key))
        self.both(lambda store: store.keys.all())

    @rule(prefix=names, at=times)
    def end_key(self, prefix: str, at: datetime) -> None:
        self.both(lambda store: store.keys.revoke(prefix, at))
        self.both(lambda store: store.keys.expire(prefix, at))

    @rule(used=st.dictionaries(names, times, max_size=3))
    def record_use(self, used: dict[str, datetime]) -> None:
        self.both(lambda store: store.keys.record_use(used))
        self.both(lambda store: store.keys.all())

    @rule(size=st.integers(1, 4))
    def iterate(self, size: int) -> None:
        self.both(lambda store: list(store.users.iterate(size)))
        self.both(lambda store: store.users.count())

    @rule(job_id=job_ids, owner=owners, request=results, claim=st.none() | claims)
    def start(self, job_id: str, owner: str, request: dict[str, Any] | None, claim: Claim | None) -> None:
        fresh = f"{job_id}{len(self.stores[0].jobs.latest(1000))}"
        job = queued_job(fresh, request=request or {}, owner=owner)
        self.both(lambda store: store.jobs.start(job, claim))

    @rule(owner=owners, stage=texts, progress=st.floats(0, 1))
    def heartbeat(self, owner: str, stage: str, progress: float) -> None:
        self.both(lambda store: store.jobs.heartbeat(newest(store), owner, stage, progress))

    @rule(
        status=st.sampled_from([status for status in JobStatus if status.ended]),
        error=st.none() | texts,
        result=results,
    )
    def finish(self, status: JobStatus, error: str | None, result: dict[str, Any] | None) -> None:
        self.both(lambda store: store.jobs.finish(newest(store), status, error, result))

    @rule()
    def request_cancel(self) -> None:
        self.both(lambda store: store.jobs.request_cancel(newest(store)))

    @rule(seconds=durations, error=texts)
    def expire(self, seconds: float, error: str) -> None:
        self.both(lambda store: store.jobs.expire(seconds, error))

    @rule(seconds=durations, limit=st.integers(0, 3))
    def remove_old(self, seconds: float, limit: int) -> None:
        self.both(lambda store: store.jobs.remove_ended(seconds, limit))
        self.both(lambda store: store.personas.remove_changes(seconds, limit))

    @rule(limit=st.integers(1, 5), at=times, job_id=job_ids)
    def latest(self, limit: int, at: datetime, job_id: str) -> None:
        self.both(lambda store: store.jobs.latest(limit))
        self.both(lambda store: store.jobs.seconds_since_latest())
        self.both(lambda store: store.jobs.latest(limit, (at, job_id)))


def outcome(call: Callable[[Store], object], store: Store) -> object:
    """The result of a call, or the error that it raises."""
    try:
        return call(store)
    except StoreError as error:
        return type(error), str(error)


def newest(store: Store) -> str:
    jobs = store.jobs.latest(1)
    return jobs[0].id if jobs else "none"


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
