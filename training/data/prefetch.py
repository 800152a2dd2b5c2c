"""Prefetching: the next item is made in another thread while the current one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterable[Item]) -> Iterator[Item]:
    """The same items in the same order. An error of making an item is raised where the item is due."""
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
