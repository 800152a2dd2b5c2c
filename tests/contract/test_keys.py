"""What every store promises about API keys."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.store.ports.keys import KeyNotFound, StoredKey
from service.store.ports.store import Store

NOW = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = StoredKey(
    prefix="0a1b2c3d",
    digest="ab" * 32,
    name="recommender",
    scopes=("users:read", "personas:read"),
    created_at=NOW,
    expires_at=NOW + 24 * HOUR,
)


def test_a_key_is_kept_as_it_was_given(store: Store) -> None:
    assert store.keys.add(KEY)
    assert store.keys.all() == [KEY]


def test_there_are_no_keys_before_one_is_added(store: Store) -> None:
    assert store.keys.all() == []


def test_keys_come_oldest_first(store: Store) -> None:
    store.keys.add(replace(KEY, prefix="00000002", created_at=NOW + HOUR))
    store.keys.add(replace(KEY, prefix="00000001", created_at=NOW + HOUR))
    store.keys.add(KEY)
    assert [key.prefix for key in store.keys.all()] == [KEY.prefix, "00000001", "00000002"]


def test_a_prefix_is_given_once(store: Store) -> None:
    store.keys.add(KEY)
    assert not store.keys.add(replace(KEY, digest="cd" * 32))
    assert store.keys.all() == [KEY]


def test_a_revoked_key_stays_with_the_time_of_its_first_revocation(store: Store) -> None:
    store.keys.add(KEY)
    revoked = store.keys.revoke(KEY.prefix, NOW + HOUR)
    assert revoked == replace(KEY, revoked_at=NOW + HOUR)
    assert store.keys.revoke(KEY.prefix, NOW + 2 * HOUR) == revoked
    assert store.keys.all() == [revoked]
    assert not revoked.works_at(NOW)


def test_a_key_may_end_earlier_and_never_later(store: Store) -> None:
    store.keys.add(KEY)
    assert store.keys.expire(KEY.prefix, NOW + HOUR).expires_at == NOW + HOUR
    assert store.keys.expire(KEY.prefix, NOW + 5 * HOUR).expires_at == NOW + HOUR


def test_a_key_without_an_end_is_given_one(store: Store) -> None:
    store.keys.add(replace(KEY, expires_at=None))
    assert store.keys.expire(KEY.prefix, NOW + HOUR) == replace(KEY, expires_at=NOW + HOUR)


@pytest.mark.parametrize("prefix", ["", "nobody", "nul\0", "half \ud800", "x" * 300])
def test_a_key_that_is_not_there_is_said_not_to_be(store: Store, prefix: str) -> None:
    with pytest.raises(KeyNotFound):
        store.keys.revoke(prefix, NOW)
    with pytest.raises(KeyNotFound):
        store.keys.expire(prefix, NOW)


def test_every_change_is_told_by_another_number(store: Store) -> None:
    numbers = [store.keys.change_count()]
    store.keys.add(KEY)
    numbers.append(store.keys.change_count())
    store.keys.expire(KEY.prefix, NOW + HOUR)
    numbers.append(store.keys.change_count())
    store.keys.revoke(KEY.prefix, NOW)
    numbers.append(store.keys.change_count())
    assert len(set(numbers)) == 4


def test_use_is_no_change_and_is_kept_by_its_latest_time(store: Store) -> None:
    store.keys.add(KEY)
    before = store.keys.change_count()
    store.keys.record_use({KEY.prefix: NOW + HOUR, "nobody": NOW})
    store.keys.record_use({KEY.prefix: NOW})
    store.keys.record_use({})
    assert store.keys.all() == [replace(KEY, last_used_at=NOW + HOUR)]
    assert store.keys.change_count() == before


def test_no_change_is_lost_when_many_are_made_at_once(store: Store) -> None:
    before, start = store.keys.change_count(), threading.Barrier(8)

    def add(number: int) -> bool:
        start.wait()
        return store.keys.add(replace(KEY, prefix=f"{number:08x}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(8)))
    assert store.keys.change_count() == before + 8
    assert len(store.keys.all()) == 8
