"""How long one call may take, told to everything that it waits for.

A pool, a lock, a busy file and a silent network each have a timeout of their own; added up they make several
times what was meant. So a call states its deadline once, and each wait takes what is left of it.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from time import monotonic

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def until(moment: float) -> Iterator[None]:
    """What happens inside, in this thread, has until that moment (`time.monotonic`), or less where it had less."""
    token = _deadline.set(min(moment, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


def within(seconds: float) -> AbstractContextManager[None]:
    """What happens inside, in this thread, has that long, or less where it had less."""
    return until(monotonic() + seconds)


def deadline() -> float:
    """The moment until which this call may take; infinite outside `until` and `within`."""
    return _deadline.get()


def seconds_left() -> float:
    """What is left, never below 0; infinite outside `until` and `within`."""
    return max(0.0, _deadline.get() - monotonic())
