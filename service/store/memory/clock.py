"""The clock of the store in memory."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def process_clock() -> datetime:
    """A `Clock`: this process's, the only one that uses the store."""
    return datetime.now(UTC)
