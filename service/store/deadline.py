"""How long one call may take, told to everything that it waits for.

A pool, a lock, a busy file and a silent network each have a timeout of their own; added up they make several
times what was meant. So a call states its deadline once, and each wait takes what is left of it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What happens inside, in this thread, has that long."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float:
    """What is left, never below 0; infinite outside `within`."""
    return max(0.0, _deadline.get() - monotonic())
