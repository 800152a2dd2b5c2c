"""When a request is sent again, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass

# Problems that a request gets before any of its work is done, whatever its method.
REFUSED_UNTOUCHED = frozenset({"rate-exceeded", "overloaded", "no-model", "too-many-streams"})
# The first attempt may still run; only requests with an Idempotency-Key get this.
IN_PROGRESS = "idempotency-key-in-progress"


@dataclass(frozen=True, kw_only=True)
class Retries:
    """At most `attempts` attempts of one request, within `total_seconds`; `attempts=1` never sends again.

    The pause before attempt n + 1 is drawn evenly from 0 to `first_pause` · 2ⁿ⁻¹, at most `longest_pause`:
    exponential back-off with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
    2015). Where the service says `Retry-After`, that comes before it.
    """

    attempts: int = 5
    total_seconds: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts is 1 or more")

    def pause(self, attempt: int, retry_after: float | None, draw: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the attempt of this number, from 1. `draw`: a number in [0, 1)."""
        highest = min(self.longest_pause, self.first_pause * 2.0 ** min(attempt - 1, 62))
        return (retry_after or 0.0) + highest * draw()


def may_repeat(status: int, name: str, idempotent: bool) -> bool:
    """Whether a request that got this problem may be sent again.

    429 and refusals before any work always; another 503, which may come after the work, if the request is
    idempotent.
    """
    if name == IN_PROGRESS:
        return True
    return status == 429 or (status == 503 and (idempotent or name in REFUSED_UNTOUCHED))
