"""Excess requests are refused immediately, with the time after which to retry."""

import asyncio

import pytest

from service.limits import Bulkhead, FifoSemaphore, Overloaded, RateExceeded, TokenBucket


def test_empty_bucket_refuses_and_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=0.1, size=3)
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateExceeded, match=r"0\.1 requests a second") as refusal:
        bucket.take()
    assert 9 <= refusal.value.retry_after <= 10


def test_bucket_refills_with_time_up_to_its_size() -> None:
    bucket = TokenBucket(rate=10, size=2)
    bucket.filled_at -= 60
    bucket.take()
    bucket.take()
    with pytest.raises(RateExceeded):
        bucket.take()
    bucket.filled_at -= 0.1
    bucket.take()


def test_full_bulkhead_refuses_and_gets_its_slots_back() -> None:
    bulkhead = Bulkhead(2)
    with bulkhead.slot(), bulkhead.slot(), pytest.raises(Overloaded), bulkhead.slot():
        pass
    with pytest.raises(KeyError), bulkhead.slot():
        raise KeyError
    assert bulkhead.in_use == 0


def test_semaphore_is_held_in_order_of_arrival_and_refuses_when_its_queue_is_full() -> None:
    async def scenario() -> list[int]:
        semaphore, order = FifoSemaphore(3), list[int]()

        async def work(number: int) -> None:
            async with semaphore:
                order.append(number)
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(work(number)) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await work(3)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await work(4)
        return order

    assert asyncio.run(scenario()) == [0, 2, 4]
