"""Random sequences of calls: the store in SQL returns what the store in memory returns."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.store.ports.audit import AuditEntry
from service.store.ports.errors import StoreError
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import JobStatus
from service.store.ports.keys import StoredKey
from service.store.ports.personas import ChangeCause, PersonaOverride
from service.store.ports.store import Store
from service.store.ports.texts import legible
from service.store.ports.users import AssignmentUpdate, StoredAssignment, StoredUser, UserErased
from service.store.sql.migrate import migrate
from service.store.sql.store import SqlStore
from tests.contract.support.clocks import SettableClock, memory_store
from tests.contract.support.records import NOW, assigned, queued_job, stored_user

texts = st.text(max_size=12)
user_ids = st.sampled_from(["a", "B", "ä", "😀", "nul\0", ""]) | texts
few_ids = st.sampled_from(["r", "s", "line\n", ""])
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

    @rule(ids=st.lists(user_ids, max_size=4), padding=st.sampled_from([0, 20]), text=texts, assignment=assignments)
    def put_many(self, ids: list[str], padding: int, text: str, assignment: StoredAssignment) -> None:
        # A store may write many users by another statement than few.
        others = [f"other {number}" for number in range(padding)]
        writes = [stored_user(user_id, text, 1, NOW, assignment) for user_id in [*ids, *others]]
        self.both(lambda store: list(map(plain, store.users.put_many(writes))))

    @rule(user_id=user_ids, recipient_id=few_ids, text=texts, at=times)
    def put_recipient(self, user_id: str, recipient_id: str, text: str, at: datetime) -> None:
        self.both(lambda store: store.users.put_recipient(user_id, recipient_id, text, at))
        self.both(lambda store: store.users.recipients([user_id, "a"]))

    @rule(user_id=user_ids, recipient_id=few_ids, at=times)
    def remove_recipient(self, user_id: str, recipient_id: str, at: datetime) -> None:
        self.both(lambda store: store.users.remove_recipient(user_id, recipient_id, at))

    @rule(user_id=user_ids, at=times)
    def opt_out(self, user_id: str, at: datetime) -> None:
        self.both(lambda store: store.users.opt_out(user_id, at))

    @rule(user_id=user_ids, at=times)
    def opt_in(self, user_id: str, at: datetime) -> None:
        self.both(lambda store: store.users.opt_in(user_id, at))

    @rule(user_id=user_ids, at=times, notice=st.booleans())
    def erase(self, user_id: str, at: datetime, notice: bool) -> None:
        self.both(lambda store: store.rights.erase(user_id, at, notice))
        self.both(lambda store: store.rights.erased([user_id, "a", "B"]))

    @rule(user_id=user_ids)
    def remove_tombstone(self, user_id: str) -> None:
        self.both(lambda store: store.rights.remove_tombstone(user_id))

    @rule(seconds=durations, at=times, notice=st.booleans())
    def remove_untouched(self, seconds: float, at: datetime, notice: bool) -> None:
        # All of them: which of two of the same age goes first is open.
        self.both(lambda store: store.rights.remove_untouched(seconds, 1_000, at, notice))

    @rule(seconds=durations)
    def remove_notices(self, seconds: float) -> None:
        self.both(lambda store: store.rights.remove_notices(seconds, 1_000))

    @rule(at=times)
    def record_model_change(self, at: datetime) -> None:
        self.both(lambda store: store.feed.record_model_change(at))

    @rule(number=st.integers(0, 9), persona_id=st.sampled_from(["p", "q"]), user_id=user_ids)
    def feed(self, number: int, persona_id: str, user_id: str) -> None:
        self.both(lambda store: store.feed.entries(None, 1_000))
        self.both(lambda store: store.feed.entries(number, 3))
        self.both(lambda store: store.feed.latest())
        self.both(lambda store: store.users.members(persona_id, user_id, 3))

    @rule(day=times.map(datetime.date))
    def movements(self, day: date) -> None:
        self.both(lambda store: sorted(map(repr, store.feed.movements(day, day))))
        self.both(lambda store: store.feed.sizes(day))

    @rule(at=times, actor=texts, subject=texts, details=results, seconds=durations, limit=st.integers(0, 3))
    def audit(
        self, at: datetime, actor: str, subject: str, details: dict[str, Any] | None, seconds: float, limit: int
    ) -> None:
        entry = AuditEntry(at=at, actor=actor, action="act", subject=subject, details=details or {})
        self.both(lambda store: store.audit.record(entry))
        self.both(lambda store: store.audit.remove_entries(seconds, limit))
        self.both(lambda store: store.audit.latest(10))

    @invariant()
    def counts_are_those_of_a_scan(self) -> None:
        for store in self.stores:
            assert store.feed.users_by_persona() == store.feed.counted_from_scratch()

    @rule(ids=st.lists(user_ids, max_size=5))
    def get_many(self, ids: list[str]) -> None:
        self.both(lambda store: [store.users.get(user_id) for user_id in ids])
        self.both(lambda store: store.users.get_many(ids))
        self.both(lambda store: store.users.assignments(ids))

    @rule(
        batch=st.lists(updates, max_size=5), cause=st.sampled_from([ChangeCause.MODEL_CHANGED, ChangeCause.MANUAL])
    )
    def update_assignments(self, batch: list[AssignmentUpdate], cause: ChangeCause) -> None:
        self.both(lambda store: store.users.update_assignments(batch, cause))

    @rule(version=versions, after=user_ids, limit=st.integers(1, 4))
    def stale(self, version: str, after: str, limit: int) -> None:
        self.both(lambda store: store.users.stale(version, after, limit))
        self.both(lambda store: store.users.tally(version))

    @rule(user_id=user_ids)
    def changes(self, user_id: str) -> None:
        self.both(lambda store: store.personas.changes(user_id, 100))

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


def plain(result: StoredUser | UserErased) -> object:
    """Errors compare by identity."""
    return type(result) if isinstance(result, UserErased) else result


def newest(store: Store) -> str:
    jobs = store.jobs.latest(1)
    return jobs[0].id if jobs else "none"


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=30, stateful_step_count=60, deadline=None)
