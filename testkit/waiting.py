"""Waiting for effects of background work."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], seconds: float = 10.0) -> T:
    """Call `look` until its result is true, and return that. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := look()):
        assert time.monotonic() < deadline, f"still {result!r} after {seconds} s"
        time.sleep(0.01)
    return result
