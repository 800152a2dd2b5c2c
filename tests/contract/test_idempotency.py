"""Every `IdempotencyStore`."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.store.ports.idempotency import Claim, ClaimLost, IdempotencyStore, StoredResponse
from service.store.ports.jobs import JobNotFound, JobRunning
from service.store.ports.store import Store
from tests.contract.support.clocks import SettableClock
from tests.contract.support.records import NOW, queued_job

CLAIM = Claim("key", NOW)
MINUTES, HOURS = 60.0, 3_600.0


def claim(idempotency: IdempotencyStore, digest: str = "d") -> Claim | StoredResponse:
    return idempotency.claim("key", digest, lifetime=24 * HOURS, abandoned_after=1 * MINUTES)


def test_second_claim_returns_the_digest_of_the_first_and_then_its_response(
    idempotency: IdempotencyStore,
) -> None:
    assert claim(idempotency) == CLAIM
    assert claim(idempotency, digest="other") == StoredResponse("d")
    idempotency.complete(CLAIM, 202, {"Location": "/x"}, "{}")
    assert claim(idempotency) == StoredResponse("d", 202, {"Location": "/x"}, "{}")


def test_released_key_is_free(idempotency: IdempotencyStore) -> None:
    claim(idempotency)
    idempotency.release(CLAIM)
    assert claim(idempotency) == CLAIM


def test_claim_without_a_response_is_free_once_abandoned(
    idempotency: IdempotencyStore, clock: SettableClock
) -> None:
    claim(idempotency)
    clock.advance(60.0)
    assert claim(idempotency) == StoredResponse("d")
    clock.advance(0.001)
    assert claim(idempotency) == Claim("key", clock.at)


def test_response_is_stored_until_it_expires(idempotency: IdempotencyStore, clock: SettableClock) -> None:
    claim(idempotency)
    idempotency.complete(CLAIM, 200, {}, "{}")
    clock.advance(23 * HOURS)
    assert claim(idempotency) == StoredResponse("d", 200, {}, "{}")
    clock.advance(2 * HOURS)
    assert claim(idempotency) == Claim("key", clock.at)


def test_complete_without_a_claim_stores_nothing(idempotency: IdempotencyStore) -> None:
    idempotency.complete(CLAIM, 200, {}, "{}")
    assert claim(idempotency) == CLAIM


def test_one_of_several_concurrent_claims_succeeds(idempotency: IdempotencyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = pool.map(lambda _: claim(idempotency) == CLAIM, range(8))
        assert sorted(claimed) == [False] * 7 + [True]


def test_job_is_stored_with_the_key_of_the_request_that_starts_it(store: Store) -> None:
    claim(store.idempotency)
    store.jobs.start(queued_job("job"), CLAIM)
    assert claim(store.idempotency) == StoredResponse("d", job_id="job")
    store.idempotency.complete(CLAIM, 202, {}, "{}")
    assert claim(store.idempotency) == StoredResponse("d", 202, {}, "{}", "job")


def test_key_of_a_started_job_is_neither_released_nor_abandoned(store: Store, clock: SettableClock) -> None:
    claim(store.idempotency)
    store.jobs.start(queued_job("job"), CLAIM)
    store.idempotency.release(CLAIM)
    clock.advance(2 * MINUTES)
    assert claim(store.idempotency) == StoredResponse("d", job_id="job")
    clock.advance(25 * HOURS)
    assert claim(store.idempotency) == Claim("key", clock.at)


def test_refused_job_is_not_stored_with_the_key(store: Store) -> None:
    store.jobs.start(queued_job("first"))
    claim(store.idempotency)
    with pytest.raises(JobRunning):
        store.jobs.start(queued_job("second"), CLAIM)
    assert claim(store.idempotency) == StoredResponse("d")


def test_request_whose_claim_was_given_up_starts_no_job(store: Store, clock: SettableClock) -> None:
    claim(store.idempotency)
    clock.advance(2 * MINUTES)
    later = claim(store.idempotency)
    assert later == Claim("key", clock.at)
    with pytest.raises(ClaimLost):
        store.jobs.start(queued_job("late"), CLAIM)
    with pytest.raises(JobNotFound):
        store.jobs.get("late")
    store.idempotency.complete(CLAIM, 200, {}, "{}")
    store.idempotency.release(CLAIM)
    assert claim(store.idempotency) == StoredResponse("d")
    assert store.jobs.start(queued_job("job"), later).id == "job"
