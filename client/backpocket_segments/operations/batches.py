"""Long lists in requests of at most 1,000 items."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from backpocket_segments.errors import FieldError

T = TypeVar("T")
MAX_BATCH = 1_000
# Seconds that a batch may take on a busy machine.
BATCH_TIMEOUT = 60.0


def batches_of(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """The items in lists of at most `MAX_BATCH`, in order; read from their source one list at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch


def moved_errors(errors: Iterable[FieldError], name: str, index: int, offset: int) -> tuple[FieldError, ...]:
    """The errors of the item at an index of a batch, their pointers counted from the first of all batches."""
    before, after = f"{name}/{index}", f"{name}/{index + offset}"
    return tuple(replace(error, pointer=after + error.pointer.removeprefix(before)) for error in errors)
