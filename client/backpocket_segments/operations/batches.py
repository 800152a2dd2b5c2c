"""Long lists in requests of at most 1,000 items."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
MAX_BATCH = 1_000


def batches_of(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """The items in lists of at most `MAX_BATCH`, in order; read from their source one list at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch
