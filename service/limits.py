"""What bounds the load of one worker: a rate limiter for each key, and two ways to limit concurrency.

None of them queues without a limit: a request too many is refused immediately, with the time after which to retry.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, ParamSpec, TypeVar

from models.errors import SegmentsError

P = ParamSpec("P")
T = TypeVar("T")


class LimitExceeded(SegmentsError):
    """A limit is exceeded; `retry_after` in whole seconds."""

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class RateExceeded(LimitExceeded):
    """A key sends more requests than its rate allows."""


class Overloaded(LimitExceeded):
    """This worker has no capacity for one more request."""

    def __init__(self) -> None:
        super().__init__("This worker is at its capacity; send the same request again in a moment.", 1)


@dataclass(slots=True)
class TokenBucket:
    """A rate limiter: refilled by `rate` tokens a second up to `size`; each request takes one. Not thread-safe."""

    rate: float
    size: float
    tokens: float = field(default=-1.0)
    filled_at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens, self.filled_at = self.size, time.monotonic()

    def take(self) -> None:
        """Take one token. Raises `RateExceeded`."""
        now = time.monotonic()
        tokens = min(self.size, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if tokens < 1.0:
            self.tokens = tokens
            raise RateExceeded(
                f"This key may send {self.rate:g} requests a second to each worker; wait as Retry-After says.",
                max(1, math.ceil((1.0 - tokens) / self.rate)),
            )
        self.tokens = tokens - 1.0


@dataclass(slots=True)
class Bulkhead:
    """At most `capacity` requests of one kind at a time. Not thread-safe."""

    capacity: int
    in_use: int = 0

    @property
    def free(self) -> int:
        """The number of free slots."""
        return self.capacity - self.in_use

    def acquire(self) -> None:
        """Take a slot. Raises `Overloaded` where none is free."""
        if self.in_use >= self.capacity:
            raise Overloaded
        self.in_use += 1

    def release(self) -> None:
        """Give a slot back."""
        self.in_use -= 1

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot of the bulkhead. Raises `Overloaded` where none is free."""
        self.acquire()
        try:
            yield
        finally:
            self.release()


class FifoSemaphore(asyncio.Semaphore):
    """One holder at a time, in the order of arrival; at most `capacity` hold it or wait for it."""

    def __init__(self, capacity: int) -> None:
        super().__init__(1)
        self._capacity, self._admitted = capacity, 0

    async def acquire(self) -> Literal[True]:
        """Wait to hold the semaphore. Raises `Overloaded`."""
        if self._admitted >= self._capacity:
            raise Overloaded
        self._admitted += 1
        try:
            return await super().acquire()
        except BaseException:
            self._admitted -= 1
            raise

    def release(self) -> None:
        """Let the next in line hold the semaphore."""
        self._admitted -= 1
        super().release()


class StoreThreads:
    """Threads for calls of the store from the event loop, and for nothing else.

    A store that hangs fills these; the default executor goes on computing batches.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="store")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call returns, or raises, that may wait for the store."""
        work = partial(copy_context().run, partial(call, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Begin no further call."""
        self._threads.shutdown(wait=False, cancel_futures=True)
