"""Lists of any length, page by page."""

from dataclasses import replace
from typing import Any, Protocol, TypeVar

from backpocket_segments.calls import Call, Emit, Source

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Page(Protocol[T_co]):
    """A page of a list; without a cursor it is the last one."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """The items, in the list's order."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins."""


def items_of(call: Call[Any]) -> Source[Any]:
    """The items of all pages, the first of which is this call's."""
    cursor: str | None = None
    while True:
        page: Page[Any] = yield from replace(call, query={**call.query, "cursor": cursor}).result_of()
        for item in page.items:
            yield Emit(item)
        cursor = page.next_cursor
        if cursor is None:
            return
