"""Every `IdempotencyStore`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from service.store.ports.idempotency import IdempotencyStore, StoredResponse
from tests.contract.support.records import NOW


def claim(idempotency: IdempotencyStore, at: datetime = NOW, digest: str = "d") -> StoredResponse | None:
    return idempotency.claim("key", digest, at, at - timedelta(hours=24), at - timedelta(minutes=1))


def test_second_claim_returns_the_digest_of_the_first_and_then_its_response(
    idempotency: IdempotencyStore,
) -> None:
    assert claim(idempotency) is None
    assert claim(idempotency, digest="other") == StoredResponse("d")
    idempotency.complete("key", 202, {"Location": "/x"}, "{}")
    assert claim(idempotency) == StoredResponse("d", 202, {"Location": "/x"}, "{}")


def test_released_key_is_free(idempotency: IdempotencyStore) -> None:
    claim(idempotency)
    idempotency.release("key")
    assert claim(idempotency) is None


def test_claim_without_a_response_is_free_once_abandoned(idempotency: IdempotencyStore) -> None:
    claim(idempotency)
    assert claim(idempotency, NOW + timedelta(seconds=59)) is not None
    assert claim(idempotency, NOW + timedelta(seconds=61)) is None


def test_response_is_stored_until_it_expires(idempotency: IdempotencyStore) -> None:
    claim(idempotency)
    idempotency.complete("key", 200, {}, "{}")
    assert claim(idempotency, NOW + timedelta(hours=23)) is not None
    assert claim(idempotency, NOW + timedelta(hours=25)) is None


def test_complete_without_a_claim_stores_nothing(idempotency: IdempotencyStore) -> None:
    idempotency.complete("key", 200, {}, "{}")
    assert claim(idempotency) is None


def test_one_of_several_concurrent_claims_succeeds(idempotency: IdempotencyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = pool.map(lambda _: claim(idempotency) is None, range(8))
        assert sorted(claimed) == [False] * 7 + [True]
