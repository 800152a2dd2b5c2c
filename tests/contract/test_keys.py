"""Every `KeyStore`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from service.store.ports.keys import KeyNotFound, KeyStore, StoredKey
from tests.contract.support.records import NOW

HOUR = timedelta(hours=1)
KEY = StoredKey(
    prefix="0a1b2c3d",
    digest="ab" * 32,
    name="recommender",
    scopes=("users:read", "personas:read"),
    created_at=NOW,
    expires_at=NOW + 24 * HOUR,
)


def test_key_is_stored_unchanged(keys: KeyStore) -> None:
    assert keys.add(KEY)
    assert keys.all() == [KEY]


def test_new_store_has_no_keys(keys: KeyStore) -> None:
    assert keys.all() == []


def test_keys_are_listed_oldest_first(keys: KeyStore) -> None:
    keys.add(replace(KEY, prefix="00000002", created_at=NOW + HOUR))
    keys.add(replace(KEY, prefix="00000001", created_at=NOW + HOUR))
    keys.add(KEY)
    assert [key.prefix for key in keys.all()] == [KEY.prefix, "00000001", "00000002"]


def test_taken_prefix_is_refused(keys: KeyStore) -> None:
    keys.add(KEY)
    assert not keys.add(replace(KEY, digest="cd" * 32))
    assert keys.all() == [KEY]


def test_revoked_key_keeps_its_first_revocation_time(keys: KeyStore) -> None:
    keys.add(KEY)
    revoked = keys.revoke(KEY.prefix, NOW + HOUR)
    assert revoked == replace(KEY, revoked_at=NOW + HOUR)
    assert keys.revoke(KEY.prefix, NOW + 2 * HOUR) == revoked
    assert keys.all() == [revoked]
    assert not revoked.works_at(NOW)


def test_expiry_is_moved_earlier_and_never_later(keys: KeyStore) -> None:
    keys.add(KEY)
    assert keys.expire(KEY.prefix, NOW + HOUR).expires_at == NOW + HOUR
    assert keys.expire(KEY.prefix, NOW + 5 * HOUR).expires_at == NOW + HOUR


def test_key_without_an_expiry_gets_one(keys: KeyStore) -> None:
    keys.add(replace(KEY, expires_at=None))
    assert keys.expire(KEY.prefix, NOW + HOUR) == replace(KEY, expires_at=NOW + HOUR)


@pytest.mark.parametrize("prefix", ["", "nobody", "nul\0", "half \ud800", "x" * 300])
def test_unknown_key_is_not_found(keys: KeyStore, prefix: str) -> None:
    with pytest.raises(KeyNotFound):
        keys.revoke(prefix, NOW)
    with pytest.raises(KeyNotFound):
        keys.expire(prefix, NOW)


def test_every_change_changes_the_count(keys: KeyStore) -> None:
    numbers = [keys.change_count()]
    keys.add(KEY)
    numbers.append(keys.change_count())
    keys.expire(KEY.prefix, NOW + HOUR)
    numbers.append(keys.change_count())
    keys.revoke(KEY.prefix, NOW)
    numbers.append(keys.change_count())
    assert len(set(numbers)) == 4


def test_use_is_stored_with_its_latest_time_and_not_counted_as_a_change(keys: KeyStore) -> None:
    keys.add(KEY)
    before = keys.change_count()
    keys.record_use({KEY.prefix: NOW + HOUR, "nobody": NOW})
    keys.record_use({KEY.prefix: NOW})
    keys.record_use({})
    assert keys.all() == [replace(KEY, last_used_at=NOW + HOUR)]
    assert keys.change_count() == before


def test_concurrent_changes_are_all_counted(keys: KeyStore) -> None:
    before, start = keys.change_count(), threading.Barrier(8)

    def add(number: int) -> bool:
        start.wait()
        return keys.add(replace(KEY, prefix=f"{number:08x}"))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(8)))
    assert keys.change_count() == before + 8
    assert len(keys.all()) == 8
