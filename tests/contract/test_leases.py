"""Every `LeaseStore`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.store.ports.leases import LeaseStore
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NOW


def test_lease_has_one_owner_until_it_expires(leases: LeaseStore, clock: SettableClock) -> None:
    lease = leases.take("work", "me", 1.0)
    assert lease is not None
    assert lease.expires_at == NOW + timedelta(seconds=1)
    assert leases.take("work", "you", 1.0) is None
    assert leases.take("work", "me", 2.0) is not None
    assert leases.take("other work", "you", 1.0) is not None
    clock.advance(2.0)
    assert leases.take("work", "you", 1.0) is None
    clock.advance(0.001)
    assert leases.take("work", "you", 1.0) is not None


def test_next_owner_gets_the_state_of_the_last(leases: LeaseStore, clock: SettableClock) -> None:
    leases.take("work", "me", 1.0)
    assert leases.save_state("work", "me", {"cursor": "anne"})
    clock.advance(2.0)
    lease = leases.take("work", "you", 1.0)
    assert lease is not None
    assert (lease.owner, lease.state) == ("you", {"cursor": "anne"})


def test_only_the_owner_saves_state(leases: LeaseStore, clock: SettableClock) -> None:
    leases.take("work", "me", 1.0)
    assert not leases.save_state("work", "you", {"cursor": "zoë"})
    clock.advance(2.0)
    leases.take("work", "you", 1.0)
    assert not leases.save_state("work", "me", {})
    assert not leases.save_state("other work", "me", {})


def test_state_is_not_shared_with_the_caller(leases: LeaseStore) -> None:
    leases.take("work", "me", 1.0)
    state = {"cursor": "anne"}
    leases.save_state("work", "me", state)
    state["cursor"] = "zoë"
    lease = leases.take("work", "me", 1.0)
    assert lease is not None
    assert lease.state == {"cursor": "anne"}


def test_one_of_several_concurrent_takers_gets_the_lease(leases: LeaseStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = pool.map(lambda n: leases.take("work", f"w{n}", 1.0) is not None, range(8))
        assert sorted(taken) == [False] * 7 + [True]
