"""How long users, notices of erasures and the audit trail stay."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.store.memory.store import MemoryStore
from service.store.ports.audit import AuditEntry
from service.store.ports.personas import ChangeCause
from testkit.waiting import eventually

LONG_AGO = datetime.now(UTC) - timedelta(days=3)


def maintained(settings: Settings, store: MemoryStore, **days: int) -> TestClient:
    """A service whose maintenance has begun to run; without a model, so that nobody is assigned meanwhile."""
    quick = settings.model_copy(update={"upkeep_seconds": 0.05} | days)
    return TestClient(create_app(quick, store=store))


def fill(store: MemoryStore) -> None:
    """Users, an objection and audit entries of three days ago, and one of each of today."""
    for user_id in ("old", "objector", "erased"):
        store.users.put(user_id, '{"age": 30}', LONG_AGO, None)
    store.users.opt_out("objector", LONG_AGO)
    store.rights.erase("erased", LONG_AGO)
    store.users.put("new", "{}", datetime.now(UTC), None)
    for at in (LONG_AGO, datetime.now(UTC)):
        store.audit.record(AuditEntry(at=at, actor="me", action="act"))


def erasures(store: MemoryStore) -> list[str | None]:
    entries = store.feed.entries(None, 100) or ()
    return [entry.user_id for entry in entries if entry.cause is ChangeCause.ERASED]


def test_users_who_were_not_written_for_long_are_erased_and_may_come_back(
    settings: Settings, store: MemoryStore
) -> None:
    fill(store)
    with maintained(settings, store, keep_users_days=1, keep_erasure_notices_days=1) as client:
        eventually(lambda: store.users.get("old") is None and erasures(store) == ["objector", "old"])
        assert client.put("/users/old/profile", json={"age": 40}).status_code == 201
        assert client.put("/users/erased/profile", json={"age": 40}).status_code == 409
    objector = store.users.get("objector")
    assert objector is not None
    assert (objector.opted_out, objector.profile_json) == (True, None)
    assert store.users.get("new") is not None
    (entry, *_) = store.audit.latest(1)
    assert (entry.actor, entry.action, entry.details) == ("retention", "users.expire", {"users": 2})


def test_audit_entries_go_at_their_age(settings: Settings, store: MemoryStore) -> None:
    fill(store)
    with maintained(settings, store, keep_audit_days=1):
        eventually(lambda: len(store.audit.latest(10)) == 1)


def test_no_notice_stays_with_zero_days(settings: Settings, store: MemoryStore) -> None:
    fill(store)
    store.rights.erase("new", datetime.now(UTC) - timedelta(seconds=1))
    with maintained(settings, store, keep_erasure_notices_days=0):
        eventually(lambda: erasures(store) == [])


@pytest.mark.parametrize("setting", ["keep_users_days", "keep_audit_days"])
def test_nothing_goes_where_it_stays_for_ever(settings: Settings, store: MemoryStore, setting: str) -> None:
    fill(store)
    with maintained(settings, store, keep_erasure_notices_days=1, **{setting: 0}):
        # Notices are the last that the maintenance looks at.
        eventually(lambda: erasures(store) == [])
    expected = {"keep_users_days": 3, "keep_audit_days": 2}[setting]
    assert {"keep_users_days": store.users.count(), "keep_audit_days": len(store.audit.latest(9))}[
        setting
    ] == expected
