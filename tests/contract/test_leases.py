"""Every `LeaseStore`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.store.ports.leases import LeaseStore
from tests.contract.support.records import NOW

SECOND = timedelta(seconds=1)


def test_lease_has_one_owner_until_it_expires(leases: LeaseStore) -> None:
    assert leases.take("work", "me", NOW, NOW + SECOND) is not None
    assert leases.take("work", "you", NOW, NOW + SECOND) is None
    assert leases.take("work", "me", NOW, NOW + 2 * SECOND) is not None
    assert leases.take("other work", "you", NOW, NOW + SECOND) is not None
    assert leases.take("work", "you", NOW + 3 * SECOND, NOW + 4 * SECOND) is not None


def test_next_owner_gets_the_state_of_the_last(leases: LeaseStore) -> None:
    leases.take("work", "me", NOW, NOW + SECOND)
    assert leases.save_state("work", "me", {"cursor": "anne"})
    lease = leases.take("work", "you", NOW + 2 * SECOND, NOW + 3 * SECOND)
    assert lease is not None
    assert (lease.owner, lease.state) == ("you", {"cursor": "anne"})


def test_only_the_owner_saves_state(leases: LeaseStore) -> None:
    leases.take("work", "me", NOW, NOW + SECOND)
    assert not leases.save_state("work", "you", {"cursor": "zoë"})
    leases.take("work", "you", NOW + 2 * SECOND, NOW + 3 * SECOND)
    assert not leases.save_state("work", "me", {})
    assert not leases.save_state("other work", "me", {})


def test_state_is_not_shared_with_the_caller(leases: LeaseStore) -> None:
    leases.take("work", "me", NOW, NOW + SECOND)
    state = {"cursor": "anne"}
    leases.save_state("work", "me", state)
    state["cursor"] = "zoë"
    lease = leases.take("work", "me", NOW, NOW + SECOND)
    assert lease is not None
    assert lease.state == {"cursor": "anne"}


def test_one_of_several_concurrent_takers_gets_the_lease(leases: LeaseStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = pool.map(lambda n: leases.take("work", f"w{n}", NOW, NOW + SECOND) is not None, range(8))
        assert sorted(taken) == [False] * 7 + [True]
