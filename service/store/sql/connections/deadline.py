"""The deadline of one call of the store, shared by everything that it waits for.

A pool, a lock, a busy file and a silent network each have their own timeout, which add up to several times the
intended limit. So a call sets its deadline once, and each wait uses what is left of it.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from time import monotonic

# How long a call waits outside `until` and `within`, in seconds.
PATIENCE = 5.0

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Set the deadline (`time.monotonic`) of what runs inside, in this thread; never later than the outer one."""
    token = _deadline.set(min(moment, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


def within(seconds: float) -> AbstractContextManager[None]:
    """`until`, that many seconds from now."""
    return until(monotonic() + seconds)


def deadline() -> float:
    """The deadline of this call; infinite outside `until` and `within`."""
    return _deadline.get()


def seconds_left() -> float:
    """The time left, never below 0; infinite outside `until` and `within`."""
    return max(0.0, _deadline.get() - monotonic())


def wait_seconds(default: float = PATIENCE) -> float:
    """The time left of the call, or the default outside one."""
    left = seconds_left()
    return default if math.isinf(left) else left


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least 1."""
    return max(1, round(seconds * 1000))
