"""Every `AuditStore`."""

from dataclasses import replace
from datetime import timedelta

from service.store.ports.audit import AuditEntry
from service.store.ports.store import Store
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NOW

ENTRY = AuditEntry(at=NOW, actor="key 0a1b2c3d (Zoë 😀)", action="users.erase", subject="ab", details={"users": 3})


def record(store: Store, count: int) -> None:
    for number in range(count):
        at = NOW + timedelta(seconds=number)
        store.audit.record(replace(ENTRY, at=at, details={"number": number}))


def numbers(entries: list[AuditEntry]) -> list[int]:
    return [entry.details["number"] for entry in entries]


def test_entry_is_stored_unchanged(store: Store) -> None:
    store.audit.record(ENTRY)
    (stored,) = store.audit.latest(10)
    assert stored == replace(ENTRY, id=stored.id)


def test_text_that_cannot_be_stored_is_made_legible(store: Store) -> None:
    store.audit.record(replace(ENTRY, actor="nul\0", subject="half \ud800"))
    (stored,) = store.audit.latest(10)
    assert (stored.actor, stored.subject) == ("nul\ufffd", "half \ufffd")


def test_entries_are_listed_latest_first_page_by_page(store: Store) -> None:
    record(store, 5)
    first = store.audit.latest(2)
    rest = store.audit.latest(10, first[-1].id)
    assert numbers([*first, *rest]) == [4, 3, 2, 1, 0]
    assert [entry.id for entry in first] == sorted([entry.id for entry in first], reverse=True)


def test_old_entries_are_removed_the_oldest_first_and_ids_not_given_again(
    store: Store, clock: SettableClock
) -> None:
    record(store, 4)
    highest = store.audit.latest(1)[0].id
    clock.at = NOW + timedelta(seconds=10)
    assert store.audit.remove_entries(8.5, 1) == 1
    assert store.audit.remove_entries(8.5, 10) == 1
    assert numbers(store.audit.latest(10)) == [3, 2]
    # The latest stays however old it is.
    assert store.audit.remove_entries(0.0, 10) == 1
    assert numbers(store.audit.latest(10)) == [3]
    store.audit.record(ENTRY)
    assert store.audit.latest(1)[0].id > highest
