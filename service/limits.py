"""How much is let in: a bucket of tokens for each key, a lane with so many places for each kind of work.

Nothing here waits: what is too much is refused at once, with the time after which to try again.
"""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from models.errors import SegmentsError


class LimitExceeded(SegmentsError):
    """More than is let in; `retry_after` in whole seconds."""

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class RateExceeded(LimitExceeded):
    """A key asks more often than it may."""


class Overloaded(LimitExceeded):
    """As much is being done as can be done well."""


@dataclass(slots=True)
class TokenBucket:
    """`rate` tokens a second, at most `size` at once; one request takes one. Not for several threads."""

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
                f"This key may ask {self.rate:g} times a second of each worker; wait as Retry-After says.",
                max(1, math.ceil((1.0 - tokens) / self.rate)),
            )
        self.tokens = tokens - 1.0


@dataclass(slots=True)
class Bulkhead:
    """So many requests of one kind at once, and no more. Not for several threads."""

    places: int
    taken: int = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place while something is done. Raises `Overloaded`."""
        if self.taken >= self.places:
            raise overloaded()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


@dataclass(slots=True)
class Queue:
    """How many requests have wholly arrived in this worker without anybody having begun with them."""

    count: int = 0


@dataclass(slots=True)
class QueuedRequest:
    """One request on its way to an answer: it waits from when it is whole until it is begun with."""

    waiting: Queue
    whole: bool = False
    begun: bool = False

    def complete(self) -> None:
        """The last byte of it is here."""
        if not self.whole:
            self.whole = True
            self.waiting.count += not self.begun

    def begin(self) -> None:
        """It waits no more."""
        if not self.begun:
            self.begun = True
            self.waiting.count -= self.whole


class FifoSemaphore(asyncio.Semaphore):
    """One after the other, in the order of coming; at most `places` have their turn or wait for it."""

    def __init__(self, places: int) -> None:
        super().__init__(1)
        self._places, self._taken = places, 0

    async def acquire(self) -> Literal[True]:
        """Wait for the turn. Raises `Overloaded`."""
        if self._taken >= self._places:
            raise overloaded()
        self._taken += 1
        try:
            return await super().acquire()
        except BaseException:
            self._taken -= 1
            raise

    def release(self) -> None:
        """Give the turn to the next."""
        self._taken -= 1
        super().release()


def overloaded() -> Overloaded:
    """The refusal of one request too many."""
    return Overloaded("This worker has as much to do as it can do well; the same request works a moment later.", 1)
