"""What is too much is refused at once, with the time after which to try again."""

import asyncio

import pytest

from service.limits import Bulkhead, FifoSemaphore, Overloaded, RateExceeded, TokenBucket


def test_a_bucket_gives_what_it_holds_and_then_says_how_long_to_wait() -> None:
    bucket = TokenBucket(rate=0.1, size=3)
    for _ in range(3):
        bucket.take()
    with pytest.raises(RateExceeded, match=r"0\.1 times a second") as refusal:
        bucket.take()
    assert 9 <= refusal.value.retry_after <= 10


def test_a_bucket_fills_with_time_and_never_over_its_size() -> None:
    bucket = TokenBucket(rate=10, size=2)
    bucket.filled_at -= 60
    bucket.take()
    bucket.take()
    with pytest.raises(RateExceeded):
        bucket.take()
    bucket.filled_at -= 0.1
    bucket.take()


def test_a_lane_has_its_places_and_gets_them_back() -> None:
    lane = Bulkhead(2)
    with lane.place(), lane.place(), pytest.raises(Overloaded), lane.place():
        pass
    with pytest.raises(KeyError), lane.place():
        raise KeyError
    assert lane.taken == 0


def test_turns_are_taken_in_order_and_too_many_are_refused() -> None:
    async def scenario() -> list[int]:
        turns, order = FifoSemaphore(3), list[int]()

        async def work(number: int) -> None:
            async with turns:
                order.append(number)
                await asyncio.sleep(0)

        waiting = [asyncio.create_task(work(number)) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await work(3)
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await work(4)
        return order

    assert asyncio.run(scenario()) == [0, 2, 4]
