"""One call of every method of every port, and the list of those methods, read from the protocols.

In this order every call succeeds in an empty store.
"""

from collections.abc import Callable, Iterator
from typing import get_type_hints

from service.store.ports.audit import AuditEntry
from service.store.ports.idempotency import Claim
from service.store.ports.jobs import JobStatus
from service.store.ports.keys import StoredKey
from service.store.ports.personas import PersonaOverride
from service.store.ports.store import Store
from service.store.ports.users import AssignmentUpdate
from tests.contract.support.records import NOW, OLD, assigned, queued_job, stored_user

JOB_ID = "0" * 32
OVERRIDE = PersonaOverride(
    persona_id="p_1", name="Ours", sentence=None, note=None, revision=1, edited_at=NOW, edited_by="Zoë"
)
CLAIM = Claim("key", NOW)
ENTRY = AuditEntry(at=NOW, actor="key 0a1b2c3d (app)", action="users.erase", subject="ab")
KEY = StoredKey(prefix="0a1b2c3d", digest="ab" * 32, name="app", scopes=("users:read",), created_at=NOW)

CALLS: dict[str, Callable[[Store], object]] = {
    "check": lambda store: store.check(),
    "users.put": lambda store: store.users.put("u", "{}", NOW, None),
    "users.submit": lambda store: store.users.submit("u", "{}", NOW, None).result(timeout=30),
    "users.put_many": lambda store: store.users.put_many([stored_user("u", "{}", 1, NOW, None)]),
    "users.get": lambda store: store.users.get("u"),
    "users.get_many": lambda store: store.users.get_many(["u"]),
    "users.assignments": lambda store: store.users.assignments(["u"]),
    "users.assignments_nowait": lambda store: store.users.assignments_nowait(["u"]),
    "users.assignments_after": lambda store: store.users.assignments_after("", 10),
    "users.update_assignments": lambda store: store.users.update_assignments(
        [AssignmentUpdate("u", 1, assigned("p_1"))]
    ),
    "users.stale": lambda store: store.users.stale(OLD, "", 10),
    "users.members": lambda store: store.users.members("p_1", "", 10),
    "users.put_recipient": lambda store: store.users.put_recipient("u", "r", "{}", NOW),
    "users.recipients": lambda store: store.users.recipients(["u"]),
    "users.remove_recipient": lambda store: store.users.remove_recipient("u", "r", NOW),
    "users.opt_out": lambda store: store.users.opt_out("u", NOW),
    "users.opt_in": lambda store: store.users.opt_in("u", NOW),
    "users.iterate": lambda store: list(store.users.iterate(10)),
    "users.count": lambda store: store.users.count(),
    "users.tally": lambda store: store.users.tally(OLD),
    "jobs.start": lambda store: store.jobs.start(queued_job(JOB_ID)),
    "jobs.get": lambda store: store.jobs.get(JOB_ID),
    "jobs.latest": lambda store: store.jobs.latest(10),
    "jobs.heartbeat": lambda store: store.jobs.heartbeat(JOB_ID, "me", "reading", 0.1),
    "jobs.finish": lambda store: store.jobs.finish(JOB_ID, JobStatus.SUCCEEDED),
    "jobs.request_cancel": lambda store: store.jobs.request_cancel(JOB_ID),
    "jobs.expire": lambda store: store.jobs.expire(60.0, "no heartbeat"),
    "jobs.remove_ended": lambda store: store.jobs.remove_ended(60.0, 10),
    "jobs.seconds_since_latest": lambda store: store.jobs.seconds_since_latest(),
    "personas.changes": lambda store: store.personas.changes("u", 10),
    "personas.remove_changes": lambda store: store.personas.remove_changes(60.0, 10),
    "personas.overrides": lambda store: store.personas.overrides(),
    "personas.change_override": lambda store: store.personas.change_override(lambda _: OVERRIDE),
    "feed.entries": lambda store: store.feed.entries(0, 10),
    "feed.latest": lambda store: store.feed.latest(),
    "feed.record_model_change": lambda store: store.feed.record_model_change(NOW),
    "feed.users_by_persona": lambda store: store.feed.users_by_persona(),
    "feed.movements": lambda store: store.feed.movements(NOW.date(), NOW.date()),
    "feed.sizes": lambda store: store.feed.sizes(NOW.date()),
    "feed.counted_from_scratch": lambda store: store.feed.counted_from_scratch(),
    "rights.erased": lambda store: store.rights.erased(["u"]),
    "rights.erase": lambda store: store.rights.erase("u", NOW),
    "rights.remove_tombstone": lambda store: store.rights.remove_tombstone("u"),
    "rights.subject": lambda store: store.rights.subject("u"),
    "rights.remove_untouched": lambda store: store.rights.remove_untouched(60.0, 10, NOW),
    "rights.remove_notices": lambda store: store.rights.remove_notices(60.0, 10),
    "audit.record": lambda store: store.audit.record(ENTRY),
    "audit.latest": lambda store: store.audit.latest(10),
    "audit.remove_entries": lambda store: store.audit.remove_entries(60.0, 10),
    "leases.take": lambda store: store.leases.take("work", "me", 1.0),
    "leases.save_state": lambda store: store.leases.save_state("work", "me", {}),
    "idempotency.claim": lambda store: store.idempotency.claim("key", "digest", 60.0, 1.0),
    "idempotency.complete": lambda store: store.idempotency.complete(CLAIM, 200, {}, "{}"),
    "idempotency.release": lambda store: store.idempotency.release(CLAIM),
    "keys.change_count": lambda store: store.keys.change_count(),
    "keys.all": lambda store: store.keys.all(),
    "keys.add": lambda store: store.keys.add(KEY),
    "keys.revoke": lambda store: store.keys.revoke(KEY.prefix, NOW),
    "keys.expire": lambda store: store.keys.expire(KEY.prefix, NOW),
    "keys.record_use": lambda store: store.keys.record_use({KEY.prefix: NOW}),
}


def declared_methods() -> Iterator[str]:
    """The name of every public method of `Store` and its ports, `close` excepted, as `port.method`."""
    for name, member in _public_members(Store):
        if isinstance(member, property):
            port = get_type_hints(member.fget)["return"]
            yield from (f"{name}.{method}" for method, _ in _public_members(port))
        elif name != "close":
            yield name


def _public_members(protocol: type) -> list[tuple[str, object]]:
    return [(name, member) for name, member in vars(protocol).items() if not name.startswith("_")]
