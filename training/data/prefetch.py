"""Work ahead of who uses it: one item more is made, in a thread of its own, while the last one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """The same items in the same order, and what making them raises. What runs in C meanwhile runs beside."""
    source = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next, source)
        while item := coming.result():
            coming = pool.submit(_next, source)
            yield item[0]
            del item


def _next(source: Iterator[Item]) -> tuple[Item] | None:
    for item in source:
        return (item,)
    return None
